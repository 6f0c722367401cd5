/**
 * Large files, and disks that take their time: the page says at once what it does, how far it is and
 * how to stop it; what was stopped is read no further and changes nothing. What is read goes through
 * a gate, so that the order of things is seen and no clock is needed. In Chromium, which chooses
 * files of a gigabyte.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ElementHandle, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoServer, startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { planLargeEif } from '../attester/large-eif.ts'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { writeSparse } from '../reference/eif/sparse.ts'
import { type Chromium, isChromiumSkipped, startChromium } from '../support/chromium.ts'

const gibibyte = 1 << 30

/** What the page reads of files, and how far the test lets it. */
interface Disk {
  /** How many more answers it gives. */
  allowed: number
  /** Reads that were asked for: bytes of slices, and 0 for a file that a worker is to read. */
  readonly asked: number[]
  /** Files that a worker was given. */
  given: number
  /** The worker was ended. */
  isCancelled: boolean
  /** Gives what waits, as far as it is allowed. */
  open(): void
}

/** Runs in the page, before everything else. */
function watchDisk(): void {
  const waiting: (() => void)[] = []
  const disk: Disk = {
    allowed: Infinity,
    asked: [],
    given: 0,
    isCancelled: false,
    open() {
      while (disk.allowed > 0 && waiting.length > 0) {
        disk.allowed--
        waiting.shift()?.()
      }
    },
  }
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      disk.open()
    })
  const { arrayBuffer } = Blob.prototype
  Blob.prototype.arrayBuffer = async function () {
    disk.asked.push(this.size)
    await turn()
    return arrayBuffer.call(this)
  }
  const { postMessage, terminate } = Worker.prototype
  Worker.prototype.postMessage = function (this: Worker, file: unknown) {
    disk.asked.push(0)
    void turn().then(() => {
      disk.given++
      postMessage.call(this, file)
    })
  } as typeof postMessage
  Worker.prototype.terminate = function () {
    disk.isCancelled = true
    terminate.call(this)
  }
  Object.assign(globalThis, { disk })
}

