/**
 * The examples of RFC 8949: what Appendix A encodes comes out with its value where the subset has
 * it, and is refused with the reason where not; what Appendix F calls not well-formed is refused,
 * all of it.
 */
import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor } from '../../src/encoding/cbor.ts'
import { hex, unhex } from '../attester/bytes.ts'
import { refused, source } from './refusal.ts'

const decode = (encoded: string): CborValue => decodeCbor(unhex(encoded), source)
const tagged = (tag: number, value: CborValue): CborValue => ({ tag, value })
const float = (encoded: string): CborValue => ({ float: unhex(encoded) })
const map = (...entries: readonly (readonly [number | string, CborValue])[]): CborValue => new Map(entries)
const oneTo25 = Array.from({ length: 25 }, (_, i) => i + 1)

describe('Appendix A, accepted', () => {
  test.each<readonly [encoded: string, value: CborValue]>([
    ['00', 0],
    ['01', 1],
    ['0a', 10],
    ['17', 23],
    ['1818', 24],
    ['1819', 25],
    ['1864', 100],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['20', -1],
    ['29', -10],
    ['3863', -100],
    ['3903e7', -1000],
    ['c249010000000000000000', tagged(2, unhex('010000000000000000'))],
    ['c349010000000000000000', tagged(3, unhex('010000000000000000'))],
    ...['f90000', 'f98000', 'f93c00', 'fb3ff199999999999a', 'f93e00', 'f97bff', 'fa47c35000', 'fa7f7fffff'].map(
      (encoded) => [encoded, float(encoded)] as const,
    ),
    ...['fb7e37e43c8800759c', 'f90001', 'f90400', 'f9c400', 'fbc010666666666666'].map(
      (encoded) => [encoded, float(encoded)] as const,
    ),
    ...['f97c00', 'f97e00', 'f9fc00', 'fa7f800000', 'fa7fc00000', 'faff800000'].map(
      (encoded) => [encoded, float(encoded)] as const,
    ),
    ...['fb7ff0000000000000', 'fb7ff8000000000000', 'fbfff0000000000000'].map(
      (encoded) => [encoded, float(encoded)] as const,
    ),
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['f7', undefined],
    ['c074323031332d30332d32315432303a30343a30305a', tagged(0, '2013-03-21T20:04:00Z')],
    ['c11a514b67b0', tagged(1, 1_363_896_240)],
    ['c1fb41d452d9ec200000', tagged(1, float('fb41d452d9ec200000'))],
    ['d74401020304', tagged(23, unhex('01020304'))],
    ['d818456449455446', tagged(24, unhex('6449455446'))],
    ['d82076687474703a2f2f7777772e6578616d706c652e636f6d', tagged(32, 'http://www.example.com')],
    ['40', unhex('')],
    ['4401020304', unhex('01020304')],
    ['60', ''],
    ['6161', 'a'],
    ['6449455446', 'IETF'],
    ['62225c', '"\\'],
    ['62c3bc', 'ü'],
    ['63e6b0b4', '水'],
    ['64f0908591', '\u{10151}'],
    ['80', []],
    ['83010203', [1, 2, 3]],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', oneTo25],
    ['a0', map()],
    ['a201020304', map([1, 2], [3, 4])],
    ['a26161016162820203', map(['a', 1], ['b', [2, 3]])],
    ['826161a161626163', ['a', map(['b', 'c'])]],
    ['a56161614161626142616361436164614461656145', map(['a', 'A'], ['b', 'B'], ['c', 'C'], ['d', 'D'], ['e', 'E'])],
    ['9fff', []],
    ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
    ['9f01820203820405ff', [1, [2, 3], [4, 5]]],
    ['83018202039f0405ff', [1, [2, 3], [4, 5]]],
    ['83019f0203ff820405', [1, [2, 3], [4, 5]]],
    ['9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff', oneTo25],
    ['bf61610161629f0203ffff', map(['a', 1], ['b', [2, 3]])],
    ['826161bf61626163ff', ['a', map(['b', 'c'])]],
    ['bf6346756ef563416d7421ff', map(['Fun', true], ['Amt', -2])],
  ])('%s', (encoded, value) => {
    expect(decode(encoded)).toStrictEqual(value)
  })
})

