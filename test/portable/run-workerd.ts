/**
 * workerd, from npm: the suite is a worker on a loopback port of workerd's choice.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Report } from './model.ts'
import { environmentIn, findInPackages, start, untilReady } from './programs.ts'
import type { Run } from './runtimes.ts'

export const findWorkerd = (): string | undefined =>
  findInPackages('@cloudflare', 'workerd-', 'bin/workerd', 'workerd/bin/workerd')

export const runWorkerd: Run = async (workerd, { bundle, corpus, folder }) => {
  const configuration = join(bundle.folder, 'workerd.capnp')
  await writeFile(configuration, configurationFor([bundle.worker, ...bundle.chunks]))
  const running = start(workerd, ['serve', '--control-fd=3', configuration], {
    cwd: folder,
    env: await environmentIn(folder),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let events = ''
  running.process.stdio[3]?.on('data', (data: Buffer) => (events += data.toString()))
  try {
    const port = await untilReady(running, 'workerd', () => Promise.resolve(/"port":\s*(\d+)/.exec(events)?.[1]))
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: JSON.stringify(corpus),
      signal: AbortSignal.timeout(120_000),
    })
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${running.complaints()}`)
    return (await response.json()) as Report
  } finally {
    await running.stop()
  }
}

/** The first module is the worker itself. */
function configurationFor(modules: readonly string[]): string {
  const embedded = modules.map((file) => `(name = "${file}", esModule = embed "${file}")`).join(', ')
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "suite", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);
const worker :Workerd.Worker = (compatibilityDate = "2025-01-01", modules = [${embedded}]);
`
}
