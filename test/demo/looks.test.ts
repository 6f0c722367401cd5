/**
 * How the demo looks in each of its states: on a phone, a tablet and a desk, light and dark, nothing
 * is wider than the window or cut off, axe-core finds no barrier, and fingers hit what they are for.
 * In Chromium, which can be told all of it.
 */
import type { Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoServer, startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { nextSteps, openView, unfold, type View, views } from '../../demo/views.ts'
import { barriersOf } from '../support/axe.ts'
import {
  type Chromium,
  isChromiumSkipped,
  type Look,
  looksAt,
  missedByFingers,
  setLook,
  sidewaysOf,
  startChromium,
} from '../support/chromium.ts'
import { cutOffIn } from './cut-off.ts'

describe.skipIf(isChromiumSkipped)('Chromium', () => {
  let demo: DemoServer
  let chromium: Chromium

  beforeAll(async () => {
    demo = await startDemo({ site: await buildSite() })
    chromium = await startChromium()
  })

  afterAll(async () => {
    await chromium.close()
    await demo.close()
  })

  async function open(view: View, look: Look): Promise<Page> {
    const page = await chromium.newPage(look)
    await openView(page, demo.url, view)
    return page
  }
  const at = (fragment: string, look: Look): Promise<Page> =>
    open({ name: fragment, path: `#${fragment}`, rest: 'body[data-verdict]:not([data-verdict=pending])' }, look)

  test.each([...views])('$name', async (view) => {
    const page = await open(view, { width: 390, scheme: 'light' })
    await unfold(page)
    for (const look of looksAt(390, 768, 1280)) {
      await setLook(page, look)
      expect({
        look,
        sideways: await sidewaysOf(page),
        cut: await cutOffIn(page),
        // Between a phone and a desk, nothing but the widths is another.
        barriers: look.width === 768 ? [] : await barriersOf(page),
        missed: look.width === 390 ? await missedByFingers(page) : [],
      }).toEqual({ look, sideways: 0, cut: [], barriers: [], missed: [] })
    }
    await page.close()
  })

  test('what is missing, and what was not compared, has its next step as a button', async () => {
    for (const { fragment, tone, label } of nextSteps) {
      const page = await at(fragment, { width: 390, scheme: 'light' })
      const first = await page.$eval(`.verdict.${tone} .actions .button`, ({ textContent }) => textContent)
      expect({ fragment, first }).toEqual({ fragment, first: label })
      // Nothing of it is an alarm.
      expect({ fragment, failed: await page.$$eval('.mark.no', ({ length }) => length) }).toEqual({
        fragment,
        failed: 0,
      })
      await page.close()
    }
  })

  test('on a small screen, the form is next until there is a verdict, and below its checks from then on', async () => {
    const order = (page: Page): Promise<string[]> => page.$$eval('main > *', (parts) => parts.map(({ id }) => id))
    const page = await at('', { width: 390, scheme: 'light' })
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

  test.each(['send-other-build', 'ai-other-compose'])(
    '%s: on a phone the verdict is in sight once there is one',
    async (name) => {
      const view = views.find((one) => one.name === name) as View
      const page = await open(view, { width: 390, scheme: 'light' })
      const top = await page.$eval('#verdict', (verdict) => verdict.getBoundingClientRect().top)
      expect(top).toBeGreaterThanOrEqual(0)
      expect(top).toBeLessThan(450)
      // A sentence first; no digest is longer than its ends.
      const [first = '', ...others] = await page.$$eval('#verdict p', (all) => all.map(({ innerText }) => innerText))
      expect(first).toMatch(/^[A-Z][^:]*\.$/)
      expect(others.join(' ')).toMatch(/[\da-f]{8}…[\da-f]{8}\s*Copy/)
      expect(others.join(' ')).not.toMatch(/[\da-f]{20}/)
      await page.close()
    },
  )

  test('from the first byte to the install line: one click, before any script has run', async () => {
    const page = await chromium.newPage({ width: 390, scheme: 'light' })
    await page.setJavaScriptEnabled(false)
    await page.goto(demo.url)
    const seen = (): Promise<string> =>
      page.$eval('.install pre', (line) => (line.checkVisibility() ? line.textContent : 'out of sight'))
    expect(await seen()).toBe('out of sight')
    await page.click('.install summary')
    expect(await seen()).toBe('npm install veritee')
    await page.close()
  })

  test('the verdict is announced', async () => {
    const page = await at('sample=wrong-pcr', { width: 1400, scheme: 'light' })
    const tree = await page.accessibility.snapshot({ interestingOnly: false })
    const status = JSON.stringify(tree, (key, value: unknown) => (key === 'parent' ? undefined : value))
    expect(status).toMatch(/"role":"status"/)
    expect(status).toContain('Genuine, but it runs other code than you expect.')
    await page.close()
  })
})
