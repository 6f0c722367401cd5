/**
 * CRC-32, against its check value and against zlib.
 */
import * as zlib from 'node:zlib'
import { expect, test } from 'vitest'
import { crc32 } from '../../../src/reference/eif/crc32.ts'
import * as attester from '../../attester/eif.ts'

test('the check value of CRC-32/ISO-HDLC', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf4_3926)
  expect(crc32(new Uint8Array())).toBe(0)
})

test('in pieces and as a whole it is what zlib computes, bit by bit too', () => {
  const bytes = attester.noise(10_007, 5)
  // In gzip the checksum stands 8 bytes before the end, little-endian; `zlib.crc32` is not in every
  // Node that runs this.
  const expected = zlib.gzipSync(bytes).readUInt32LE(zlib.gzipSync(bytes).length - 8)
  expect(crc32(bytes)).toBe(expected)
  expect(attester.crc32(bytes)).toBe(expected)
  for (const at of [0, 1, 4096, 10_006, 10_007]) {
    expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(expected)
  }
})
