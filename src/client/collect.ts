/**
 * Gathers what would otherwise be a stream.
 */
import type { Bytes } from '../encoding/bytes.ts'

/** Bytes are gathered in parts of this size, which browsers may keep on disk. */
const partSize = 1_048_576

/** All bytes. Blobs of blobs: what is gathered need not stay in memory. */
export async function collect(pieces: AsyncIterable<Bytes>): Promise<Blob> {
  const parts: Blob[] = []
  let open: Bytes[] = []
  let size = 0
  const close = (): void => {
    parts.push(new Blob(open))
    open = []
    size = 0
  }
  for await (const piece of pieces) {
    open.push(piece)
    size += piece.length
    if (size >= partSize) close()
  }
  close()
  return new Blob(parts)
}
