/**
 * Chromium for tests of how pages look: at a width, in light or dark, under a finger.
 */
import { type Browser, launch, type Page } from 'puppeteer-core'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { environmentIn } from '../portable/programs.ts'
import { patienceMs } from './patience.ts'

const executablePath = findChromium()

/** Where it is not on the machine, its tests are skipped; where all runtimes must be there, they fail. */
export const isChromiumSkipped = executablePath === undefined && process.env.VERITEE_ALL_RUNTIMES !== '1'
if (executablePath === undefined) console.log('looks of pages: Chromium is not on this machine')

export interface Look {
  readonly width: number
  readonly scheme: 'light' | 'dark'
}

/** Each width, in light and in dark. */
export const looksAt = (...widths: readonly number[]): readonly Look[] =>
  widths.flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })))

/** Looks at the same page at another width, or in another scheme; those who look want no motion. */
export async function setLook(page: Page, { width, scheme }: Look): Promise<void> {
  await page.setViewport({ width, height: 900 })
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ])
}

export interface Chromium {
  /** A new page. */
  readonly newPage: (look: Look) => Promise<Page>
  readonly close: () => Promise<void>
}

export async function startChromium(): Promise<Chromium> {
  const folder = await makeFolder()
  const browser: Browser = await launch({
    timeout: patienceMs,
    protocolTimeout: patienceMs,
    executablePath: executablePath ?? '',
    args: [...chromiumParameters],
    userDataDir: `${folder}/profile`,
    env: await environmentIn(folder),
  })
  return {
    async newPage(look) {
      const page = await browser.newPage()
      page.setDefaultTimeout(patienceMs)
      await setLook(page, look)
      return page
    },
    async close() {
      await browser.close()
      await removeFolder(folder)
    },
  }
}

/** Pixels by which a page is wider than its window. */
export const sidewaysOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

/**
 * What a finger would miss: 22 pixels around the middle of each button, link, field and choice,
 * something else is hit, or nothing. Links in a sentence are as high as its lines.
 */
export const missedByFingers = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const reach = 21
    const all = (root: Document | ShadowRoot): Element[] =>
      [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot === null ? [] : all(one.shadowRoot))])
    const isTarget = (one: Element): boolean => one.matches('a[href], button, summary, input, select, textarea')
    const isInSentence = (one: Element): boolean =>
      one.matches('p > a') && getComputedStyle(one).display.startsWith('inline')
    const hitAt = (x: number, y: number, root: Document | ShadowRoot = document): Element | null => {
      const hit = root.elementFromPoint(x, y)
      return hit?.shadowRoot && hit.shadowRoot !== root ? hitAt(x, y, hit.shadowRoot) : hit
    }
    return all(document)
      .filter((one) => isTarget(one) && !isInSentence(one) && one.checkVisibility({ visibilityProperty: true }))
      .flatMap((one) => {
        // A choice is its whole line, and so is a link that covers what is around it.
        const target = one.closest('label') ?? one
        const box = target.closest('.attack') ?? target
        box.scrollIntoView({ block: 'center' })
        const { left, top, width, height } = box.getBoundingClientRect()
        const [x, y] = [left + width / 2, top + height / 2]
        // Out of sight until it has the focus.
        if (left + width < 0) return []
        const around = [
          [x - reach, y],
          [x + reach, y],
          [x, y - reach],
          [x, y + reach],
        ] as const
        const isMissed = around.some(([at, down]) => !target.contains(hitAt(at, down)))
        return isMissed ? [`${Math.round(width)} × ${Math.round(height)}: ${one.outerHTML.slice(0, 120)}`] : []
      })
  })
