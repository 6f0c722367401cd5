/**
 * Writes a large image to disk without its weight: the file has its size and its headers, and holes
 * where it repeats zeros.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { LargeEif } from '../../attester/large-eif.ts'

/** @param plan one that is filled with zeros @returns where it is */
export async function writeSparse({ parts, size }: LargeEif, folder: string): Promise<string> {
  const path = join(folder, 'large.eif')
  const file = await open(path, 'w')
  let at = 0
  for (const { bytes, times } of parts) {
    if (times === 1) await file.write(bytes, 0, bytes.length, at)
    at += bytes.length * times
  }
  await file.truncate(size)
  await file.close()
  return path
}
