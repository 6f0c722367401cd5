/**
 * CBOR, piece by piece. Whole values come from `cbor-x`; heads, maps and tags are made here,
 * because what must be wrong in a test (duplicate keys, indefinite lengths, padded heads, chunks)
 * is what no encoder writes.
 */
import { Encoder } from 'cbor-x'
import { concat } from './bytes.ts'
import type { Bytes } from './der.ts'

// Without tagUint8Array: false every byte string would come under tag 64.
const encoder = new Encoder({ tagUint8Array: false, useRecords: false, mapsAsObjects: false, variableMapSize: true })

/** A whole value: numbers, text, byte strings, arrays, `Map`, null, undefined, floats. */
export function encode(value: unknown): Bytes {
  return new Uint8Array(encoder.encode(value))
}

/**
 * How many bytes the argument of a head takes: 0 is inside the first byte, `undefined` the
 * shortest.
 */
export type HeadSize = 0 | 1 | 2 | 4 | 8

export function head(major: number, argument: number | bigint, size: HeadSize = shortest(argument)): Bytes {
  const info = { 0: Number(argument), 1: 24, 2: 25, 4: 26, 8: 27 }[size]
  const bytes = Uint8Array.from({ length: size }, (_, i) =>
    Number((BigInt(argument) >> BigInt(8 * (size - 1 - i))) & 0xffn),
  )
  return concat([(major << 5) | info], bytes)
}

export const unsigned = (value: number | bigint, size?: HeadSize): Bytes => head(0, value, size)
export const negative = (value: number): Bytes => head(1, -1 - value)
export const bytes = (content: Uint8Array, size?: HeadSize): Bytes => concat(head(2, content.length, size), content)
export const text = (content: string | Uint8Array): Bytes => {
  const utf8 = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return concat(head(3, utf8.length), utf8)
}
export const array = (...items: readonly Uint8Array[]): Bytes => concat(head(4, items.length), ...items)
export const tag = (number: number, item: Uint8Array, size?: HeadSize): Bytes => concat(head(6, number, size), item)
export const float64 = (value: number): Bytes => {
  const content = new Uint8Array(8)
  new DataView(content.buffer).setFloat64(0, value)
  return concat([0xfb], content)
}
export const nothing = Uint8Array.of(0xf6)
export const undefinedValue = Uint8Array.of(0xf7)

/** A key and a value of a map, both encoded. */
export type Entry = readonly [key: Uint8Array, value: Uint8Array]

export const map = (entries: readonly Entry[]): Bytes => concat(head(5, entries.length), ...entries.flat())
export const indefiniteMap = (entries: readonly Entry[]): Bytes => concat([0xbf], ...entries.flat(), [0xff])
export const indefiniteArray = (...items: readonly Uint8Array[]): Bytes => concat([0x9f], ...items, [0xff])
/** A byte string in chunks. */
export const chunked = (...chunks: readonly Uint8Array[]): Bytes =>
  concat([0x5f], ...chunks.map((chunk) => bytes(chunk)), [0xff])

function shortest(argument: number | bigint): HeadSize {
  if (argument < 24) return 0
  if (argument < 0x100) return 1
  if (argument < 0x10000) return 2
  return argument < 0x1_0000_0000 ? 4 : 8
}