describe('Appendix A, outside of the subset', () => {
  test.each([
    ['1bffffffffffffffff', 'number above 2^53 at 0'],
    ['3bffffffffffffffff', 'number above 2^53 at 0'],
    ['f0', 'unknown simple value at 0'],
    ['f818', 'unknown simple value at 0'],
    ['f8ff', 'unknown simple value at 0'],
    ['5f42010243030405ff', 'indefinite length at 0'],
    ['7f657374726561646d696e67ff', 'indefinite length at 0'],
  ])('%s: %s', (encoded, problem) => {
    expect(refused(() => decode(encoded))).toBe(`payload-cbor: input: ${problem}`)
  })
})

/** Appendix F, by its headings. */
const notWellFormed: Readonly<Record<string, string>> = {
  'end of input in a head': `18 19 1a 1b 1901 1a0102 1b01020304050607 38 58 78 98 9a01ff00 b8 d8 f8 f900 fa0000 fb000000`,
  'definite-length strings with short data': `41 61 5affffffff00 5bffffffffffffffff010203 7affffffff00 7b7fffffffffffffff010203`,
  'definite-length maps and arrays not closed with enough items': `81 818181818181818181 8200 a1 a20102 a100 a2000000`,
  'tag number not followed by tag content': `c0`,
  'indefinite-length strings not closed by a break': `5f4100 7f6100`,
  'indefinite-length maps and arrays not closed by a break': `9f 9f0102 bf bf01020102 819f 9f8000 9f9f9f9f9fffffffff 9f819f819f9fffffff`,
  'reserved additional information': `1c 1d 1e 3c 3d 3e 5c 5d 5e 7c 7d 7e 9c 9d 9e bc bd be dc dd de fc fd fe`,
  'reserved two-byte encodings of simple values': `f800 f801 f818 f81f`,
  'string chunks not of the correct type': `5f00ff 5f21ff 5f6100ff 5f80ff 5fa0ff 5fc000ff 5fe0ff 7f4100ff`,
  'string chunks not definite length': `5f5f4100ffff 7f7f6100ffff`,
  'break on its own': `ff`,
  'break in a definite-length array or map or a tag': `81ff 8200ff a1ff a1ff00 a100ff a20000ff 9f81ff 9f829f819f9fffffffff`,
  'break in a value position': `bf00ff bf000000ff`,
  'major types 0, 1 and 6 with additional information 31': `1f 3f df`,
}

describe('Appendix F, not well-formed', () => {
  for (const [heading, examples] of Object.entries(notWellFormed)) {
    test.each(examples.split(' '))(`${heading}: %s`, (encoded) => {
      expect(refused(() => decode(encoded))).toMatch(/^payload-cbor: input: .+ at \d+/)
      expect(refused(() => decodeCbor(unhex(encoded), source, true))).toMatch(/^payload-cbor: input: .+ at \d+/)
    })
  }

  test('every item of up to two bytes: well-formed or refused as RFC 8949 Appendix C has it', () => {
    const accepted = [...twoByteInputs()].filter((bytes) => isAccepted(bytes)).map(hex)
    expect(accepted).toEqual([...twoByteInputs()].filter(isInSubset).map(hex))
  })
})

function* twoByteInputs(): Generator<Uint8Array<ArrayBuffer>> {
  for (let first = 0; first < 256; first++) {
    yield Uint8Array.of(first)
    for (let second = 0; second < 256; second++) yield Uint8Array.of(first, second)
  }
}

function isAccepted(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    decodeCbor(bytes, source)
    return true
  } catch {
    return false
  }
}

/** Written down by hand, one rule for each first byte. */
function isInSubset(bytes: Uint8Array): boolean {
  const [first = 0, second] = bytes
  const alone = second === undefined
  const isItem = (byte: number | undefined): boolean => byte !== undefined && isInSubset(Uint8Array.of(byte))
  if (first === 0x18 || first === 0x38) return !alone
  if (first === 0x58 || first === 0x78 || first === 0x98 || first === 0xb8) return second === 0
  if (first === 0x41) return !alone
  if (first === 0x61) return !alone && second < 0x80
  if (first === 0x81 || (first >= 0xc0 && first <= 0xd7)) return isItem(second)
  if (first === 0x9f || first === 0xbf) return second === 0xff
  if (!alone) return false
  return (
    first < 0x18 || (first >= 0x20 && first < 0x38) || [0x40, 0x60, 0x80, 0xa0, 0xf4, 0xf5, 0xf6, 0xf7].includes(first)
  )
}
