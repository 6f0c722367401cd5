/**
 * Cold: every run has a process, or a page, of its own. The library comes as users get it: in Node
 * the published entry of `dist`, in a page the ready-made file, both made here. The bare calls come
 * without imports.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { type Browser, launch } from 'puppeteer-core'
import { chromiumParameters, findChromium } from '../portable/browsers.ts'
import type { ColdKind, FirstVerdict } from './cold-run.ts'
import type { Work } from './work.ts'

/** What came out, or that there is no such runtime here. */
export type Cold =
  | {
      readonly found: true
      readonly runtime: string
      readonly runs: Readonly<Record<ColdKind, readonly FirstVerdict[]>>
    }
  | { readonly found: false; readonly runtime: string }

const repository = fileURLToPath(new URL('../..', import.meta.url))

export async function coldInNode(work: Work, runs: number): Promise<Cold> {
  return withTemporaryFolder(async (folder) => {
    await buildInto(folder)
    await writeFile(join(folder, 'work.json'), JSON.stringify(work))
    await writeFile(join(folder, 'empty.mjs'), '')
    const one = async (kind: ColdKind): Promise<FirstVerdict> => {
      const library = kind === 'empty' ? 'empty.mjs' : 'dist/formats/aws/nitro/index.js'
      const { href } = pathToFileURL(join(folder, library))
      const { stdout } = await promisify(execFile)(process.execPath, ['cold-node.mjs', kind, href], { cwd: folder })
      return JSON.parse(stdout) as FirstVerdict
    }
    return { found: true, runtime: 'Node process', runs: await inTurns(runs, one) }
  })
}

/** Milliseconds, and those of processor time. */
export interface ImportTimes {
  readonly time: number[]
  readonly cost: number[]
}

/**
 * What `import` of published entries takes in fresh Node processes, by their path in `dist`; one
 * that is not there is an empty module. The program is a file, as programs are.
 */
export async function importsInNode(
  entries: readonly string[],
  runs: number,
): Promise<Readonly<Record<string, ImportTimes>>> {
  return withTemporaryFolder(async (folder) => {
    await buildInto(folder)
    await writeFile(join(folder, 'empty.mjs'), '')
    await writeFile(
      join(folder, 'import.mjs'),
      `const [cost, time] = [process.cpuUsage(), performance.now()]
await import(process.argv[2])
const { user, system } = process.cpuUsage(cost)
console.log(JSON.stringify([performance.now() - time, (user + system) / 1000]))
`,
    )
    const times: Record<string, ImportTimes> = Object.fromEntries(entries.map((name) => [name, { time: [], cost: [] }]))
    for (let run = 0; run < runs; run++)
      for (const [name, { time, cost }] of Object.entries(times)) {
        const path = name.endsWith('.js') ? `./dist/${name}` : './empty.mjs'
        const { stdout } = await promisify(execFile)(process.execPath, ['import.mjs', path], { cwd: folder })
        const [took, worked] = JSON.parse(stdout) as [number, number]
        time.push(took)
        cost.push(worked)
      }
    return times
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
      const one = (kind: ColdKind): Promise<FirstVerdict> => visit(browser, `http://127.0.0.1:${port}/?${kind}`)
      // The first pages of a browser pay for the browser.
      await inTurns(2, one)
      return { found: true, runtime, runs: await inTurns(runs, one) }
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

/** The library as it is published, and the programs that measure it, which load it by name. */
async function buildInto(folder: string): Promise<void> {
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(repository, '.config', file)).href)
  const { bundleModules } = (await load('modules.mjs')) as { bundleModules: (folder: string) => Promise<void> }
  const { bundleModule, entries } = (await load('single-files.mjs')) as {
    entries: readonly { readonly subpath: string }[]
    bundleModule: (entry: object, options: { readonly outfile: string }) => Promise<unknown>
  }
  // Where `dist` imports its dependencies from.
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  await bundleModules(join(folder, 'dist'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const nitro = entries.find(({ subpath }) => subpath === './nitro')
  if (nitro === undefined) throw new Error('no entry veritee/nitro')
  await bundleModule(nitro, { outfile: join(folder, 'veritee.mjs') })
  await build({
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    logLevel: 'warning',
    absWorkingDir: repository,
    entryPoints: { 'cold-page': 'test/bench/cold-page.ts', 'cold-node': 'test/bench/cold-node.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    external: ['node:*'],
  })
}

async function inTurns(
  runs: number,
  one: (kind: ColdKind) => Promise<FirstVerdict>,
): Promise<Record<ColdKind, FirstVerdict[]>> {
  const all: Record<ColdKind, FirstVerdict[]> = { bare: [], empty: [], library: [], warmed: [] }
  for (let i = 0; i < runs; i++) for (const kind of kinds) all[kind].push(await one(kind))
  return all
}

const kinds = ['bare', 'empty', 'library', 'warmed'] as const

export async function withTemporaryFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'veritee-bench-'))
  try {
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
