/**
 * Nothing stays behind: temporary folders and the process groups of other programs are ended by
 * whoever started them, and by the watchman (`watchman.mjs`) if this process dies first, whatever
 * it dies of.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

let watchman: Writable | undefined

function tell(verb: 'add' | 'drop', kind: 'group' | 'folder', value: number | string): void {
  watchman ??= startWatchman()
  watchman.write(`${JSON.stringify([verb, kind, value])}\n`)
}

function startWatchman(): Writable {
  const watching = spawn(process.execPath, [fileURLToPath(new URL('watchman.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watching.unref()
  // Tests run in a worker, which would go on to the end of a test when the runner that it belongs
  // to has been killed.
  process.once('disconnect', () => process.exit(1))
  return watching.stdin
}

/** Makes a temporary folder. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'veritee-portable-'))
  tell('add', 'folder', folder)
  return folder
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  tell('drop', 'folder', folder)
}

/** Takes note of a process that leads a group of its own. */
export function watchGroup(leader: number): void {
  tell('add', 'group', leader)
}

/** Ends what is left of a group. */
export function endGroup(leader: number): void {
  signalGroup(leader, 'SIGKILL')
  tell('drop', 'group', leader)
}

export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch {
    // It has ended already.
  }
}
