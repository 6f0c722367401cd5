/**
 * The second opinion on CBOR: `cbor-x`, told to change as little as it can, and both readers' values in one notation that can be compared.
 */
import { Decoder, Tag } from 'cbor-x'
import { hex } from '../attester/bytes.ts'

const decoder = new Decoder({
  mapsAsObjects: false,
  useRecords: false,
  tagUint8Array: false,
  int64AsNumber: true,
} as never)

/** @throws whatever `cbor-x` throws, also for what is left over */
export function decodeTheirs(bytes: Uint8Array): unknown {
  return decoder.decode(bytes)
}

export function isTheirTag(value: unknown): value is Tag {
  return value instanceof Tag
}

/**
 * A value of either reader as text: types, order of map entries and bytes included. Three things that `cbor-x` interprets and we leave as they stand are
 * interpreted for us: floats, bignums (tags 2 and 3) and the mark of self-described CBOR (tag 55799).
 */
export function notation(value: unknown): string {
  if (value instanceof Uint8Array) return `h'${hex(value)}'`
  if (Array.isArray(value)) return `[${value.map(notation).join(', ')}]`
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${notation(key)}: ${notation(item)}`).join(', ')}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if ('float' in value) return String(floatOf(value.float as Uint8Array))
  const { tag, value: content } = value as { tag: number; value: unknown }
  if (tag === 55_799) return notation(content)
  if (content instanceof Uint8Array && tag === 2) return String(BigInt(`0x${hex(content)}`))
  if (content instanceof Uint8Array && tag === 3) return String(-1n - BigInt(`0x${hex(content)}`))
  return `${tag}(${notation(content)})`
}

/** The value of a float, head included. */
function floatOf(encoded: Uint8Array): number {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  if (encoded.length === 9) return view.getFloat64(1)
  if (encoded.length === 5) return view.getFloat32(1)
  const half = view.getUint16(1)
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023]
  const sign = half >> 15 === 0 ? 1 : -1
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}
