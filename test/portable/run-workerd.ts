/**
 * workerd, from npm: the suite is a worker on a loopback port of workerd's choice.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from '../support/http.ts'
import type { Report } from './model.ts'
import { environmentIn, findInPackages, start, untilReady } from './programs.ts'
import type { Run } from './runtimes.ts'

export const findWorkerd = (): string | undefined =>
  findInPackages('@cloudflare', 'workerd-', 'bin/workerd', 'workerd/bin/workerd')

/** The oldest that `attestedFetch` must work in. */
export const findOldWorkerd = (): string | undefined =>
  findInPackages('workerd-2026-04/node_modules/@cloudflare', 'workerd-', 'bin/workerd', 'workerd-2026-04/bin/workerd')

/** What workers must ask for: ML-KEM and ChaCha20-Poly1305. */
const modern = ['webcrypto_modern_algorithms']

export const runWorkerd: Run = (workerd, { bundle, corpus, folder }) =>
  withWorker(
    workerd,
    { folder, modules: bundle.folder, files: [bundle.worker, ...bundle.chunks], flags: modern },
    async (address) => {
      const { status, text } = await request(address, { method: 'POST', body: JSON.stringify(corpus) })
      if (status !== 200) throw new Error(`workerd answered ${status}`)
      return JSON.parse(text) as Report
    },
  )

/** A worker, and where it may put what it writes. */
export interface Worker {
  readonly folder: string
  /** The folder with its modules. */
  readonly modules: string
  /** Their names: the worker itself first. */
  readonly files: readonly string[]
  /** Its variables, text. */
  readonly variables?: Readonly<Record<string, string>>
  /**
   * Its Durable Objects: classes by the names of their bindings. What they store is gone
   * afterwards.
   */
  readonly objects?: Readonly<Record<string, string>>
  /** Its compatibility flags. */
  readonly flags?: readonly string[]
}

/**
 * Serves a worker for as long as `use` has its address. It may reach the loopback interface and
 * nothing else.
 */
export async function withWorker<T>(
  workerd: string,
  { folder, modules, files, variables = {}, objects = {}, flags = [] }: Worker,
  use: (address: string) => Promise<T>,
): Promise<T> {
  const configuration = join(modules, 'workerd.capnp')
  await writeFile(configuration, configurationFor({ files, variables, objects, flags }))
  const running = start(workerd, ['serve', '--control-fd=3', configuration], {
    cwd: folder,
    env: await environmentIn(folder),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let events = ''
  running.process.stdio[3]?.on('data', (data: Buffer) => (events += data.toString()))
  try {
    const port = await untilReady(running, 'workerd', () => Promise.resolve(/"port":\s*(\d+)/.exec(events)?.[1]))
    return await use(`http://127.0.0.1:${port}/`)
  } catch (cause) {
    throw new Error(`workerd said: ${running.complaints()}`, { cause })
  } finally {
    await running.stop()
  }
}

function configurationFor({ files, variables, objects, flags }: Required<Omit<Worker, 'folder' | 'modules'>>): string {
  const embedded = files.map((file) => `(name = "${file}", esModule = embed "${file}")`).join(', ')
  const bindings = [
    ...Object.entries(variables).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`),
    ...Object.entries(objects).map(([name, own]) => `(name = "${name}", durableObjectNamespace = "${own}")`),
  ]
  const classes = Object.values(objects).map((own) => `(className = "${own}", uniqueKey = "${own}")`)
  const storage =
    classes.length === 0
      ? ''
      : `\n  durableObjectNamespaces = [${classes.join(', ')}],\n  durableObjectStorage = (inMemory = void),`
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "loopback", network = (allow = ["127.0.0.0/8"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2025-01-01",
  compatibilityFlags = [${flags.map((flag) => `"${flag}"`).join(', ')}],
  modules = [${embedded}],
  bindings = [${bindings.join(', ')}],
  globalOutbound = "loopback",${storage}
);
`
}
