/**
 * How the page that asks a model looks: on a phone and on a desk, light and dark, nothing is wider
 * than the window, and axe-core finds nothing. In Chromium, which can be told both. Then: the
 * keyboard alone is enough.
 */
import axe from 'axe-core'
import { type Browser, launch, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoServer, startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn } from '../portable/programs.ts'
import { patienceMs } from '../support/patience.ts'

const executablePath = findChromium()
const isMissingAnError = process.env.VERITEE_ALL_RUNTIMES === '1'

describe.skipIf(executablePath === undefined && !isMissingAnError)('Chromium', () => {
  let folder: string
  let demo: DemoServer
  let browser: Browser

  beforeAll(async () => {
    folder = await makeFolder()
    demo = await startDemo({ site: await buildSite() })
    browser = await launch({
      timeout: patienceMs,
      protocolTimeout: patienceMs,
      executablePath: executablePath ?? '',
      args: [...chromiumParameters],
      userDataDir: `${folder}/profile`,
      env: await environmentIn(folder),
    })
  })

  afterAll(async () => {
    await browser.close()
    await demo.close()
    await removeFolder(folder)
  })

  async function open(attack: string | undefined, width: number, scheme: 'light' | 'dark'): Promise<Page> {
    const page = await browser.newPage()
    page.setDefaultTimeout(patienceMs)
    await page.setViewport({ width, height: 900 })
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
    await page.goto(`${demo.url}ai/${attack === undefined ? '' : `#attack=${attack}`}`)
    await page.waitForSelector(attack === undefined ? '#chain > li' : 'body[data-done]')
    return page
  }

  const looks = [390, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })))
  test.each(looks)('$width px, $scheme: nothing is cut off, and everything can be read', async ({ width, scheme }) => {
    for (const attack of [undefined, 'none', 'other-compose', 'cut-off']) {
      const page = await open(attack, width, scheme)
      await page.$$eval('details', (all) => {
        for (const details of all) details.open = true
      })
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      await page.evaluate(axe.source)
      const barriers = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
          resultTypes: ['violations'],
        })
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
      })
      expect({ attack, sideways, barriers }).toEqual({ attack, sideways: 0, barriers: [] })
      await page.close()
    }
  })

  test('on a phone the verdict is in sight once there is one', async () => {
    const page = await open('other-compose', 390, 'light')
    const top = await page.$eval('#verdict', (verdict) => verdict.getBoundingClientRect().top)
    expect(top).toBeGreaterThanOrEqual(0)
    expect(top).toBeLessThan(450)
    await page.close()
  })

  test('the keyboard is enough: to a relay, to a question, and to its checks', async () => {
    const page = await open(undefined, 1280, 'light')
    await page.focus('#prompt')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe('relayed-quote')
    await page.focus('#prompt')
    await page.keyboard.type('Thank you. ')
    await page.keyboard.press('Enter')
    await page.waitForSelector('body[data-done=relayed-quote]')
    expect(await page.$eval('#chat .mine', ({ textContent }) => textContent)).toMatch(/^YouThank you\./)
    await page.focus('#chain summary')
    await page.keyboard.press('Enter')
    expect(await page.$eval('#chain details', ({ open: isOpen }) => isOpen)).toBe(true)
    await page.close()
  })
})
