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

/** Runs `work` with a line on a terminal that says how far it is. */
export async function watched<T>(
  path: string,
  work: (onProgress: (read: number, total: number | undefined) => void) => Promise<T>,
): Promise<T> {
  const isWatched = process.stderr.isTTY
  const result = await work((read, total = 0) => {
    if (isWatched) process.stderr.write(`\rmeasuring ${path}: ${total === 0 ? 0 : Math.floor((100 * read) / total)} %`)
  })
  if (isWatched) process.stderr.write('\r\u001b[K')
  return result
}
