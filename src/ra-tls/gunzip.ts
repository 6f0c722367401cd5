/**
 * Decompression with a limit: what a few bytes unpack to can be any number of them.
 */
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'

/**
 * Unpacks gzip (RFC 1952), and stops as soon as there is more than `maximum` bytes.
 * @throws VerificationError with the code of `source`; `unsupported` where there is no
 *   DecompressionStream
 */
export async function gunzip(bytes: Bytes, maximum: number, source: Source): Promise<Bytes> {
  if (typeof DecompressionStream === 'undefined')
    throw new VerificationError('unsupported', 'no DecompressionStream in this runtime')
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const parts: Uint8Array[] = []
  for (let size = 0; ;) {
    const part = await reader.read().catch(() => undefined)
    if (part === undefined) throw malformed(source, 'no gzip')
    if (part.done) return concatBytes(...parts)
    size += part.value.length
    parts.push(part.value)
    if (size <= maximum) continue
    void reader.cancel().catch(() => undefined)
    throw malformed(source, `unpacks to more than ${maximum} bytes`)
  }
}
