/**
 * What the readers and writers of launch memory share: pages, GUIDs, little-endian numbers.
 */
import { fromHex, toHex } from '../../encoding/bytes.ts'

/** Bytes of a page, the unit that a launch measures. */
export const pageSize = 4096

/**
 * A GUID as it lies in memory, in hexadecimal: its first three groups are little-endian numbers.
 */
export function guidOf(text: string): string {
  const [first, second, third, ...rest] = text.split('-').map((group) => fromHex(group)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  return [first.reverse(), second.reverse(), third.reverse(), ...rest].map((group) => toHex(group)).join('')
}

/** For numbers at offsets. */
export function view({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
