/**
 * DER: one row for each thing that BER allows and DER, or RFC 5280, does not.
 */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import {
  bitStringOctets,
  BOOLEAN,
  childrenOf,
  contentOf,
  context,
  decodeDer,
  type DerNode,
  GENERALIZED_TIME,
  INTEGER,
  NULL,
  objectIdentifier,
  OCTET_STRING,
  rawOf,
  SEQUENCE,
  smallInteger,
  time,
  UTC_TIME,
} from '../../src/encoding/der.ts'
import type { Source } from '../../src/encoding/reader.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import * as der from '../attester/der.ts'
import { outcomeOf, refused, seeded } from './refusal.ts'

const source: Source = { name: 'leaf', code: 'cert-parse' }
const decode = (encoded: string): DerNode => decodeDer(unhex(encoded), source)
const refusal = (encoded: string): string => refused(() => decode(encoded))
const long = (length: number): string => '00'.repeat(length)

describe('refused', () => {
  test.each([
    ['nothing', '', 'tag at 0 needs 1 bytes, found 0'],
    ['a tag alone', '30', 'length at 1 needs 1 bytes, found 0'],
    ['a byte more', '050000', '1 bytes left over at 2'],
    ['two elements', '05000500', '2 bytes left over at 2'],
    ['a length past the end', '040200', 'content at 2 needs 2 bytes, found 1'],
    ['a child past the end of its parent', '30030402000500', 'tag 30 at 0 is not DER'],
    ['a grandchild past the end of its parent', '300630030402000201', 'tag 30 at 2 is not DER'],
    ['a parent that ends inside of a child', '300104', 'length at 3 needs 1 bytes, found 0'],
    // X.690 section 10.1
    ['an indefinite length', '30800000', 'length at 2 not in shortest form'],
    ['an indefinite length inside', '300430800000', 'length at 4 not in shortest form'],
    ['5 in the long form', '3081050403000000', 'length at 3 not in shortest form'],
    ['0 in the long form', '308100', 'length at 3 not in shortest form'],
    ['127 in the long form', '04817f' + long(127), 'length at 3 not in shortest form'],
    ['128 in two bytes', '04820080' + long(128), 'length at 4 not in shortest form'],
    ['255 in two bytes', '048200ff' + long(255), 'length at 4 not in shortest form'],
    ['256 in three bytes', '0483000100' + long(256), 'length at 5 not in shortest form'],
    ['2^16 in four bytes', '048400010000', 'length at 6 not in shortest form'],
    ['65535 in three bytes', '048300ffff', 'length at 5 not in shortest form'],
    ['a length of 2^32 - 1', '0484ffffffff00', 'content at 6 needs 4294967295 bytes, found 1'],
    ['a length of 2^32', '04850100000000', 'length at 2 not in shortest form'],
    ['a length of 8 bytes', '048800000000000000ff', 'length at 2 not in shortest form'],
    ['a length of 126 bytes', '04fe' + long(126), 'length at 2 not in shortest form'],
    ['the reserved length ff', '04ff' + long(127), 'length at 2 not in shortest form'],
    ['a length that is cut', '048201', 'length at 2 needs 2 bytes, found 1'],
    // X.690 section 8.1.2.4
    ['a tag of two bytes', '1f0100', 'tag 1f at 0 is not DER'],
    ['a context tag of two bytes', 'bf020500', 'tag bf at 0 is not DER'],
    // Section 11.1
    ['TRUE as 01', '010101', 'tag 01 at 0 is not DER'],
    ['TRUE as fe', '0101fe', 'tag 01 at 0 is not DER'],
    ['an empty BOOLEAN', '0100', 'tag 01 at 0 is not DER'],
    ['a BOOLEAN of two bytes', '0102ffff', 'tag 01 at 0 is not DER'],
    ['TRUE as 01, inside', '3003010101', 'tag 01 at 2 is not DER'],
    // Section 8.3
    ['an empty INTEGER', '0200', 'tag 02 at 0 is not DER'],
    ['1 with a zero in front', '02020001', 'tag 02 at 0 is not DER'],
    ['0 in two bytes', '02020000', 'tag 02 at 0 is not DER'],
    ['127 in two bytes', '0202007f', 'tag 02 at 0 is not DER'],
    ['-1 in two bytes', '0202ffff', 'tag 02 at 0 is not DER'],
    ['-128 in two bytes', '0202ff80', 'tag 02 at 0 is not DER'],
    ['an empty ENUMERATED', '0a00', 'tag 0a at 0 is not DER'],
    ['a padded ENUMERATED', '0a020001', 'tag 0a at 0 is not DER'],
    // Section 8.6 and 11.2
    ['a BIT STRING without its first byte', '0300', 'tag 03 at 0 is not DER'],
    ['8 unused bits', '03020800', 'tag 03 at 0 is not DER'],
    ['255 unused bits', '0302ff00', 'tag 03 at 0 is not DER'],
    ['unused bits of nothing', '030101', 'tag 03 at 0 is not DER'],
    ['an unused bit that is set', '03020101', 'tag 03 at 0 is not DER'],
    ['7 unused bits, one of them set', '03020740', 'tag 03 at 0 is not DER'],
    // Section 8.8
    ['NULL with content', '050100', 'tag 05 at 0 is not DER'],
    // Section 8.19
    ['an empty OBJECT IDENTIFIER', '0600', 'tag 06 at 0 is not DER'],
    ['an OBJECT IDENTIFIER that is cut', '0602559d', 'tag 06 at 0 is not DER'],
    ['one that is nothing but cut', '060180', 'tag 06 at 0 is not DER'],
    ['one that starts with padding', '0602801d', 'tag 06 at 0 is not DER'],
    ['a long one that starts with padding', '068180' + '80' + '01'.repeat(127), 'tag 06 at 0 is not DER'],
    ['one with padding in the middle', '060455801d13', 'tag 06 at 0 is not DER'],
    ['one with padding, twice', '06055580801d' + '13', 'tag 06 at 0 is not DER'],
    // Section 10.2, and constructed where it must not be
    ['an OCTET STRING in pieces', '240404020102', 'tag 24 at 0 is not DER'],
    ['a BIT STRING in pieces', '230403020000', 'tag 23 at 0 is not DER'],
    ['a UTF8String in pieces', '2c030c0161', 'tag 2c at 0 is not DER'],
    ['a PrintableString in pieces', '3303130161', 'tag 33 at 0 is not DER'],
    ['an INTEGER in pieces', '2203020101', 'tag 22 at 0 is not DER'],
    ['a UTCTime in pieces', '3700', 'tag 37 at 0 is not DER'],
    ['a SEQUENCE that is primitive', '1000', 'tag 10 at 0 is not DER'],
    ['a SET that is primitive', '1100', 'tag 11 at 0 is not DER'],
  ])('%s', (_what, encoded, problem) => {
    expect(refusal(encoded)).toBe(`cert-parse: leaf: ${problem}`)
  })

  test('end-of-contents octets, which DER has none of (X.690 section 8.1.5)', () => {
    expect(refusal('0000')).toMatch(/^cert-parse: leaf: /)
    expect(refusal('30020000')).toMatch(/^cert-parse: leaf: /)
  })

  test('nesting below 16', () => {
    const nested = (depth: number): Uint8Array<ArrayBuffer> =>
      Array.from({ length: depth - 1 }).reduce<Uint8Array<ArrayBuffer>>((inner) => der.sequence(inner), unhex('0500'))
    expect(() => decodeDer(nested(16), source)).not.toThrow()
    expect(refused(() => decodeDer(nested(17), source))).toBe('cert-parse: leaf: nested too deep at 32')
    expect(refused(() => decodeDer(nested(2000), source))).toBe('cert-parse: leaf: nested too deep at 64')
  })
})

