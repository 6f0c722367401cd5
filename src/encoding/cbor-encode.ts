/**
 * CBOR (RFC 8949) for what this library writes itself: the deterministic encoding of section 4.2.1,
 * map keys in the order of their encoded bytes.
 */
import { type Bytes, concatBytes } from './bytes.ts'

/** What can be written. Integers within 2^53 of zero; a `Map` has integer or text keys. */
export type Encodable =
  number | string | Uint8Array | readonly Encodable[] | ReadonlyMap<number | string, Encodable> | Tagged

/** A value with a tag on it. */
export interface Tagged {
  readonly tag: number
  readonly value: Encodable
}

export function encodeCbor(value: Encodable): Bytes {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value)
    return concatBytes(head(3, text.length), text)
  }
  if (value instanceof Uint8Array) return concatBytes(head(2, value.length), value)
  if (isList(value)) return concatBytes(head(4, value.length), ...value.map(encodeCbor))
  if ('tag' in value) return concatBytes(head(6, value.tag), encodeCbor(value.value))
  const entries = [...value].map(([key, entry]) => [encodeCbor(key), encodeCbor(entry)] as const)
  entries.sort(([a], [b]) => compareEncodings(a, b))
  return concatBytes(head(5, entries.length), ...entries.flat())
}

const isList = (value: Encodable): value is readonly Encodable[] => Array.isArray(value)

function head(major: number, argument: number): Bytes {
  const size = argument < 24 ? 0 : argument < 256 ? 1 : argument < 65_536 ? 2 : argument < 2 ** 32 ? 4 : 8
  const bytes = new Uint8Array(1 + size)
  bytes[0] = (major << 5) | (size === 0 ? argument : 24 + Math.log2(size))
  for (let i = size, rest = argument; i > 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256
  return bytes
}

/** The order of map keys (RFC 8949 section 4.2.1): that of their encodings, byte by byte. */
export function compareEncodings(a: Bytes, b: Bytes): number {
  const i = a.findIndex((byte, at) => byte !== b[at])
  return i < 0 ? a.length - b.length : (a[i] as number) - (b[i] ?? -1)
}
