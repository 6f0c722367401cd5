/**
 * How the page looks: at three widths, light and dark, nothing is wider than the window or cut off,
 * and text stands out from its ground (axe-core). In Chromium, which can be told both. Then: the
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
if (executablePath === undefined) console.log('looks of the demo page: Chromium is not on this machine')

const views = [
  '',
  'sample=valid',
  'sample=wrong-pcr',
  'sample=tampered-payload',
  'sample=expired-leaf',
  'sample=tdx-valid-events',
  'sample=sgx-hardening-needed',
] as const

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

  async function open(fragment: string, width: number, scheme: 'light' | 'dark'): Promise<Page> {
    const page = await browser.newPage()
    page.setDefaultTimeout(patienceMs)
    await page.setViewport({ width, height: 900 })
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ])
    await page.goto(`${demo.url}#${fragment}`)
    await page.waitForSelector(
      fragment === '' ? 'body[data-verdict=none]' : 'body[data-verdict]:not([data-verdict=none])',
    )
    return page
  }

  const looks = [390, 768, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })))

  test.each(looks)('$width px, $scheme: nothing is cut off, and everything can be read', async ({ width, scheme }) => {
    for (const view of views) {
      const page = await open(view, width, scheme)
      await page.$$eval('details', (all) => {
        for (const details of all) details.open = true
      })
      const cut = await page.evaluate(() => {
        const isCut = (element: Element): boolean => {
          const { left, right, width: own } = element.getBoundingClientRect()
          return own > 1 && left >= 0 && right > innerWidth
        }
        const inner = [...document.querySelectorAll('main *, header *, footer *')]
        const overflowing = inner.filter(
          (element) =>
            element.clientWidth > 0 &&
            element.scrollWidth > element.clientWidth + 1 &&
            getComputedStyle(element).overflowX === 'hidden',
        )
        // A field of one line scrolls inside itself, and so does a block of code.
        const beyondParent = inner.filter((element) => {
          const card = element.closest('.step, .card, .verdict, .welcome')
          return card !== null && element.getBoundingClientRect().right > card.getBoundingClientRect().right + 1
        })
        const isInScroller = (element: Element): boolean => element.closest('pre') !== null
        return [...inner.filter(isCut), ...overflowing, ...beyondParent]
          .filter((element) => !isInScroller(element))
          .map((element) => element.outerHTML.slice(0, 120))
      })
      expect({
        view,
        cut,
        sideways: await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      }).toEqual({ view, cut: [], sideways: 0 })
      await page.evaluate(axe.source)
      const barriers = await page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'],
          // Of what holds, nothing is read here; it need not be described.
          resultTypes: ['violations'],
        })
        return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
      })
      expect({ view, barriers }).toEqual({ view, barriers: [] })
      await page.close()
    }
  })

  test('the keyboard is enough: to a sample, to its checks, and to another document', async () => {
    const page = await open('', 1400, 'light')
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const { activeElement: element } = document
        return element === null ? '' : `${element.tagName.toLowerCase()}${element.id === '' ? '' : `#${element.id}`}`
      })
    const visited: string[] = []
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab')
      visited.push(await focused())
    }
    for (const field of ['a', 'textarea#evidence', 'button#choose', 'select#sample', 'summary', 'textarea#reference'])
      expect(visited).toContain(field)
    // What is focused can be seen: no outline was taken away without another in its place.
    const outlined = await page.evaluate(() => {
      const field = document.querySelector<HTMLElement>('#evidence')
      field?.focus()
      return field === null ? '' : getComputedStyle(field).outlineStyle
    })
    expect(outlined).toBe('solid')

    await page.focus('#verdict .button')
    await page.keyboard.press('Enter')
    await page.waitForSelector('body[data-verdict=valid]')
    // Where all is well, groups are folded.
    await page.focus('.stage > summary')
    await page.keyboard.press('Enter')
    await page.focus('.check summary')
    await page.keyboard.press('Enter')
    expect(await page.$eval('.check details', ({ open: isOpen }) => isOpen)).toBe(true)
    await page.focus('#evidence')
    await page.keyboard.type('00')
    await page.waitForSelector('body:not([data-verdict=valid])')
    await page.close()
  })

  test('the verdict is announced', async () => {
    const page = await open('sample=wrong-pcr', 1400, 'light')
    const tree = await page.accessibility.snapshot({ interestingOnly: false })
    const status = JSON.stringify(tree, (key, value: unknown) => (key === 'parent' ? undefined : value))
    expect(status).toMatch(/"role":"status"/)
    expect(status).toContain('Genuine, but it runs other code than you expect.')
    await page.close()
  })
})
