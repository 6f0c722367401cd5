/**
 * The demo page, warm, in Chromium: from the moment a document is entered to the verdict on the
 * screen, and from the moment a large file is chosen to the first answer.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type ElementHandle, launch, type Page } from 'puppeteer-core'
import { startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { planLargeEif } from '../attester/large-eif.ts'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import { writeSparse } from '../reference/eif/sparse.ts'
import { withTemporaryFolder } from './cold.ts'

export interface PageTimes {
  /** Milliseconds to the verdict in the document. */
  readonly verdict: readonly number[]
  /** Milliseconds to the frame after it. */
  readonly painted: readonly number[]
}

/** @returns nothing where there is no Chromium */
export function measurePage(evidence: Uint8Array, runs: number): Promise<PageTimes | undefined> {
  return inPage(async (page) => {
    const times: [number, number][] = []
    const warmUp = 10
    for (let i = 0; i < warmUp + runs; i++)
      times.push(await page.evaluate(enterAndWait, Buffer.from(evidence).toString('hex')))
    const measured = times.slice(warmUp)
    return { verdict: measured.map(([verdict]) => verdict), painted: measured.map(([, painted]) => painted) }
  })
}

export interface FirstAnswers {
  /** Milliseconds to the frame with progress and cancel, for an image of a gigabyte. */
  readonly image: readonly number[]
  /** Milliseconds to the frame with the answer, for a gigabyte of something else. */
  readonly other: readonly number[]
}

/** @returns nothing where there is no Chromium */
export function measureFirstAnswers(runs: number): Promise<FirstAnswers | undefined> {
  return inPage(async (page, folder) => {
    const size = 1 << 30
    const image = await writeSparse(planLargeEif(size, 0, 'zeros'), folder)
    const other = join(folder, 'other.img')
    const file = await open(other, 'w')
    await file.truncate(size)
    await file.close()
    const input = (await page.$('#file')) as ElementHandle<HTMLInputElement>
    const answers: [number, number][] = []
    const answerTo = async (path: string): Promise<number> => {
      await page.evaluate(awaitAnswer)
      await input.uploadFile(path)
      return page.evaluate(() => (globalThis as unknown as { answered: Promise<number> }).answered)
    }
    const warmUp = 2
    for (let i = 0; i < warmUp + runs; i++) {
      const first = await answerTo(image)
      await page.click('#verdict progress ~ .actions button')
      answers.push([first, await answerTo(other)])
    }
    const measured = answers.slice(warmUp)
    return { image: measured.map(([first]) => first), other: measured.map(([, second]) => second) }
  })
}

async function inPage<T>(use: (page: Page, folder: string) => Promise<T>): Promise<T | undefined> {
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
      return await use(page, folder)
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

/** Runs in the page: the clock starts when a file has been chosen, before the page hears of it. */
function awaitAnswer(): void {
  const answered = new Promise<number>((resolve) => {
    addEventListener(
      'change',
      () => {
        const startedAt = performance.now()
        const verdict = document.querySelector('#verdict')
        const observer = new MutationObserver(() => {
          observer.disconnect()
          requestAnimationFrame(() => {
            setTimeout(() => {
              resolve(performance.now() - startedAt)
            })
          })
        })
        if (verdict !== null) observer.observe(verdict, { childList: true })
      },
      { capture: true, once: true },
    )
  })
  Object.assign(globalThis, { answered })
}
