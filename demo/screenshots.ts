/**
 * Looks at the demo as people see it. Says where it scrolls sideways, which it never should.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from 'puppeteer-core'
import { chromiumParameters, findChromium } from '../test/portable/browsers.ts'
import { startDemo } from './server.ts'
import { buildSite } from './site.ts'
import { openView, unfold, type View, views } from './views.ts'

const folder = fileURLToPath(new URL('.output/screenshots/', import.meta.url))
const widths = [390, 768, 1280] as const
const schemes = ['light', 'dark'] as const

/** @param wanted names of views, as they begin; none means all. `open` unfolds all that is folded. */
export async function takeScreenshots(wanted: readonly string[]): Promise<void> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('screenshots need Chromium on the PATH')
  await mkdir(folder, { recursive: true })
  const demo = await startDemo({ site: await buildSite() })
  const browser = await launch({ executablePath, args: [...chromiumParameters, '--hide-scrollbars'] })
  const isOpen = wanted.includes('open')
  const names = wanted.filter((name) => name !== 'open')
  try {
    for (const view of views.filter(({ name }) => names.length === 0 || names.some((start) => name.startsWith(start))))
      for (const width of widths) for (const scheme of schemes) await take(view, width, scheme)
  } finally {
    await browser.close()
    await demo.close()
  }

  async function take(view: View, width: number, scheme: string): Promise<void> {
    const { name } = view
    const page = await browser.newPage()
    page.on('console', (message) => {
      console.log(`${name} ${width}: ${message.text()}`)
    })
    await page.setViewport({ width, height: 900 })
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ])
    await openView(page, demo.url, view)
    if (isOpen) await unfold(page)
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    if (sideways > 0) console.log(`${name} ${width} ${scheme}: scrolls sideways by ${sideways}`)
    await page.screenshot({
      path: join(folder, `${name}${isOpen ? '-open' : ''}-${width}-${scheme}.png`),
      fullPage: true,
    })
    await page.close()
  }
}
