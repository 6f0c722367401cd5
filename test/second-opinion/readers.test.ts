/**
 * What the four libraries let pass, refused before they see it, and within bounds: nothing recurses
 * as deep as the input says, and nothing grows with what it claims.
 */
import { describe, expect, test } from 'vitest'
import { octetsOfBase64 } from '../../src/second-opinion/readers/bytes.ts'
import { readStrictCbor } from '../../src/second-opinion/readers/cbor.ts'
import { readEnvelope } from '../../src/second-opinion/readers/cose.ts'
import { momentOf, readStrictDer } from '../../src/second-opinion/readers/der.ts'
import { certificatesInPem, dateIn, readStrictJson } from '../../src/second-opinion/readers/text.ts'
import { snapshotOf } from '../../src/second-opinion/snapshot.ts'
import { findDifference, written } from '../../src/second-opinion/compare.ts'
import { concat, unhex } from '../attester/bytes.ts'

const loose = { items: 1000, isDeterministic: false }
const strict = { items: 1000, isDeterministic: true }

describe('CBOR', () => {
  test.each([
    ['a key twice', 'a2616101616102', 'a key is there twice in one map'],
    ['a key twice, with heads of two widths', 'a20101180102', 'a key is there twice in one map'],
    ['a key twice, inside', '81a201020103', 'a key is there twice in one map'],
    ['a list as a key', 'a1810101', 'a key that is neither a number nor a text'],
    ['invalid UTF-8', '61ff', 'The encoded data was not valid for encoding utf-8'],
    ['a string in pieces', '7f6161ff', 'an indefinite length'],
    ['a break without a beginning', 'ff', 'an indefinite length'],
    ['half a pair', 'bf01ff', 'a key without a value'],
    ['a reserved head', '1c', 'a reserved head'],
    ['a simple value without a meaning', 'f3', 'an unknown simple value'],
    ['a number above 2^53', '1b0020000000000000', 'a number above 2^53'],
    ['more entries than bytes', '9a00ffffff01', 'more entries than bytes'],
    ['something behind it', '0100', '1 bytes left over'],
    ['nothing', '', 'an item beyond the end'],
    ['a string beyond the end', '4401', 'a string beyond the end'],
  ])('%s', (_what, hex, message) => {
    expect(() => readStrictCbor(unhex(hex), loose)).toThrow(message)
  })

  test('longer heads than needed, where there is one form only', () => {
    expect(readStrictCbor(unhex('1801'), loose)).toBe(1)
    expect(() => readStrictCbor(unhex('1801'), strict)).toThrow('a head that is longer than needed')
    expect(() => readStrictCbor(unhex('9fff'), strict)).toThrow('an indefinite length')
  })

  test('the library acts on no tag, and floats stay what they are', () => {
    for (const [hex, value] of [
      ['c000', { tag: 0, value: 0 }],
      ['c101', { tag: 1, value: 1 }],
      ['c24101', { tag: 2, value: Uint8Array.of(1) }],
      ['d9010281c101', { tag: 258, value: [{ tag: 1, value: 1 }] }],
      ['d9dfff8101', { tag: 0xdfff, value: [1] }],
      ['d869a0', { tag: 105, value: new Map() }],
      ['f93c00', { float: unhex('f93c00') }],
    ] as const)
      expect(readStrictCbor(unhex(hex), loose)).toEqual(value)
  })

  test('nesting and counts are bounded', () => {
    expect(() => readStrictCbor(new Uint8Array(60_000).fill(0x81), { items: 1e6, isDeterministic: false })).toThrow(
      'nested too deep',
    )
    expect(() => readStrictCbor(new Uint8Array(60_000).fill(0xc1), { items: 1e6, isDeterministic: false })).toThrow(
      'nested too deep',
    )
    expect(() => readStrictCbor(new Uint8Array(60_000).fill(0x9f), { items: 1e6, isDeterministic: false })).toThrow(
      'nested too deep',
    )
    expect(() => readStrictCbor(concat([0x99, 0x07, 0xd0], new Uint8Array(2000)), loose)).toThrow('too many items')
  })

  test('an envelope has one form', () => {
    const sound = unhex('8443a10122a0410041ff')
    expect(readEnvelope(sound).payload).toEqual(Uint8Array.of(0))
    expect(readEnvelope(concat([0xd2], sound)).signed).toEqual(readEnvelope(sound).signed)
    for (const [hex, message] of [
      ['d8128443a10122a0410041ff', 'a head that is longer than needed'],
      ['d18443a10122a0410041ff', 'no COSE_Sign1'],
      ['9f43a10122a0410041ffff', 'an indefinite length'],
      ['8443a10122a0f641ff', 'must be bytes'],
      ['8443a1012280410041ff', 'unprotected header must be a map'],
      ['844101a0410041ff', 'protected header must be a map'],
      ['8340a04100', 'not four items'],
    ] as const)
      expect(() => readEnvelope(unhex(hex))).toThrow(message)
  })
})

