/**
 * Measuring a large enclave image: on the command line, with what hashes there by default, and in
 * the demo page, in workers. The image is sparse and never whole in memory.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { type ElementHandle, launch } from 'puppeteer-core'
import { startDemo } from '../../demo/server.ts'
import { buildSite } from '../../demo/site.ts'
import { measureEif } from '../../src/reference/index.ts'
import { checksumOf, planLargeEif, streamOf } from '../attester/large-eif.ts'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import { writeSparse } from '../reference/eif/sparse.ts'
import type { Bounds } from './bounds.ts'
import { withTemporaryFolder } from './cold.ts'
import { table, timed } from './statistics.ts'

const mib = 1_048_576
/** What browsers call a long task: shorter ones they do not tell. */
const longTaskMs = 50
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** @param size of the image, in MiB */
export async function printImage({ judge, skip }: Bounds, size: number): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const plan = planLargeEif(size * mib, 0, 'zeros')
    const path = await writeSparse(planLargeEif(size * mib, checksumOf(plan, crc32), 'zeros'), folder)
    const rows: [what: string, mebibytes: number, milliseconds: number][] = []
    const part = Math.ceil(size / 16)
    rows.push(['Node, `@noble/hashes`', part, await timed(() => measurePart(part))])
    rows.push(['`veritee measure`, `node:crypto`', size, await timed(() => measureOnCommandLine(path))])

    const executablePath = findChromium()
    const what = `longest task of the page while Chromium measures ${size} MiB`
    if (executablePath === undefined) skip(what, 'Chromium: not found')
    else {
      const { milliseconds, tasks } = await measureInPage(executablePath, path, folder)
      rows.push(['the demo page in Chromium, workers', size, milliseconds])
      judge(what, Math.max(0, ...tasks), longTaskMs, { unit: ' ms' })
    }
    console.log(`### Measuring an enclave image\n`)
    console.log(
      table(
        ['', 'MiB', 'seconds', 'MiB per second'],
        rows.map(([name, mebibytes, milliseconds]) => [
          name,
          `${mebibytes}`,
          (milliseconds / 1000).toFixed(1),
          ((1000 * mebibytes) / milliseconds).toFixed(1),
        ]),
      ),
    )
  })
}

async function measurePart(size: number): Promise<void> {
  const plan = planLargeEif(size * mib)
  await measureEif(streamOf(planLargeEif(size * mib, checksumOf(plan, crc32))))
}

async function measureOnCommandLine(path: string): Promise<void> {
  const program = ['--import', fileOf('../support/ts.mjs'), fileOf('../../src/cli/main.ts')]
  await promisify(execFile)(process.execPath, [...program, 'measure', path])
}

/** What the page did: how long it took, and each task of its main thread that was long. */
async function measureInPage(
  executablePath: string,
  path: string,
  folder: string,
): Promise<{ readonly milliseconds: number; readonly tasks: readonly number[] }> {
  const demo = await startDemo({ site: await buildSite() })
  const browser = await launch({
    executablePath,
    args: [...chromiumParameters],
    // As long as it takes.
    protocolTimeout: 0,
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
  })
  try {
    const page = await browser.newPage()
    await page.goto(`${demo.url}#sample=valid`)
    await page.waitForSelector('body[data-verdict=valid]')
    const input = (await page.$('#file')) as ElementHandle<HTMLInputElement>
    await page.evaluate(() => {
      const tasks: number[] = []
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(duration)
      }).observe({ type: 'longtask' })
      Object.assign(globalThis, { tasks })
    })
    const milliseconds = await timed(async () => {
      await input.uploadFile(path)
      await page.waitForSelector('#verdict progress', { timeout: 0 })
      await page.waitForFunction('document.querySelector("#verdict progress") === null', { timeout: 0 })
    })
    const reference = await page.evaluate('document.querySelector("#reference").value')
    if (!String(reference).includes('PCR0')) throw new Error(`the page did not measure: ${String(reference)}`)
    return { milliseconds, tasks: (await page.evaluate('globalThis.tasks')) as number[] }
  } finally {
    await browser.close()
    await demo.close()
  }
}
