/**
 * CRC-32 as zlib and IEEE 802.3 have it: reflected polynomial edb88320, inverted before and after.
 * It finds damage, not malice.
 */
import type { Bytes } from '../../encoding/bytes.ts'

const table = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  return remainder
})

/**
 * The checksum of `bytes`, or of everything that `before` is the checksum of, followed by `bytes`.
 */
export function crc32(bytes: Bytes, before = 0): number {
  let state = ~before
  // By index, which is twice as fast: this runs over every byte of an image.
  let i = 0
  while (i < bytes.length) state = (table[(state ^ (bytes[i++] as number)) & 0xff] as number) ^ (state >>> 8)
  return ~state >>> 0
}
