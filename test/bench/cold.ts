/**
 * Cold: every run has a process, or a page, of its own. The library comes as users ship it,
 * minified and bundled; the bare calls come without imports.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { type Browser, launch } from 'puppeteer-core'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import type { FirstVerdict } from './cold-run.ts'
import type { Work } from './work.ts'

/** What came out, or that there is no such runtime here. */
export type Cold =
  | {
      readonly found: true
      readonly runtime: string
      readonly bound: number | undefined
      /** Milliseconds of the bare calls. */
      readonly bare: readonly number[]
      readonly library: readonly FirstVerdict[]
    }
  | { readonly found: false; readonly runtime: string }

const repository = fileURLToPath(new URL('../..', import.meta.url))

export async function coldInNode(work: Work, runs: number): Promise<Cold> {
  return withTemporaryFolder(async (folder) => {
    await buildInto(folder)
    await writeFile(join(folder, 'work.json'), JSON.stringify(work))
    const one = async (kind: string): Promise<FirstVerdict> => {
      const { stdout } = await promisify(execFile)(process.execPath, ['cold-node.mjs', kind], { cwd: folder })
      return JSON.parse(stdout) as FirstVerdict
    }
    return { found: true, runtime: 'Node process', bound: undefined, ...(await inTurns(runs, one)) }
  })
}

export async function coldInChromium(work: Work, runs: number): Promise<Cold> {
  const runtime = 'Chromium page'
  const executablePath = findChromium()
  if (executablePath === undefined) return { found: false, runtime }
  return withTemporaryFolder(async (folder) => {
    await buildInto(folder)
    const server = createServer((request, response) => {
      void answer(folder, work, request.url ?? '').then(([status, type, body]) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
      })
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const browser = await launch({
      executablePath,
      headless: true,
      args: [...chromiumParameters],
      // Whatever it writes is gone afterwards.
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    })
    try {
      const one = (kind: string): Promise<FirstVerdict> => visit(browser, `http://127.0.0.1:${port}/?${kind}`)
      // The first pages of a browser pay for the browser.
      await inTurns(2, one)
      return { found: true, runtime, bound: 1.7, ...(await inTurns(runs, one)) }
    } finally {
      await browser.close()
      server.closeAllConnections()
      server.close()
    }
  })
}

/**
 * A page in a context of its own: nothing is cached, and no other page's code is compiled already.
 */
async function visit(browser: Browser, address: string): Promise<FirstVerdict> {
  const context = await browser.createBrowserContext()
  try {
    const page = await context.newPage()
    await page.goto(address)
    await page.waitForFunction('globalThis.firstVerdict !== undefined', { timeout: 30_000 })
    const measured = (await page.evaluate('globalThis.firstVerdict')) as FirstVerdict | string
    if (typeof measured === 'string') throw new Error(`the page failed: ${measured}`)
    return measured
  } finally {
    await context.close()
  }
}

async function answer(folder: string, work: Work, url: string): Promise<[status: number, type: string, body: string]> {
  if (url.startsWith('/?'))
    return [
      200,
      'text/html',
      '<!doctype html><meta charset="utf-8"><script type="module" src="/cold-page.mjs"></script>',
    ]
  if (url === '/work.json') return [200, 'application/json', JSON.stringify(work)]
  if (url === '/cold-page.mjs' || url === '/veritee.mjs')
    return [200, 'text/javascript', await readFile(join(folder, url), 'utf8')]
  return [404, 'text/plain', '']
}

/** The library on its own, and the programs that measure it, which load it by name. */
async function buildInto(folder: string): Promise<void> {
  const settings = { bundle: true, format: 'esm', minify: true, target: 'es2022', logLevel: 'warning' } as const
  const sources = {
    veritee: 'src/formats/aws/nitro/index.ts',
    'cold-page': 'test/bench/cold-page.ts',
    'cold-node': 'test/bench/cold-node.ts',
  }
  await build({
    ...settings,
    absWorkingDir: repository,
    entryPoints: sources,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    external: ['node:*'],
  })
}

async function inTurns(
  runs: number,
  one: (kind: 'bare' | 'library') => Promise<FirstVerdict>,
): Promise<{ bare: number[]; library: FirstVerdict[] }> {
  const bare: number[] = []
  const library: FirstVerdict[] = []
  for (let i = 0; i < runs; i++) {
    bare.push((await one('bare')).verdictMs)
    library.push(await one('library'))
  }
  return { bare, library }
}

export async function withTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'veritee-bench-'))
  try {
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