describe('DER', () => {
  test.each([
    ['an indefinite length', '30800000', 'an indefinite length'],
    ['a length in two bytes that fits one', '04810100', 'longer than needed'],
    ['a padded INTEGER', '02020001', 'a padded INTEGER'],
    ['an empty INTEGER', '0200', 'an INTEGER without content'],
    ['a BOOLEAN of 01', '010101', 'a BOOLEAN that is neither 00 nor FF'],
    ['unused bits that are set', '03020701', 'unused bits that are set'],
    ['a NULL with content', '050100', 'a NULL with content'],
    ['a padded OBJECT IDENTIFIER', '06028001', 'a padded OBJECT IDENTIFIER'],
    ['a type in pieces', '2403040101', 'a type in pieces'],
    ['a SEQUENCE that is primitive', '1000', 'a list in one'],
    ['something behind it', '050000', '1 bytes left over'],
    ['a child beyond its parent', '30030203010203', 'reaches beyond what is around it'],
    ['nothing', '', 'no element'],
  ])('%s', (_what, hex, message) => {
    expect(() => readStrictDer(unhex(hex))).toThrow(new RegExp(message))
  })

  test.each([
    ['20260101000000Z in 2026, in the long form', '180f32303236303130313030303030305a'],
    ['without seconds', '170b323630313031303030305a'],
    ['30 February', '170d3236303233303030303030305a'],
    ['with a zone', '17113236303130313030303030302b30303030'],
    ['hour 24', '170d3236303130313234303030305a'],
  ])('no time: %s', (_what, hex) => {
    expect(() => momentOf(readStrictDer(unhex(hex)))).toThrow(/is no time|Wrong input string/)
  })

  test('a time', () => {
    expect(momentOf(readStrictDer(unhex('170d3236303630313132303030305a')))).toBe(Date.UTC(2026, 5, 1, 12))
    expect(momentOf(readStrictDer(unhex('170d3530303130313030303030305a')))).toBe(Date.UTC(1950, 0, 1))
  })

  test('nesting is bounded', () => {
    let nested: Uint8Array<ArrayBuffer> = unhex('0500')
    for (let i = 0; i < 40; i++) nested = concat([0x30, nested.length], nested)
    expect(() => readStrictDer(nested)).toThrow('nested too deep')
  })

  test('a list of a hundred thousand elements is read, a longer one is not', () => {
    const list = (count: number): Uint8Array<ArrayBuffer> => {
      const content = new Uint8Array(2 * count)
      for (let i = 0; i < count; i++) content[2 * i] = 5
      const { length } = content
      return concat([0x30, 0x83, length >> 16, (length >> 8) & 255, length & 255], content)
    }
    expect(readStrictDer(list(100_000)).idBlock.tagNumber).toBe(16)
    expect(() => readStrictDer(list(300_000))).toThrow('too many elements')
  })
})

