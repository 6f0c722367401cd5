/**
 * CBOR of tokens: heads of any length, what is opaque, and everything that is refused all the same.
 * Strict documents are read by another reader, which must go on refusing what this one takes.
 */
import { describe, expect, test } from 'vitest'
import { decodeCbor } from '../../src/encoding/cbor.ts'
import { decodeTokenCbor, tokenType, type TokenValue } from '../../src/encoding/cbor-token.ts'
import { concat, unhex } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { refused, source } from './refusal.ts'

const decode = (encoded: string): TokenValue => decodeTokenCbor(unhex(encoded), source)

describe('accepted', () => {
  test.each<readonly [string, string, TokenValue]>([
    ['an integer', '17', 23],
    ['an integer in nine bytes', '1b0000000000000000', 0],
    ['2^53 - 1', '1b001fffffffffffff', 2 ** 53 - 1],
    ['2^53', '1b0020000000000000', { opaque: 'integer' }],
    ['-1 in five bytes', '3a00000000', -1],
    ['-2^53', '3b001fffffffffffff', -(2 ** 53)],
    ['-2^64', '3bffffffffffffffff', { opaque: 'integer' }],
    ['bytes under a wide head', '5a00000001ff', unhex('ff')],
    ['text under a wide head', '7b000000000000000161', 'a'],
    ['an array under a wide head', '9900020102', [1, 2]],
    ['a map under a wide head', 'bb000000000000000118020a', new Map([[2, 10]])],
    ['a tag under a wide head', 'da0000018ff6', { tag: 399, value: null }],
    ['a half float', 'f93c00', { opaque: 'float' }],
    ['a double', 'fb3ff8000000000000', { opaque: 'float' }],
    ['a simple value', 'e0', { opaque: 'simple value' }],
    ['simple value 255', 'f8ff', { opaque: 'simple value' }],
    ['false, true, null, undefined', '84f4f5f6f7', [false, true, null, undefined]],
    ['eight arrays in each other', '8181818181818100', [[[[[[[0]]]]]]]],
    ['256 entries', `990100${'00'.repeat(256)}`, Array.from({ length: 256 }, () => 0)],
    ['text of 1 KiB', `790400${'61'.repeat(1024)}`, 'a'.repeat(1024)],
  ])('%s', (_what, encoded, value) => {
    expect(decode(encoded)).toEqual(value)
  })

  test('keys of all kinds, none of which is taken for another', () => {
    const keys = ['01', '6101', '4101', '1b0020000000000000', '3b0020000000000000', '6131', '491b0020000000000000']
    const map = decode(`a${keys.length}${keys.map((key) => `${key}f6`).join('')}`) as ReadonlyMap<unknown, unknown>
    expect(map.size).toBe(keys.length)
    expect([map.has(1), map.has('\u0001'), map.has('1')]).toEqual([true, true, true])
  })

  test('what types are called', () => {
    const called = ['00', '20', '1b0020000000000000', '60', '40', '80', 'a0', 'c100', 'f4', 'f6', 'f7', 'f93c00', 'e0']
    expect(called.map((encoded) => tokenType(decode(encoded)))).toEqual([
      ...['int', 'int', 'integer', 'tstr', 'bstr', 'array', 'map', 'tag', 'false', 'null', 'undefined'],
      ...['float', 'simple value'],
    ])
  })
})

describe('refused', () => {
  test.each([
    ['nothing at all', '', 'item at 0 needs 1 bytes, found 0'],
    ['two items', '0000', '1 bytes left over at 1'],
    ['an array of indefinite length', '9fff', 'indefinite length at 0'],
    ['a map of indefinite length', 'bfff', 'indefinite length at 0'],
    ['bytes in chunks', '5f4100ff', 'indefinite length at 0'],
    ['text in chunks', '7f6161ff', 'indefinite length at 0'],
    ['a break', '81ff', 'indefinite length at 1'],
    ['a reserved head', '811c', 'reserved head at 1'],
    ['false in two bytes', 'f814', 'simple value in two bytes at 0'],
    ['simple value 31', 'f81f', 'simple value in two bytes at 0'],
    ['a key twice', 'a201000100', 'duplicate key 1 at 0'],
    ['a key twice, written longer', 'a201001b000000000000000100', 'duplicate key 1 at 0'],
    ['a text key twice, written longer', 'a261610078016100', 'duplicate key "a" at 0'],
    ['bytes as a key twice', 'a2410000580100f6', 'duplicate key "\\ud800h00" at 0'],
    [
      'a large key twice',
      'a21b0020000000000000f61b0020000000000000f6',
      'duplicate key "\\ud8001b0020000000000000" at 0',
    ],
    ['a key twice inside a claim', '8101a101a201000100', 'bytes left over'],
    ['a key twice further down', '81a101a201000100', 'duplicate key 1 at 3'],
    ['an array as a key', 'a180f6', 'key is no integer, text or bytes at 0'],
    ['a float as a key', 'a1f93c00f6', 'key is no integer, text or bytes at 0'],
    ['invalid UTF-8', '61ff', 'invalid UTF-8 at 0'],
    ['half of a surrogate pair', '63eda080', 'invalid UTF-8 at 0'],
    ['nine arrays in each other', '818181818181818181', 'nested too deep at 8'],
    ['257 entries', `990101${'00'.repeat(257)}`, 'too many entries at 0'],
    ['257 entries of a map', `b90101${'00'.repeat(514)}`, 'too many entries at 0'],
    ['text of more than 1 KiB', `790401${'61'.repeat(1025)}`, 'text too long at 0'],
    ['more entries than bytes', '9b7fffffffffffffff', 'entries in 0 bytes at 0'],
    ['more bytes than there are', '5b7fffffffffffffff', 'needs 9223372036854776000 bytes, found 0'],
  ])('%s', (_what, encoded, message) => {
    expect(refused(() => decode(encoded))).toMatch(/^payload-cbor: input: /)
    expect(refused(() => decode(encoded))).toContain(message)
  })

  test('more than 8192 items', () => {
    const rows = (count: number): Uint8Array<ArrayBuffer> =>
      cbor.array(
        ...Array.from({ length: 32 }, () => cbor.array(...Array.from({ length: count }, () => cbor.unsigned(0)))),
      )
    expect(decodeTokenCbor(rows(254), source)).toHaveLength(32)
    expect(refused(() => decodeTokenCbor(concat(rows(256)), source))).toMatch(/too many items at /)
  })
})

describe('what only tokens may have', () => {
  test.each([
    ['a longer head, in strict documents', '1800', true, 'head not in shortest form'],
    ['64-bit integers', '1b0020000000000000', false, 'number above 2^53'],
    ['simple values', 'e0', false, 'unknown simple value'],
    ['bytes as keys', 'a14100f6', false, 'key is bstr'],
  ] as const)('%s', (_what, encoded, deterministic, message) => {
    decode(encoded)
    expect(refused(() => decodeCbor(unhex(encoded), source, deterministic))).toContain(message)
  })
})
