/**
 * Other programs: found, started in a process group of their own, and ended with everything that
 * they started.
 */
import { type ChildProcess, spawn, spawnSync, type SpawnOptions } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { patienceMs } from '../support/patience.ts'
import { endGroup, signalGroup, watchGroup } from './cleanup.ts'

/** The first of these programs that is on the PATH. */
export function findOnPath(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/**
 * A program that npm delivers in a package per platform, from where `npm run runtimes` puts it or
 * from the repository's own `node_modules`. It is taken from there, because the file
 * that `node_modules/.bin` points to is a placeholder where npm was told not to run install
 * scripts; several platforms may be installed (glibc and musl), so it is the first that runs.
 * @param scope folder of the platforms' packages in `node_modules`
 * @param prefix how the names of those packages begin
 * @param file the program in such a package
 * @param fallback where an install script puts it, in `node_modules`
 */
export function findInPackages(scope: string, prefix: string, file: string, fallback: string): string | undefined {
  return ['test/.output/runtimes/node_modules', 'node_modules']
    .map((folder) => fileURLToPath(new URL(`../../${folder}`, import.meta.url)))
    .flatMap((modules) => [
      ...list(join(modules, scope))
        .filter((name) => name.startsWith(prefix))
        .map((name) => join(modules, scope, name, file)),
      join(modules, fallback),
    ])
    .find((path) => isExecutable(path) && spawnSync(path, ['--version'], { timeout: patienceMs }).status === 0)
}

/** The entries of a folder, none where there is no such folder. */
export function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** An environment in which a program finds its tools, and leaves nothing outside of `folder`. */
export async function environmentIn(folder: string): Promise<Record<string, string>> {
  const home = join(folder, 'home')
  await mkdir(home, { recursive: true, mode: 0o700 })
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    HOME: home,
    TMPDIR: home,
    XDG_RUNTIME_DIR: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
  }
}

/** A running program. */
export interface Running {
  readonly process: ChildProcess
  /** What it wrote to standard output so far. */
  readonly output: () => string
  /** The last that it wrote to standard error, for messages. */
  readonly complaints: () => string
  /** Resolves to the exit code; rejects when it could not be started. */
  readonly exit: Promise<number | null>
  /** Ends it and everything that it started. */
  stop(): Promise<void>
}

export function start(command: string, parameters: readonly string[], options: SpawnOptions): Running {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'], ...options, detached: true })
  const { pid } = child
  if (pid !== undefined) watchGroup(pid)
  const output: Buffer[] = []
  let complaints = ''
  child.stdout?.on('data', (data: Buffer) => output.push(data))
  child.stderr?.on('data', (data: Buffer) => (complaints = (complaints + data.toString()).slice(-2000)))
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  exit.catch(() => undefined)
  return {
    process: child,
    exit,
    output: () => Buffer.concat(output).toString(),
    complaints: () => complaints,
    async stop() {
      if (pid === undefined) return
      signalGroup(pid, 'SIGTERM')
      await Promise.race([exit.catch(() => undefined), delay(3000)])
      endGroup(pid)
      await exit.catch(() => undefined)
    },
  }
}

/** Runs a program to its end and returns what it printed. */
export async function run(command: string, parameters: readonly string[], options: SpawnOptions): Promise<string> {
  const running = start(command, parameters, options)
  try {
    const code = await within(patienceMs, command, running.exit)
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${running.complaints()}`)
    return running.output()
  } finally {
    await running.stop()
  }
}

/**
 * Waits for `promise`, but not for ever: after `milliseconds` it fails, and says what it waited
 * for.
 */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} took longer than ${milliseconds / 1000} s`))
    }, milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Tries until `attempt` returns something: for programs that have no way to say that they are
 * ready.
 */
export async function untilReady<T>(
  { exit, complaints }: Running,
  what: string,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const state = { ended: false }
  void exit.catch(() => undefined).then(() => (state.ended = true))
  const deadline = Date.now() + patienceMs
  while (Date.now() < deadline && !state.ended) {
    const found = await attempt().catch(() => undefined)
    if (found !== undefined) return found
    await delay(50)
  }
  throw new Error(`${what} ${state.ended ? 'ended' : 'did not get ready'}: ${complaints()}`)
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())
}

/** A loopback port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => void server.close(resolve))
  return port
}
