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

/** What is missing is to be fetched, and what was not compared is to be named. */
const nextSteps = [
  ['sample=tdx-valid&collateral=', 'todo', 'Copy the command'],
  ['sample=sev-snp-valid&collateral=', 'todo', 'Copy the command'],
  ['sample=cca-valid&anchors=', 'todo', 'Paste the key'],
  ['sample=android-key-valid&collateral=', 'todo', 'Copy the command'],
  ['sample=cca-valid&root=pinned&reference=', 'partial', 'Enter the measurements that you expect'],
] as const

const views = [
  '',
  'sample=valid',
  'sample=wrong-pcr',
  'sample=tampered-payload',
  'sample=expired-leaf',
  'sample=tdx-valid-events',
  'sample=sgx-hardening-needed',
  'sample=cca-valid',
  'sample=psa-other-firmware',
  'sample=android-key-unlocked',
  'sample=app-attest-valid',
  'sample=tdx-valid&second=true',
  ...nextSteps.map(([view]) => view),
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
      fragment === ''
        ? 'body[data-verdict=none]'
        : 'body[data-verdict]:not([data-verdict=none]):not([data-verdict=pending])',
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
        // What is in a cell that was taken out of its row must not lie on what is in another.
        const contentOf = (cell: Element): DOMRect => {
          const range = document.createRange()
          range.selectNodeContents(cell)
          return range.getBoundingClientRect()
        }
        const overlapping = [...document.querySelectorAll('tbody tr')].flatMap((row) => {
          const cells = [...row.children].map((cell) => ({ cell, at: contentOf(cell) }))
          return cells
            .filter(({ at }, i) =>
              cells
                .slice(i + 1)
                .some(
                  ({ at: other }) =>
                    Math.min(at.right, other.right) - Math.max(at.left, other.left) > 1 &&
                    Math.min(at.bottom, other.bottom) - Math.max(at.top, other.top) > 1,
                ),
            )
            .map(({ cell }) => cell)
        })
        const isInScroller = (element: Element): boolean => element.closest('pre') !== null
        return [...inner.filter(isCut), ...overflowing, ...beyondParent, ...overlapping]
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

  test('what is missing, and what was not compared, has its next step as a button', async () => {
    for (const [view, tone, label] of nextSteps) {
      const page = await open(view, 390, 'light')
      const first = await page.$eval(`.verdict.${tone} .actions .button`, ({ textContent }) => textContent)
      expect({ view, first }).toEqual({ view, first: label })
      // Nothing of it is an alarm.
      expect({ view, failed: await page.$$eval('.mark.no', ({ length }) => length) }).toEqual({ view, failed: 0 })
      await page.close()
    }
  })

  test('on a small screen, the form is next until there is a verdict, and below its checks from then on', async () => {
    const order = (page: Page): Promise<string[]> => page.$$eval('main > *', (parts) => parts.map(({ id }) => id))
    const page = await open('', 390, 'light')
    expect(await order(page)).toEqual(['verdict', 'form', 'results'])
    await page.goto(`${demo.url}#sample=wrong-pcr`)
    await page.waitForSelector('body[data-verdict=policy-pcr]')
    expect(await order(page)).toEqual(['verdict', 'results', 'form'])
    await page.click('.to-form .button')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('form')
    expect(await page.$eval('#form', (form) => Math.abs(form.getBoundingClientRect().top) < 2)).toBe(true)
    // Who types sees the field where it was, however long what is above it becomes.
    await page.focus('#reference')
    const top = (): Promise<number> =>
      page.$eval('#reference', (field) => Math.round(field.getBoundingClientRect().top))
    const before = await top()
    await page.keyboard.type('x')
    await page.waitForSelector('body[data-verdict=options]')
    expect(await top()).toBe(before)
    await page.keyboard.press('Backspace')
    await page.waitForSelector('body[data-verdict=policy-pcr]')
    expect(await top()).toBe(before)
    await page.setViewport({ width: 1280, height: 900 })
    await page.waitForSelector('#results > #verdict')
    expect(await order(page)).toEqual(['form', 'results'])
    await page.close()
  })

  test('the way to the verdict leaves what was entered as it is', async () => {
    const page = await open('sample=wrong-pcr', 1280, 'light')
    await page.focus('.skip')
    await page.keyboard.press('Enter')
    expect(
      await page.evaluate(() => [document.activeElement?.id, location.hash, document.body.dataset.verdict]),
    ).toEqual(['verdict', '#sample=wrong-pcr', 'policy-pcr'])
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