describe('texts', () => {
  test.each([
    ['{"a":1,"a":2}', 'is there twice'],
    ['{"a":{"b":1,"\\u0062":2}}', 'is there twice'],
    ['{"a":[{"b":1,"b":2}]}', 'is there twice'],
    ['[]', 'no JSON object'],
    ['{"a":1}x', 'JSON'],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'nested too deep'],
  ])('JSON %s', (text, message) => {
    expect(() => readStrictJson(text)).toThrow(message)
  })

  test('members are the text that stands there', () => {
    const { members } = readStrictJson('{ "a" : {"b": [1, "}"], "c":"\\""} , "signature":"00" }')
    expect([...members]).toEqual([
      ['a', '{"b": [1, "}"], "c":"\\""}'],
      ['signature', '"00"'],
    ])
  })

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-06-01',
    '2026-06-01T12:00:00+00:00',
    '2026-06-01T12:00:00.000Z',
    'tomorrow',
  ])('no date: %s', (date) => {
    expect(() => dateIn({ date }, 'date')).toThrow('is no date')
  })

  test.each([
    ['no block', 'no certificate'],
    ['-----BEGIN CERTIFICATE-----\nAA==', 'does not end'],
    ['-----BEGIN CERTIFICATE-----\nAB==\n-----END CERTIFICATE-----', 'not canonical'],
    ['-----BEGIN CERTIFICATE-----\nA A=\n-----END CERTIFICATE-----', 'no base64'],
    ['-----BEGIN KEY-----\nAA==\n-----END KEY-----', 'no certificate'],
    ['-----END CERTIFICATE-----', 'begins or ends in another'],
  ])('PEM %j', (text, message) => {
    expect(() => certificatesInPem(text)).toThrow(message)
  })

  test('base64 in both alphabets, canonical', () => {
    expect(octetsOfBase64('+/8=')).toEqual(Uint8Array.of(0xfb, 0xff))
    expect(octetsOfBase64('-_8')).toEqual(Uint8Array.of(0xfb, 0xff))
    for (const text of ['+/8', '-_8=', '+/9=', ' +/8=', '+/8=\n', 'A']) expect(() => octetsOfBase64(text)).toThrow()
  })
})

describe('options and claims', () => {
  test("a copy is the caller's object, without the caller", () => {
    const bytes = Uint8Array.of(1)
    const trace = (): void => undefined
    const given = {
      bytes,
      list: [bytes, undefined, 1],
      date: new Date(0),
      symbol: Symbol.for('a'),
      trace,
      cache: new Map(),
      inner: { a: 1 },
    }
    const copy = snapshotOf(given) as typeof given
    bytes[0] = 2
    given.inner.a = 2
    expect(copy.bytes).toEqual(Uint8Array.of(1))
    expect(copy.inner).toEqual({ a: 1 })
    expect(copy.list).toHaveLength(3)
    expect([copy.trace, copy.cache, copy.symbol]).toEqual([trace, given.cache, given.symbol])
    expect(copy.cache).toBe(given.cache)
  })

  test('what inherits stays what it is, and circles end', () => {
    const inherits = Object.create({ a: 1 }) as object
    expect(snapshotOf(inherits)).toBe(inherits)
    const circle: Record<string, unknown> = {}
    circle.again = circle
    expect(snapshotOf(circle)).toHaveProperty('again.again')
  })

  test('values differ by type, order of lists and of maps', () => {
    const same: readonly unknown[] = [
      1,
      '1',
      true,
      null,
      1n,
      Uint8Array.of(1),
      [1],
      new Map([[1, 1]]),
      new Map([['1', 1]]),
      new Date(1),
      { a: 1 },
    ]
    for (const [i, a] of same.entries())
      for (const [j, b] of same.entries())
        expect(findDifference(a, b, 'it') === undefined, `${written(a)} ${written(b)}`).toBe(i === j)
    expect(findDifference({ a: undefined }, {}, 'it')).toBeUndefined()
    expect(findDifference({ a: { b: [1, 2] } }, { a: { b: [2, 1] } }, 'it')).toEqual({
      path: 'it.a.b',
      first: '[1, 2]',
      second: '[2, 1]',
    })
  })
})