describe('accepted', () => {
  test.each([
    ['an empty SEQUENCE', '3000'],
    ['127 in one byte', '047f' + long(127)],
    ['128 in the long form', '048180' + long(128)],
    ['255', '0481ff' + long(255)],
    ['256', '04820100' + long(256)],
    ['65536', '0483010000' + long(65_536)],
    ['FALSE', '010100'],
    ['TRUE', '0101ff'],
    ['0', '020100'],
    ['128', '02020080'],
    ['-1', '0201ff'],
    ['-129', '0202ff7f'],
    ['an empty BIT STRING', '030100'],
    ['a named bit', '03020780'],
    ['7 unused bits, none set', '03020700'],
    ['NULL', '0500'],
    ['an OBJECT IDENTIFIER', '0603551d13'],
    ['one of an arc with zeros inside, 128 * 128', '060455818000'],
    ['one of an arc with more zeros inside, 2^21', '06055581808000'],
    ['one of an arc with many zeros inside, 2^28', '0606558180808000'],
    ['a SET', '31020500'],
    ['a context tag, constructed', 'a0020500'],
    ['a context tag, primitive', '8000'],
    ['an OCTET STRING with anything inside', '04020500'],
  ])('%s', (_what, encoded) => {
    expect(hex(rawOf(decode(encoded)))).toBe(encoded)
  })

  test('a tree of views', () => {
    const bytes = concat([9], unhex('3007020105a0020500')).subarray(1)
    const node = decodeDer(bytes, source)
    expect(node.tag).toBe(SEQUENCE)
    expect(node.children.map(({ tag }) => tag)).toEqual([INTEGER, context(0)])
    const inner = node.children[1]?.children[0] as DerNode
    expect([inner.tag, hex(rawOf(inner)), contentOf(inner).length, inner.children]).toEqual([NULL, '0500', 0, []])
    expect(rawOf(inner).buffer).toBe(bytes.buffer)
    // What is inside of an OCTET STRING or BIT STRING is no child.
    expect(decode('04020500').children).toEqual([])
  })
})

