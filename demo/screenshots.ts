/**
 * Looks at the page as people see it. Says where it scrolls sideways, which it never should.
 */
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch, type Page } from 'puppeteer-core'
import { chromiumParameters, findChromium } from '../test/portable/browsers.ts'
import { emptyState, toFragment } from './page/state.ts'
import { startDemo } from './server.ts'
import { buildSite } from './site.ts'

const folder = fileURLToPath(new URL('.output/screenshots/', import.meta.url))
const widths = [390, 768, 1280] as const
const schemes = ['light', 'dark'] as const

const fixture = (path: string): string =>
  readFileSync(new URL(`../fixtures/${path}`, import.meta.url)).toString('base64url')

/** What is on the pictures: a fragment, or something that is done on the page. */
const views: Readonly<Record<string, string | ((page: Page) => Promise<void>)>> = {
  welcome: '',
  sound: 'sample=valid',
  'other-code': 'sample=wrong-pcr',
  expired: 'sample=expired-leaf',
  forged: 'sample=tampered-payload',
  debug: 'sample=debug',
  bound: 'sample=valid-bound',
  signed: toFragment({
    ...emptyState,
    evidence: fixture('nitro/valid/evidence.bin'),
    root: 'fixture',
    at: '2026-06-01T00:00:00Z',
    corim: fixture('reference/valid.corim'),
    ca: fixture('reference/ca.der'),
    product: 'example.com/app',
  }),
  tdx: 'sample=tdx-valid',
  'tdx-events': 'sample=tdx-valid-events',
  'tdx-out-of-date': 'sample=tdx-out-of-date',
  'tdx-forged': 'sample=tdx-tampered-quote',
  'tdx-other-log': toFragment({
    ...emptyState,
    evidence: fixture('tdx/valid/evidence.bin'),
    collateral: readFileSync(new URL('../fixtures/tdx/valid/endorsements.json', import.meta.url), 'utf8'),
    log: readFileSync(new URL('../fixtures/tdx/valid-events/event-log.json', import.meta.url), 'utf8'),
    root: 'fixture',
  }),
  'tdx-alone': toFragment({ ...emptyState, evidence: fixture('tdx/valid/evidence.bin') }),
  sgx: 'sample=sgx-valid',
  'sgx-hardening': 'sample=sgx-hardening-needed',
  snp: 'sample=sev-snp-valid',
  'snp-minimum': 'sample=sev-snp-below-minimum-tcb',
  'snp-milan': 'sample=sev-snp-milan',
  garbage: async (page) => {
    await page.type('#evidence', 'deadbeef00112233445566778899')
  },
  text: async (page) => {
    await page.type('#evidence', 'Hello, enclave!')
  },
  problem: async (page) => {
    await page.goto(`${page.url().replace(/#.*/, '')}#sample=valid`)
    await page.waitForSelector('body[data-verdict=valid]')
    await page.type('#reference', 'x')
  },
  enclave: async (page) => {
    await page.click('#ask summary')
    await page.select('#attack', 'swapped-key')
    await page.click('#send')
    await page.waitForSelector('body[data-verdict=cose-signature]')
  },
  elsewhere: async (page) => {
    await page.click('#ask summary')
    await page.$eval('#address', (field) => {
      ;(field as HTMLInputElement).value = 'https://enclave.example/attestation'
      field.dispatchEvent(new Event('input', { bubbles: true }))
    })
    await page.click('#send')
    await page.waitForSelector('#ask-answer pre')
  },
}

/** @param wanted names of views; none means all */
export async function takeScreenshots(wanted: readonly string[]): Promise<void> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('screenshots need Chromium on the PATH')
  await mkdir(folder, { recursive: true })
  const demo = await startDemo({ site: await buildSite() })
  const browser = await launch({ executablePath, args: [...chromiumParameters, '--hide-scrollbars'] })
  try {
    for (const [name, view] of Object.entries(views)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue
      for (const width of widths) for (const scheme of schemes) await take(name, view, width, scheme)
    }
  } finally {
    await browser.close()
    await demo.close()
  }

  async function take(name: string, view: (typeof views)[string], width: number, scheme: string): Promise<void> {
    const page = await browser.newPage()
    page.on('console', (message) => {
      console.log(`${name} ${width}: ${message.text()}`)
    })
    await page.setViewport({ width, height: 900 })
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ])
    await page.goto(`${demo.url}${typeof view === 'string' && view !== '' ? `#${view}` : ''}`)
    await page.waitForSelector('body[data-verdict]')
    if (typeof view !== 'string') await view(page)
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    if (sideways > 0) console.log(`${name} ${width} ${scheme}: scrolls sideways by ${sideways}`)
    await page.screenshot({ path: join(folder, `${name}-${width}-${scheme}.png`), fullPage: true })
    await page.close()
  }
}
