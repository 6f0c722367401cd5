/**
 * The demo page, warm: from the moment a document is entered to the verdict on the screen, in
 * Chromium.
 */
import { launch } from 'puppeteer-core'
import { startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import { withTemporaryFolder } from './cold.ts'

export interface PageTimes {
  /** Milliseconds to the verdict in the document. */
  readonly verdict: readonly number[]
  /** Milliseconds to the frame after it. */
  readonly painted: readonly number[]
}

/** @returns nothing where there is no Chromium */
export async function measurePage(evidence: Uint8Array, runs: number): Promise<PageTimes | undefined> {
  const executablePath = findChromium()
  if (executablePath === undefined) return undefined
  return withTemporaryFolder(async (folder) => {
    const demo = await startDemo({ site: await buildSite() })
    const browser = await launch({
      executablePath,
      args: [...chromiumParameters],
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    })
    try {
      const page = await browser.newPage()
      await page.goto(`${demo.url}#sample=valid`)
      await page.waitForSelector('body[data-verdict=valid]')
      const times: [number, number][] = []
      const warmUp = 10
      for (let i = 0; i < warmUp + runs; i++)
        times.push(await page.evaluate(enterAndWait, Buffer.from(evidence).toString('hex')))
      const measured = times.slice(warmUp)
      return { verdict: measured.map(([verdict]) => verdict), painted: measured.map(([, painted]) => painted) }
    } finally {
      await browser.close()
      await demo.close()
    }
  })
}

/** Runs in the page. */
function enterAndWait(hex: string): Promise<[verdict: number, painted: number]> {
  const field = document.querySelector('textarea')
  if (field === null) throw new Error('the page has no field')
  field.value = ''
  field.dispatchEvent(new Event('input', { bubbles: true }))
  return new Promise((resolve) => {
    // The page is idle and clean when the clock starts.
    requestAnimationFrame(() => {
      setTimeout(() => {
        const startedAt = performance.now()
        const observer = new MutationObserver(() => {
          observer.disconnect()
          const verdict = performance.now() - startedAt
          requestAnimationFrame(() => {
            setTimeout(() => {
              resolve([verdict, performance.now() - startedAt])
            })
          })
        })
        observer.observe(document.body, { attributes: true, attributeFilter: ['data-verdict'] })
        field.value = hex
        field.dispatchEvent(new Event('input', { bubbles: true }))
      })
    })
  })
}