describe('childrenOf: exactly these, in this order', () => {
  const node = decode('3006020105010100')
  test('as asked for', () => {
    expect(childrenOf(node, source, 'pair', [INTEGER, BOOLEAN]).map((child) => hex(rawOf(child)))).toEqual([
      '020105',
      '010100',
    ])
  })

  test.each([
    ['one less', [INTEGER], '02'],
    ['one more', [INTEGER, BOOLEAN, NULL], '020105'],
    ['another order', [BOOLEAN, INTEGER], '0102'],
    ['another tag', [INTEGER, NULL], '0205'],
    ['none', [], ''],
  ])('%s', (_what, tags, wanted) => {
    expect(refused(() => childrenOf(node, source, 'pair', tags))).toBe(
      `cert-parse: leaf: pair must have the tags ${wanted}, found 0201`,
    )
  })
})

describe('values', () => {
  test.each([
    ['020100', 0],
    ['02017f', 127],
    ['02020080', 128],
    ['02047fffffff', 2 ** 31 - 1],
  ])('smallInteger %s', (encoded, value) => {
    expect(smallInteger(decode(encoded), source)).toBe(value)
  })

  test.each(['0201ff', '020180', '02050080000000', '02050100000000'])('smallInteger refuses %s', (encoded) => {
    expect(refused(() => smallInteger(decode(encoded), source))).toBe('cert-parse: leaf: integer out of range')
  })

  test.each([
    ['0603551d13', '2.5.29.19'],
    ['06092a864886f70d010101', '1.2.840.113549.1.1.1'],
    ['060100', '0.0'],
    ['060127', '0.39'],
    ['060128', '1.0'],
    ['06014f', '1.39'],
    ['060150', '2.0'],
    ['06028837', '2.999'],
    ['060455818000', '2.5.16384'],
  ])('objectIdentifier %s is %s', (encoded, dotted) => {
    expect(objectIdentifier(decode(encoded))).toBe(dotted)
  })

  test('bitStringOctets', () => {
    expect(hex(bitStringOctets(decode('030300abcd'), source))).toBe('abcd')
    expect(hex(bitStringOctets(decode('030100'), source))).toBe('')
    expect(refused(() => bitStringOctets(decode('030201aa'), source))).toBe(
      'cert-parse: leaf: bit string with unused bits',
    )
  })
})

