/**
 * Node, Deno and workerd as processes that are told what to verify, and looked at from outside:
 * processor time of all threads and resident memory, as Linux counts them.
 */
import { createInterface } from 'node:readline'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { environmentIn, start } from '../portable/programs.ts'
import { findDeno } from '../portable/run-deno.ts'
import { findNode } from '../portable/run-node.ts'
import { findWorkerd, withWorker } from '../portable/run-workerd.ts'
import { request } from '../support/http.ts'

/** A process that verifies. */
export interface EdgeProcess {
  /** Sends the work or a phase, and resolves when it is done. */
  readonly tell: (message: object) => Promise<void>
  /** Seconds of all processors, so far. */
  readonly processorSeconds: () => number
  /** Bytes that are resident now. */
  readonly resident: () => number
  /** Bytes that were resident at the highest since `forgetHighest`. */
  readonly highest: () => number
  readonly forgetHighest: () => void
}

export interface EdgeRuntime {
  readonly name: string
  readonly find: () => string | undefined
  readonly use: <T>(program: string, folder: string, body: (running: EdgeProcess) => Promise<T>) => Promise<T>
}

export const edgeRuntimes: readonly EdgeRuntime[] = [
  { name: 'Node', find: findNode, use: withConsole(['--no-warnings']) },
  { name: 'workerd', find: findWorkerd, use: withEdgeWorker },
  {
    name: 'Deno',
    find: findDeno,
    use: withConsole(['run', '--no-prompt', '--no-config', '--no-lock', '--no-remote', '--no-npm']),
  },
]

function withConsole(parameters: readonly string[]): EdgeRuntime['use'] {
  return async (program, folder, body) => {
    const file = join(await bundled(folder), 'edge-console.mjs')
    const running = start(program, [...parameters, file], {
      cwd: folder,
      env: { ...(await environmentIn(folder)), DENO_NO_UPDATE_CHECK: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { stdin, stdout, pid } = running.process
    if (stdin === null || stdout === null || pid === undefined) throw new Error(`${program} did not start`)
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    const tell = async (message: object): Promise<void> => {
      stdin.write(`${JSON.stringify(message)}\n`)
      const line = await lines.next()
      if (line.done === true || line.value !== 'done') throw new Error(`${program} failed: ${running.complaints()}`)
    }
    try {
      return await body({ tell, ...countersOf(pid) })
    } finally {
      await running.stop()
    }
  }
}

async function withEdgeWorker<T>(
  program: string,
  folder: string,
  body: (running: EdgeProcess) => Promise<T>,
): Promise<T> {
  const modules = await bundled(folder)
  return withWorker(program, { folder, modules, files: ['edge-worker.mjs'] }, async (address) => {
    const tell = async (message: object): Promise<void> => {
      const { status, text } = await request(address, { method: 'POST', body: JSON.stringify(message) })
      if (status !== 200 || text !== 'done') throw new Error(`workerd answered ${status}: ${text}`)
    }
    return body({ tell, ...countersOf(processOf(join(modules, 'workerd.capnp'))) })
  })
}

/** As users would ship it. @returns the folder with the files */
async function bundled(folder: string): Promise<string> {
  const outdir = join(folder, 'bundle')
  await mkdir(outdir, { recursive: true })
  await build({
    entryPoints: ['edge-console.ts', 'edge-worker.ts'].map((name) => fileURLToPath(new URL(name, import.meta.url))),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*'],
    logLevel: 'warning',
  })
  return outdir
}

/** The process that has this file among its parameters: folders of a run are its own. */
function processOf(file: string): number {
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(file)
    } catch {
      return false // It has ended meanwhile.
    }
  })
  if (found === undefined) throw new Error(`no process with ${file}`)
  return Number(found)
}

/** Linux counts processor time in hundredths of a second for all programs. */
const ticksPerSecond = 100

function countersOf(pid: number): Omit<EdgeProcess, 'tell'> {
  const memory = (field: string): number => {
    const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) * 1024
  }
  return {
    processorSeconds() {
      // The name of the program, in brackets, may hold spaces. Fields 14 and 15: user and system.
      const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
      const fields = rest.split(' ')
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    },
    resident: () => memory('VmRSS'),
    highest: () => memory('VmHWM'),
    forgetHighest: () => {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    },
  }
}