describe.skipIf(isChromiumSkipped)('Chromium', () => {
  let folder: string
  let demo: DemoServer
  let chromium: Chromium
  let image: string
  let other: string
  let small: string

  beforeAll(async () => {
    folder = await makeFolder()
    image = await writeSparse(planLargeEif(gibibyte, 0, 'zeros'), folder)
    other = join(folder, 'other.img')
    small = join(folder, 'small.txt')
    const file = await open(other, 'w')
    await file.truncate(gibibyte)
    await file.close()
    const text = await open(small, 'w')
    await text.write('Hello, enclave!')
    await text.close()
    demo = await startDemo({ site: await buildSite() })
    chromium = await startChromium()
  })

  afterAll(async () => {
    await chromium.close()
    await demo.close()
    await removeFolder(folder)
  })

  /** A page with a verdict on it, whose disk gives so many answers. */
  async function visit(allowed: number, use: (page: Page) => Promise<void>): Promise<void> {
    const page = await chromium.newPage({ width: 1280, scheme: 'light' })
    try {
      await page.evaluateOnNewDocument(watchDisk)
      await page.goto(`${demo.url}#sample=valid`)
      await page.waitForSelector('body[data-verdict=valid]')
      await allow(page, allowed)
      await use(page)
    } finally {
      await page.close()
    }
  }

  const allow = (page: Page, allowed: number): Promise<void> =>
    page.evaluate((count) => {
      disk.allowed = count
      disk.open()
    }, allowed)
  const diskOf = (page: Page): Promise<Pick<Disk, 'asked' | 'given' | 'isCancelled'>> =>
    page.evaluate(() => ({ asked: disk.asked, given: disk.given, isCancelled: disk.isCancelled }))
  const choose = async (page: Page, path: string): Promise<void> =>
    ((await page.$('#file')) as ElementHandle<HTMLInputElement>).uploadFile(path)
  const shown = (page: Page): Promise<unknown> =>
    page.evaluate(() => ({
      headline: document.querySelector('#verdict .headline')?.textContent,
      detail: document.querySelector('#verdict .detail')?.textContent,
      bar: document.querySelector('#verdict progress')?.getAttribute('aria-label'),
      buttons: [...document.querySelectorAll('#verdict button')].map(({ textContent }) => textContent),
    }))
  const cancel = (page: Page): Promise<void> => page.click('#verdict progress ~ .actions button')
  const isBack = (page: Page): Promise<unknown> => page.waitForSelector('body[data-verdict=valid]')
  const reference = (page: Page): Promise<string> =>
    page.$eval('#reference', (field) => (field as HTMLTextAreaElement).value)

  test('an image of a gigabyte: kind, progress and cancel are shown before more than its head is read', async () => {
    // The head of the file. What reads the rest of it is held back.
    await visit(1, async (page) => {
      const before = await reference(page)
      await choose(page, image)
      await page.waitForSelector('#verdict progress')
      expect(await shown(page)).toEqual({
        headline: 'Measuring large.eif …',
        detail: expect.stringMatching(
          /^An image of an enclave, 107\d\.\d MB\. It does not leave this page\.$/,
        ) as string,
        bar: 'Measuring large.eif …',
        buttons: ['Cancel'],
      })
      const early = await diskOf(page)
      expect(early).toMatchObject({ given: 0, isCancelled: false })
      expect(early.asked[0]).toBe(512)

      // It goes on, and says so.
      await allow(page, Infinity)
      await page.waitForFunction(() => (document.querySelector('progress')?.value ?? 0) > 0)
      await cancel(page)
      await isBack(page)
      const stopped = await diskOf(page)
      expect(stopped).toMatchObject({ asked: [512, 0], given: 1, isCancelled: true })
      expect(await reference(page)).toBe(before)

      // Nothing comes after: another file is read from its first to its last byte meanwhile.
      await choose(page, small)
      await page.waitForSelector('body[data-verdict=text]')
      const after = await diskOf(page)
      expect(after.asked.slice(stopped.asked.length)).toEqual([15, 15])
      expect(await reference(page)).toBe('')
    })
  })

  test('a gigabyte of something else is answered by its first 512 bytes', async () => {
    await visit(Infinity, async (page) => {
      await choose(page, other)
      await page.waitForSelector('body[data-verdict=text]')
      expect(await shown(page)).toMatchObject({
        headline: 'This is not evidence of an enclave.',
        detail: expect.stringContaining('other.img has 1073.7 MB, which is more than any such file has') as string,
      })
      expect(await diskOf(page)).toMatchObject({ asked: [512], given: 0 })
    })
  })

  test('a disk that does not answer: the page says that it reads, and what was cancelled changes nothing', async () => {
    await visit(0, async (page) => {
      await choose(page, small)
      await page.waitForSelector('#verdict progress')
      expect(await shown(page)).toEqual({
        headline: 'Reading small.txt …',
        detail: 'A file, 1 KB. It does not leave this page.',
        bar: 'Reading small.txt …',
        buttons: ['Cancel'],
      })
      await cancel(page)
      await isBack(page)
      await allow(page, 1)
      await choose(page, other)
      await page.waitForSelector('#verdict progress')
      // The file that was cancelled got its answer, and was not read on.
      expect(await diskOf(page)).toMatchObject({ asked: [15, 512] })
    })
  })

  test('what is entered meanwhile wins', async () => {
    await visit(0, async (page) => {
      await choose(page, small)
      await page.waitForSelector('#verdict progress')
      await page.evaluate(() => {
        location.hash = 'sample=wrong-pcr'
      })
      await page.waitForSelector('body[data-verdict=policy-pcr]')
      await allow(page, Infinity)
      await choose(page, other)
      await page.waitForSelector('body[data-verdict=text]')
      expect(await diskOf(page)).toMatchObject({ asked: [15, 512] })
    })
  })
})

declare const disk: Disk
