/**
 * Large files that are measured: opened without reading them, and how far the reading is.
 */
import { openAsBlob } from 'node:fs'
import { UsageError } from './failures.ts'

/** @throws UsageError when there is no such file */
export async function openImageFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path)
  } catch (error) {
    throw new UsageError(
      `cannot read ${path}: ${/^[A-Z0-9]+: ([^,]+)/.exec((error as Error).message)?.[1] ?? 'no such file'}`,
    )
  }
}

/** Runs `work` with a line on a terminal that says how far it is, and how fast. */
export async function watched<T>(
  path: string,
  work: (onProgress: (read: number, total: number | undefined) => void) => Promise<T>,
): Promise<T> {
  const isWatched = process.stderr.isTTY
  const startedAt = performance.now()
  const result = await work((read, total = 0) => {
    if (isWatched) process.stderr.write(`\r\u001b[K${progressOf(path, { read, total, startedAt })}`)
  })
  if (isWatched) process.stderr.write('\r\u001b[K')
  return result
}

/** `measuring app.eif: 42 %, 160 MiB/s` */
export function progressOf(
  path: string,
  { read, total, startedAt }: { readonly read: number; readonly total: number; readonly startedAt: number },
  now: number = performance.now(),
): string {
  const share = total === 0 ? 0 : Math.floor((100 * read) / total)
  const seconds = (now - startedAt) / 1000
  const rate = seconds > 0 && read > 0 ? `, ${(read / 1_048_576 / seconds).toFixed(0)} MiB/s` : ''
  return `measuring ${path}: ${share} %${rate}`
}