describe('time: RFC 5280 section 4.1.2.5', () => {
  const node = (tag: number, text: string): DerNode =>
    decodeDer(der.element(tag, new TextEncoder().encode(text)), source)

  test.each([
    ['240229235959Z', '2024-02-29T23:59:59.000Z'],
    ['000229000000Z', '2000-02-29T00:00:00.000Z'],
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['991231235959Z', '1999-12-31T23:59:59.000Z'],
    ['700101000000Z', '1970-01-01T00:00:00.000Z'],
    ['690720201740Z', '1969-07-20T20:17:40.000Z'],
  ])('UTCTime %s', (text, iso) => {
    expect(time(node(UTC_TIME, text), source)).toBe(Date.parse(iso))
  })

  test.each([
    ['20500101000000Z', '2050-01-01T00:00:00.000Z'],
    ['20520229120000Z', '2052-02-29T12:00:00.000Z'],
    ['24000229000000Z', '2400-02-29T00:00:00.000Z'],
    ['99991231235959Z', '9999-12-31T23:59:59.000Z'],
  ])('GeneralizedTime %s', (text, iso) => {
    expect(time(node(GENERALIZED_TIME, text), source)).toBe(Date.parse(iso))
  })

  test.each([
    ['UTCTime without seconds', UTC_TIME, '2402292359Z'],
    ['UTCTime without Z', UTC_TIME, '240229235959'],
    ['UTCTime with an offset', UTC_TIME, '240229235959+0000'],
    ['UTCTime with an offset, without seconds', UTC_TIME, '2402292359+0100'],
    ['UTCTime with a fraction', UTC_TIME, '240229235959.5Z'],
    ['UTCTime with four digits of the year', UTC_TIME, '20240229235959Z'],
    ['lower-case z', UTC_TIME, '240229235959z'],
    ['30 February', UTC_TIME, '240230000000Z'],
    ['31 April', UTC_TIME, '240431000000Z'],
    ['29 February of no leap year', UTC_TIME, '230229000000Z'],
    ['month 13', UTC_TIME, '241301000000Z'],
    ['month 0', UTC_TIME, '240001000000Z'],
    ['day 0', UTC_TIME, '240100000000Z'],
    ['day 32', UTC_TIME, '240132000000Z'],
    ['hour 24', UTC_TIME, '240101240000Z'],
    ['minute 60', UTC_TIME, '240101006000Z'],
    ['second 60', UTC_TIME, '161231235960Z'],
    ['second 60, not at the end of a day', UTC_TIME, '260601120060Z'],
    ['second 99', UTC_TIME, '260601120099Z'],
    ['minute 60', UTC_TIME, '260601126000Z'],
    ['a sign', UTC_TIME, '-40101000000Z'],
    ['a space', UTC_TIME, '24 101000000Z'],
    ['NUL at the end', UTC_TIME, '240101000000Z\0'],
    ['nothing', UTC_TIME, ''],
    ['letters', UTC_TIME, 'YYMMDDHHMMSSZ'],
    ['GeneralizedTime before 2050', GENERALIZED_TIME, '20491231235959Z'],
    ['GeneralizedTime of 1949', GENERALIZED_TIME, '19491231235959Z'],
    ['GeneralizedTime of the year 0', GENERALIZED_TIME, '00000101000000Z'],
    ['GeneralizedTime with a fraction', GENERALIZED_TIME, '20500101000000.5Z'],
    ['GeneralizedTime with an empty fraction', GENERALIZED_TIME, '20500101000000.Z'],
    ['GeneralizedTime without Z', GENERALIZED_TIME, '20500101000000'],
    ['GeneralizedTime with an offset', GENERALIZED_TIME, '20500101000000+0000'],
    ['GeneralizedTime without seconds', GENERALIZED_TIME, '205001010000Z'],
    ['GeneralizedTime with two digits of the year', GENERALIZED_TIME, '500101000000Z'],
    ['GeneralizedTime: 29 February 2100', GENERALIZED_TIME, '21000229000000Z'],
    ['GeneralizedTime: year 10000', GENERALIZED_TIME, '100000101000000Z'],
    ['an ISO time', GENERALIZED_TIME, '2050-01-01T00:00Z'],
    ['an ISO date', GENERALIZED_TIME, '2050-01-01'],
    ['another type', OCTET_STRING, '240229235959Z'],
    ['a PrintableString', 0x13, '240229235959Z'],
  ])('refuses %s', (_what, tag, text) => {
    expect(refused(() => time(node(tag, text), source))).toBe(
      `cert-parse: leaf: ${JSON.stringify(text.slice(0, 16))} is no time`,
    )
  })

  test('any second of 1950 to 9999, written as RFC 5280 says, comes back', () => {
    const first = Date.UTC(1950, 0, 1) / 1000
    const last = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000
    fc.assert(
      fc.property(fc.integer({ min: first, max: last }), (seconds) => {
        const digits = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.000/g, '')
        const given = digits < '2050' ? node(UTC_TIME, digits.slice(2)) : node(GENERALIZED_TIME, digits)
        expect(time(given, source)).toBe(seconds * 1000)
      }),
      seeded,
    )
  })
})

