/**
 * Time and memory of measuring a large enclave image, in a Node process and in a Chromium page,
 * from a stream and from a file. Prints a table in Markdown. The image is never whole in memory;
 * the file is sparse. Memory is resident memory at its highest, over what it was before: in
 * Chromium of all its processes together, because a page's file is read by another process.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { build } from 'esbuild'
import { type Browser, type ElementHandle, launch } from 'puppeteer-core'
import { checksumOf, planLargeEif } from '../attester/large-eif.ts'
import { findChromium } from '../portable/browsers.ts'
import { writeSparse } from '../reference/eif/sparse.ts'
import type { Watched } from '../reference/eif/watched.ts'
import type { Measured } from './eif-page.ts'
import { table } from './statistics.ts'

const mib = 1 << 20
const size = Number(process.argv[2] ?? 1024) * mib
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const kinds = ['stream', 'blob'] as const
type Row = [what: string, seconds: number, extraBytes: number, PCR0: string]

const rows: Row[] = []
for (const kind of kinds) rows.push(await inNode(kind))
const chromium = findChromium()
if (chromium === undefined) console.log('Chromium: not found\n')
else for (const kind of kinds) rows.push(await inChromium(chromium, kind))

console.log(
  `${size / mib} MiB, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}.\n`,
)
console.log(
  table(
    ['', 'seconds', 'MiB per second', 'extra memory, MiB'],
    rows.map(([what, seconds, extraBytes]) => [
      what,
      seconds.toFixed(1),
      (size / mib / seconds).toFixed(1),
      (extraBytes / mib).toFixed(1),
    ]),
  ),
)
// Noise in streams, zeros in sparse files: two values, whatever the runtime.
if (new Set(rows.map(([, , , PCR0]) => PCR0)).size !== 2) throw new Error('the runtimes do not agree')

async function inNode(kind: string): Promise<Row> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    file('../support/ts.mjs'),
    file('../reference/eif/watched.ts'),
    kind,
    String(size),
  ])
  const { seconds, extraBytes, measurements } = JSON.parse(stdout) as Watched
  return [`Node, ${kind}`, seconds, extraBytes, measurements.PCR0]
}

async function inChromium(executablePath: string, kind: 'stream' | 'blob'): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'veritee-eif-'))
  const code = await bundlePage()
  const server = createServer(({ url }, response) => {
    const isScript = url === '/eif-page.mjs'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(
      isScript ? code : '<!doctype html><input type="file"><script type="module" src="/eif-page.mjs"></script>',
    )
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  // No sandbox, because it cannot be had as root; the page is ours.
  const args =
    '--no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --disable-background-networking'
  const browser = await launch({
    executablePath,
    headless: true,
    args: [...args.split(' '), '--disable-component-update', '--disable-sync'],
    protocolTimeout: 600_000,
    // Whatever it writes is gone afterwards.
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
  })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.waitForFunction('globalThis.measure !== undefined')
    const filling = kind === 'blob' ? 'zeros' : 'noise'
    const crc = checksumOf(planLargeEif(size, 0, filling), crc32)
    if (kind === 'blob') {
      const input = (await page.$('input')) as ElementHandle<HTMLInputElement>
      await input.uploadFile(await writeSparse(planLargeEif(size, crc, filling), folder))
    }
    const watch = watchMemory(browser)
    const measured = (await page.evaluate(`globalThis.measure('${kind}', ${size}, ${crc})`)) as Measured
    return [`Chromium page, ${kind === 'blob' ? 'dropped file' : kind}`, measured.seconds, watch(), measured.PCR0]
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file('eif-page.ts')],
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

/**
 * Looks ten times a second, until what is returned is called for the highest, over the first look.
 * Linux only: NaN elsewhere.
 */
function watchMemory(browser: Browser): () => number {
  const leader = browser.process()?.pid ?? 0
  const before = residentBytes(leader)
  let highest = before
  const timer = setInterval(() => {
    highest = Math.max(highest, residentBytes(leader))
  }, 100)
  return () => {
    clearInterval(timer)
    return highest - before
  }
}

/**
 * Resident memory of a process and everything that it started. Pages that they share count more
 * than once, before as after.
 */
function residentBytes(leader: number): number {
  try {
    const parents = new Map<number, number>()
    const resident = new Map<number, number>()
    for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
      const status = statusOf(pid)
      parents.set(pid, Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]))
      resident.set(
        pid,
        1024 * Number(/^RssAnon:\s*(\d+)/m.exec(status)?.[1] ?? 0) +
          1024 * Number(/^RssShmem:\s*(\d+)/m.exec(status)?.[1] ?? 0),
      )
    }
    const belongs = (pid: number | undefined): boolean =>
      pid === leader || (pid !== undefined && pid > 1 && belongs(parents.get(pid)))
    return [...resident].reduce((total, [pid, bytes]) => (belongs(pid) ? total + bytes : total), 0)
  } catch {
    return NaN
  }
}

/** Processes come and go while one looks. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
