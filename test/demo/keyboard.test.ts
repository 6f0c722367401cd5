/**
 * The keyboard alone is enough, on every page of the demo: with real keys, in Chromium, on a phone
 * with a keyboard and on a desk.
 */
import type { Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoServer, startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { openView, views } from '../../demo/views.ts'
import { type Chromium, isChromiumSkipped, startChromium } from '../support/chromium.ts'

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

  async function open(name: string, width = 1280): Promise<Page> {
    const view = views.find((one) => one.name === name)
    if (view === undefined) throw new Error(`no view ${name}`)
    const page = await chromium.newPage({ width, scheme: 'light' })
    await openView(page, demo.url, view)
    return page
  }

  /** What has the focus: its name for people, and whether a ring shows it. */
  const focused = (page: Page): Promise<{ name: string; id: string; hasRing: boolean; isInSight: boolean }> =>
    page.evaluate(() => {
      let element = document.activeElement as HTMLElement
      while (element.shadowRoot?.activeElement != null) element = element.shadowRoot.activeElement as HTMLElement
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const { top, bottom } = element.getBoundingClientRect()
      const label = (element as HTMLInputElement).labels?.[0]?.textContent
      return {
        name: (label ?? element.getAttribute('aria-label') ?? element.textContent).replace(/\s+/g, ' ').trim(),
        id: element.id,
        hasRing: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2,
        isInSight: bottom > 0 && top < innerHeight,
      }
    })

  /** Presses Tab until something has the focus, and says what had it before. */
  async function tabTo(page: Page, wanted: string): Promise<readonly string[]> {
    const visited: string[] = []
    for (let i = 0; i < 200; i++) {
      await page.keyboard.press('Tab')
      const { name, id } = await focused(page)
      if (name === wanted || `#${id}` === wanted) return visited
      visited.push(name)
    }
    throw new Error(`Tab does not lead to ${wanted}, but to ${visited.join(', ')}`)
  }

  test('from the first key to a sample, to its failed check, and to its next step', async () => {
    const page = await open('welcome')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toMatchObject({ name: 'Skip to the verdict', hasRing: true, isInSight: true })
    expect(await tabTo(page, 'Install')).toEqual(['veritee', 'Verify', 'Send', 'Ask', 'Docs', 'Source'])
    await tabTo(page, '#evidence')
    await tabTo(page, 'Debug mode')
    await page.keyboard.press('Enter')
    await page.waitForSelector('body[data-verdict=policy-debug]')
    // What was pressed is gone: the focus is on what came of it.
    expect(await focused(page)).toMatchObject({ id: 'verdict', hasRing: true, isInSight: true })
    expect(await tabTo(page, 'Allow debug mode, to look at the rest')).toEqual([])
    expect(await tabTo(page, 'Genuine, but in debug mode: its operator can look inside.')).toEqual([
      expect.stringMatching(/^Well formed\?/),
      expect.stringMatching(/^Authentic\?/),
      expect.stringMatching(/^What you expect\?/),
    ])
    // Open already: Enter folds it, and opens it again.
    const isOpen = (): Promise<boolean> => page.$eval('.check.no details', ({ open: now }) => now)
    expect(await isOpen()).toBe(true)
    await page.keyboard.press('Enter')
    expect(await isOpen()).toBe(false)
    await page.keyboard.press('Enter')
    expect(await isOpen()).toBe(true)
    // Back to the next step.
    await page.focus('#verdict')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForSelector('body[data-verdict=valid]')
    expect(await focused(page)).toMatchObject({ id: 'verdict' })
    await page.close()
  })

  test('a digest of a failed check is copied whole', async () => {
    const page = await open('wrong-pcr')
    // The clipboard of the machine is not the test's.
    await page.evaluate(() => {
      navigator.clipboard.writeText = (text) => Promise.resolve(void (document.body.dataset.copied = text))
    })
    await page.focus('#verdict')
    await tabTo(page, 'Copy all 96 digits of abababab')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Copied')
    expect(await page.evaluate(() => document.body.dataset.copied)).toBe('ab'.repeat(48))
    await page.close()
  })

  test('the way to the verdict leaves what was entered as it is', async () => {
    const page = await open('wrong-pcr')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(
      await page.evaluate(() => [document.activeElement?.id, location.hash, document.body.dataset.verdict]),
    ).toEqual(['verdict', '#sample=wrong-pcr', 'policy-pcr'])
    await page.close()
  })

  test.each(['welcome', 'send', 'gated', 'ai'])(
    '%s: the install line is one key away, and Escape closes it',
    async (name) => {
      const page = await open(name, 390)
      const isShown = (): Promise<boolean> =>
        page.$eval('.install pre', (line) => line.textContent === 'npm install veritee' && line.checkVisibility())
      await tabTo(page, 'Install')
      expect(await isShown()).toBe(false)
      await page.keyboard.press('Enter')
      expect(await isShown()).toBe(true)
      await page.keyboard.press('Tab')
      expect(await focused(page)).toMatchObject({ name: 'Install line', hasRing: true })
      await page.keyboard.press('Escape')
      expect(await isShown()).toBe(false)
      expect(await focused(page)).toMatchObject({ name: 'Install' })
      await page.close()
    },
  )

  test('Escape stops what takes its time', async () => {
    const page = await open('measuring')
    expect(await page.$$eval('progress', ({ length }) => length)).toBe(1)
    await page.keyboard.press('Escape')
    await page.waitForSelector('body[data-verdict=none]')
    await page.close()
  })

  test('what is focused on a phone is in sight, has a ring, and comes in the order of the page', async () => {
    const page = await open('wrong-pcr', 390)
    const places: number[] = []
    for (;;) {
      await page.keyboard.press('Tab')
      const { hasRing, isInSight, name } = await focused(page)
      const top = await page.evaluate(() => {
        const { activeElement } = document
        return activeElement === document.body ? -1 : (activeElement?.getBoundingClientRect().top ?? -1) + scrollY
      })
      if (top === -1) break
      expect({ name, hasRing, isInSight }).toEqual({ name, hasRing: true, isInSight: true })
      places.push(top)
    }
    expect(places.length).toBeGreaterThan(40)
    // Side by side is not a step back.
    expect(places.slice(1).filter((top, i) => top < (places[i] ?? 0) - 30)).toEqual([])
    await page.close()
  })

  test('a question to a model: to a relay, to the answer, to its checks, to the panel of the badge', async () => {
    const page = await open('ai')
    await page.focus('#prompt')
    await tabTo(page, 'Ask, attested')
    await tabTo(page, 'Ask with plain fetch, for comparison')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe('relayed-quote')
    await page.focus('#prompt')
    await page.keyboard.type('Thank you. ')
    await page.keyboard.press('Enter')
    await page.waitForSelector('body[data-done=relayed-quote]')
    expect(await page.$eval('#chat .mine', ({ textContent }) => textContent)).toMatch(/^YouThank you\./)
    await tabTo(page, '×Refused')
    await page.keyboard.press('Enter')
    expect(await page.$eval('#badge', ({ shadowRoot }) => shadowRoot?.querySelector('details')?.open)).toBe(true)
    await tabTo(page, '62 checks')
    await page.keyboard.press('Enter')
    expect(await page.$eval('#chain details', ({ open: isOpen }) => isOpen)).toBe(true)
    await page.close()
  })

  test('a card number is sent with Enter, and the attack is chosen with arrows', async () => {
    const page = await open('send')
    await page.focus('#card')
    await tabTo(page, 'Send with plain fetch, for comparison')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.focus('#card')
    await page.keyboard.press('Enter')
    await page.waitForSelector('body[data-done=swapped-key]')
    expect(await page.$eval('#verdict h2', ({ textContent }) => textContent)).toBe('Refused: nothing was sent.')
    await page.close()
  })
})