describe('noise', () => {
  const lively = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 0x0a, 0x17, 0x18, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa0, 0xa3, 0xff),
    ),
    { maxLength: 60 },
  )

  test('random bytes: a tree that covers all of them, or a refusal', () => {
    fc.assert(
      fc.property(lively, (noise) => {
        const input = Uint8Array.from(noise)
        const outcome = outcomeOf(() => decodeDer(input, source))
        if (outcome !== 'refused') expect(leavesOf(outcome.value)).toBe(hex(input))
      }),
      { ...seeded, numRuns: 20_000 },
    )
  })

  test('an element, cut anywhere or with a byte more: refused', () => {
    const leaf = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((content) => der.octetString(content)),
      fc.uint8Array({ maxLength: 20 }).map((content) => der.unsigned(content)),
      fc.boolean().map((value) => der.boolean(value)),
    )
    fc.assert(
      fc.property(fc.array(leaf, { maxLength: 3 }), (leaves) => {
        const whole = der.sequence(der.explicit(0, ...leaves), ...leaves)
        expect(decodeDer(whole, source).children).toHaveLength(1 + leaves.length)
        for (let length = 0; length < whole.length; length++) {
          expect(outcomeOf(() => decodeDer(whole.subarray(0, length), source))).toBe('refused')
        }
        expect(outcomeOf(() => decodeDer(concat(whole, [0]), source))).toBe('refused')
      }),
      { ...seeded, numRuns: 50 },
    )
  })
})

test('work grows with the input and no faster', () => {
  const readsOf = (bytes: Uint8Array<ArrayBuffer>): number => {
    const spy = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'subarray')
    outcomeOf(() => decodeDer(bytes, source))
    const { length } = spy.mock.calls
    spy.mockRestore()
    return length
  }
  const bombs: readonly ((size: number) => Uint8Array<ArrayBuffer>)[] = [
    (size) => der.sequence(...Array.from({ length: size / 2 }, () => unhex('0500'))),
    (size) => der.sequence(...Array.from({ length: size / 2 }, () => unhex('3000'))),
    (size) => concat(...Array.from({ length: size / 4 }, () => unhex('30820fff'))),
    (size) => new Uint8Array(size).fill(0x30),
  ]
  for (const bomb of bombs) {
    const [small, large] = [readsOf(bomb(2000)), readsOf(bomb(20_000))]
    expect(large).toBeLessThanOrEqual(small * 10.5 + 10)
    expect(large).toBeLessThanOrEqual(2 * 20_000)
  }
})

/** The input put together again from the outside of constructed and the whole of other elements. */
function leavesOf(node: DerNode): string {
  if (node.children.length === 0) return hex(rawOf(node))
  return hex(node.bytes.subarray(node.at, node.from)) + node.children.map(leavesOf).join('')
}
