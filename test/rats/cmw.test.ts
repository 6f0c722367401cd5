/**
 * CMW (RFC 9999): every vector, every rule of the reader and the writer with its message, and bytes
 * that anybody may send.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Encodable, encodeCbor } from '../../src/encoding/cbor-encode.ts'
import { type Cmw, cmwIndicators, type CmwRecord, decodeCmw, encodeCmw } from '../../src/rats/cmw.ts'
import { findVectors } from '../support/vectors.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))
const record = (more: Partial<CmwRecord> = {}): CmwRecord => ({
  kind: 'record',
  type: 'application/eat+cwt',
  value: Uint8Array.of(1, 2),
  ...more,
})
const collection = (...entries: readonly [string | number, Cmw][]): Cmw => ({
  kind: 'collection',
  entries: new Map(entries),
})
const nested = (depth: number): Cmw => (depth === 0 ? record() : collection(['a', nested(depth - 1)]))

/** What a refusal says. */
function refusalOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return `${(error as Error).name} ${(error as { code?: string }).code ?? ''} ${(error as Error).message}`
  }
  return 'accepted'
}

describe('reading', () => {
  test.each<[string, Uint8Array, Cmw]>([
    ['a record in JSON', utf8('["a/b","AQI"]'), record({ type: 'a/b' })],
    ['white space between and behind', utf8('[ "a/b",\n "AQI", 4 ]\n'), record({ type: 'a/b', indicator: 4 })],
    ['a record in CBOR', hex('82 63612f62 420102'), record({ type: 'a/b' })],
    ['a content format', hex('83 190107 420102 181f'), record({ type: 263, indicator: 31 })],
    ['the first tag', hex('da 63740101 420102'), record({ type: 0 })],
    ['the tag of 254', hex('da 637401ff 420102'), record({ type: 254 })],
    ['the tag of 255, after a gap', hex('da 63740201 420102'), record({ type: 255 })],
    ['the tag of 64999 (RFC 9277)', hex('da 6374ffe6 420102'), record({ type: 64_999 })],
    ['the last tag', hex('da 6374ffff 420102'), record({ type: 65_024 })],
    ['an empty value in CBOR', hex('82 00 40'), record({ type: 0, value: new Uint8Array() })],
    ['a parameter in quotes', utf8('["a/b; p=\\"x y, z\\"","AQI"]'), record({ type: 'a/b; p="x y, z"' })],
    ['a collection', utf8('{"x":["a/b","AQI"]}'), collection(['x', record({ type: 'a/b' })])],
    [
      'a collection with a type',
      utf8('{"x":["a/b","AQI"],"__cmwc_t":"2.5.4.3"}'),
      { ...collection(['x', record({ type: 'a/b' })]), type: '2.5.4.3' },
    ],
    [
      'a label like a property',
      utf8('{"__proto__":["a/b","AQI"]}'),
      collection(['__proto__', record({ type: 'a/b' })]),
    ],
    ['four collections', encodeCmw(nested(4), 'cbor'), nested(4)],
  ])('%s', (_, bytes, expected) => {
    expect(decodeCmw(bytes)).toEqual(expected)
  })

  test('both forms of a collection are read in one order', () => {
    const found = decodeCmw(utf8('{"bb":["a/b","AQI"],"10":["a/b","AQI"],"a":["a/b","AQI"]}'))
    expect(found.kind === 'collection' && [...found.entries.keys()]).toEqual(['a', '10', 'bb'])
    const mixed = decodeCmw(hex('a3 6161 820040 20 820040 01 820040'))
    expect(mixed.kind === 'collection' && [...mixed.entries.keys()]).toEqual([1, -1, 'a'])
  })

  test('what is read is a copy', () => {
    const bytes = hex('82 00 4101')
    const found = decodeCmw(bytes)
    bytes.fill(0)
    expect(found).toEqual(record({ type: 0, value: Uint8Array.of(1) }))
  })

  const format = 'VerificationError cmw-format CMW: '
  const type = `${format}type of a record must be a media type`
  const json = `${format}record must be [media type, base64url, indicator]`
  const cbor = `${format}record must be [media type or content format, bytes, indicator]`
  const tag = (number: number): string => `${format}tag ${number} must be that of a content format, on bytes`
  const kind = `${format}type of a collection must be a URI or OID`
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), `${format}item at 0 needs 1 bytes, found 0`],
    [
      'more than 1 MiB',
      new Uint8Array(1_048_577),
      'VerificationError cmw-size bytes of the CMW: expected at most 1048576, found 1048577',
    ],
    ['no JSON', utf8('[,]'), `${format}not JSON`],
    ['no UTF-8', hex('5b ff 5d'), `${format}not UTF-8`],
    ['a name twice', utf8('{"a":["a/b","AQ"],"a":["a/b","AQ"]}'), `${format}a name is there twice in one object`],
    ['white space in front', utf8(' ["a/b","AQ"]'), `${format}12 bytes left over at 1`],
    ['bytes behind JSON', utf8('["a/b","AQ"]]'), `${format}not JSON`],
    ['a byte behind CBOR', hex('82 00 40 00'), `${format}1 bytes left over at 3`],
    ['one member', utf8('["a/b"]'), json],
    ['four members', utf8('["a/b","AQ",4,4]'), json],
    ['null in JSON', utf8('{"a":null}'), json],
    ['padding', utf8('["a/b","AQ=="]'), json],
    ['bits left over', utf8('["a/b","AR"]'), json],
    ['the other alphabet', utf8('["a/b","+/"]'), json],
    ['an empty value in JSON', utf8('["a/b",""]'), `${format}value of a record must be bytes, in JSON at least one`],
    ['a number as type in JSON', utf8('[263,"AQ"]'), type],
    ['no media type', utf8('["eat","AQ"]'), type],
    ['a media type with a line end', utf8('["a/b\\n","AQ"]'), type],
    ['a media type of 1025 characters', utf8(`["a/${'b'.repeat(1023)}","AQ"]`), type],
    ['a negative content format', hex('82 20 40'), `${type} or a content format`],
    ['a content format of 17 bits', hex('82 1a00010000 40'), `${type} or a content format`],
    ['text as value in CBOR', hex('82 00 6161'), cbor],
    ['one item', hex('81 00'), cbor],
    ['four items', hex('84 00 40 04 f7'), cbor],
    ['an indicator of zero', hex('83 00 40 00'), `${format}indicator must be 1 to 31`],
    ['an indicator of six bits', hex('83 00 40 1820'), `${format}indicator must be 1 to 31`],
    ['an indicator that is undefined', hex('83 00 40 f7'), `${format}indicator must be 1 to 31`],
    ['an indicator that is a fraction', utf8('["a/b","AQ",4.5]'), `${format}indicator must be 1 to 31`],
    ['an indicator that is null', utf8('["a/b","AQ",null]'), `${format}indicator must be 1 to 31`],
    ['the tag before the first', hex('da 63740100 40'), tag(1_668_546_816)],
    ['the tag behind the last', hex('da 63750001 40'), tag(1_668_612_097)],
    ['a tag in a gap', hex('da 63740200 40'), tag(1_668_547_072)],
    ['a tag on text', hex('da 63740101 60'), tag(1_668_546_817)],
    ['the tag of a CCA token', hex('d9038b 40'), tag(907)],
    ['an integer', hex('00'), `${format}must be a record, a tag or a collection, found uint`],
    ['an indefinite length', hex('9f 00 40 ff'), `${format}head not in shortest form at 0`],
    ['a head longer than needed', hex('9802 00 40'), `${format}head not in shortest form at 0`],
    ['a label of bytes', hex('a1 4100 820040'), `${format}key is bstr at 0`],
    ['a label twice in CBOR', hex('a2 01 820040 01 820040'), `${format}duplicate key 1 at 0`],
    ['an empty object', utf8('{}'), `${format}must be a record, or a collection with entries`],
    ['an empty map', hex('a0'), `${format}must be a record, or a collection with entries`],
    ['only a type', utf8('{"__cmwc_t":"a:b"}'), `${format}must be a record, or a collection with entries`],
    ['a relative type', utf8('{"__cmwc_t":"b","a":["a/b","AQ"]}'), kind],
    ['an identifier with a zero in front', utf8('{"__cmwc_t":"2.05","a":["a/b","AQ"]}'), kind],
    ['a type that is a number', hex('a2 685f5f636d77635f74 01 6161 820040'), kind],
    ['a type that is undefined', hex('a2 685f5f636d77635f74 f7 6161 820040'), kind],
    ['half a surrogate pair', utf8('{"\\ud800":["a/b","AQ"]}'), `${format}label must be text`],
    ['an entry that is a string', hex('a1 6161 40'), `${format}must be a record, a tag or a collection, found bstr`],
    [
      'five collections',
      utf8('{"a":'.repeat(5) + '["a/b","AQ"]' + '}'.repeat(5)),
      `${format}at most 4 collections may be nested`,
    ],
    ['a thousand of them', utf8('{"a":'.repeat(1000) + '["a/b","AQ"]' + '}'.repeat(1000)), `${format}nested too deep`],
  ])('refuses %s', (_, bytes, expected) => {
    expect(refusalOf(() => decodeCmw(bytes))).toBe(expected)
  })

  test('refuses what is no bytes: the caller`s mistake', () => {
    expect(refusalOf(() => decodeCmw('[]' as never))).toBe('TypeError  bytes must be a Uint8Array')
  })
})

describe('writing', () => {
  test('the forms of one record', () => {
    const one = record({ indicator: cmwIndicators.evidence })
    expect(new TextDecoder().decode(encodeCmw(one, 'json'))).toBe('["application/eat+cwt","AQI",4]')
    expect(Buffer.from(encodeCmw(one, 'cbor')).toString('hex')).toBe(
      '83736170706c69636174696f6e2f6561742b63777442010204',
    )
  })

  test('a content format and labels that are numbers, in CBOR alone', () => {
    const one = collection([2, record({ type: 263 })], ['a', record()], [-1, record()])
    expect(Buffer.from(encodeCmw(one, 'cbor')).toString('hex').slice(0, 6)).toBe('a30282')
    expect(decodeCmw(encodeCmw(one, 'cbor'))).toEqual(one)
  })

  test('equal wrappers become equal bytes', () => {
    const [a, b] = [record(), record({ indicator: 2 })]
    const one = {
      kind: 'collection',
      type: 'tag:a,2026:b',
      entries: new Map([
        ['x', a],
        ['y', b],
      ]),
    } as const
    const other = {
      kind: 'collection',
      type: 'tag:a,2026:b',
      entries: new Map([
        ['y', b],
        ['x', a],
      ]),
    } as const
    for (const form of ['json', 'cbor'] as const) expect(encodeCmw(one, form)).toEqual(encodeCmw(other, form))
  })

  const endless = new Map<string, Cmw>()
  endless.set('a', { kind: 'collection', entries: endless })
  test.each<[string, unknown, 'json' | 'cbor', string]>([
    ['another form', record(), 'xml' as never, 'form must be json or cbor'],
    ['nothing', undefined, 'json', 'must be a record, or a collection with entries'],
    ['another kind', { ...record(), kind: 'tag' }, 'cbor', 'must be a record, or a collection with entries'],
    ['an empty collection', collection(), 'cbor', 'must be a record, or a collection with entries'],
    [
      'entries that are an object',
      { kind: 'collection', entries: { a: record() } },
      'cbor',
      'must be a record, or a collection with entries',
    ],
    ['a content format in JSON', record({ type: 263 }), 'json', 'type of a record must be a media type'],
    [
      'a content format that is a fraction',
      record({ type: 1.5 }),
      'cbor',
      'type of a record must be a media type or a content format',
    ],
    ['no media type', record({ type: 'eat' }), 'cbor', 'type of a record must be a media type or a content format'],
    [
      'a value that is text',
      record({ value: 'AQ' as never }),
      'cbor',
      'value of a record must be bytes, in JSON at least one',
    ],
    [
      'an empty value in JSON',
      record({ value: new Uint8Array() }),
      'json',
      'value of a record must be bytes, in JSON at least one',
    ],
    ['an indicator of zero', record({ indicator: 0 }), 'json', 'indicator must be 1 to 31'],
    ['an indicator of six bits', record({ indicator: 32 }), 'cbor', 'indicator must be 1 to 31'],
    ['a label that is a number in JSON', collection([1, record()]), 'json', 'label must be text'],
    ['a label that is a fraction', collection([1.5, record()]), 'cbor', 'label must be text or an integer'],
    ['the label of the type', collection(['__cmwc_t', record()]), 'json', 'label must be text'],
    [
      'a type that is relative',
      { ...collection(['a', record()]), type: 'a' },
      'json',
      'type of a collection must be a URI or OID',
    ],
    ['five collections', nested(5), 'json', 'at most 4 collections may be nested'],
    ['a collection in itself', { kind: 'collection', entries: endless }, 'cbor', 'at most 4 collections may be nested'],
    [
      'more than 1 MiB',
      record({ value: new Uint8Array(1_048_576) }),
      'cbor',
      'cmw must be at most 1048576 bytes when it is written',
    ],
  ])('refuses %s: the caller`s mistake', (_, cmw, form, message) => {
    expect(refusalOf(() => encodeCmw(cmw as Cmw, form))).toBe(`TypeError  ${message}`)
  })

  const records = fc.record(
    {
      kind: fc.constant('record' as const),
      type: fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom('a/b', 'application/x; y="z w"')),
      value: fc.uint8Array({ maxLength: 20 }),
      indicator: fc.integer({ min: 1, max: 31 }),
    },
    { requiredKeys: ['kind', 'type', 'value'] },
  )
  const labels = fc.oneof(
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }).filter((label) => label !== '__cmwc_t'),
  )
  test('what is written is read again', () => {
    const collections = fc
      .array(fc.tuple(labels, records), { minLength: 1, maxLength: 5 })
      .map((entries): Cmw => collection(...entries))
    fc.assert(
      fc.property(fc.oneof(records, collections), (cmw) => {
        expect(decodeCmw(encodeCmw(cmw, 'cbor'))).toEqual(cmw)
      }),
      { numRuns: 100 },
    )
  })
})

describe('bytes that anybody may send', () => {
  const samples = [encodeCmw(nested(3), 'json'), encodeCmw(nested(3), 'cbor'), hex('da 63740101 420102')]

  test('cut off anywhere, or with a bit flipped, they are read or refused by code', () => {
    const isRight = (bytes: Uint8Array): boolean =>
      /^(?:accepted|VerificationError cmw-format )/.test(refusalOf(() => decodeCmw(bytes)))
    for (const sample of samples) {
      for (let length = 0; length < sample.length; length++) {
        const cut = refusalOf(() => decodeCmw(sample.subarray(0, length)))
        expect(cut).toMatch(/^VerificationError cmw-format /)
      }
      for (let bit = 0; bit < 8 * sample.length; bit++) {
        const flipped = new Uint8Array(sample)
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
        expect(isRight(flipped), `bit ${bit}`).toBe(true)
      }
    }
  })

  test('items are bounded', () => {
    const many = new Map<number, Encodable>(Array.from({ length: 30_000 }, (_, i) => [i, [0, new Uint8Array(5)]]))
    expect(refusalOf(() => decodeCmw(encodeCbor(many)))).toMatch(/^VerificationError cmw-format CMW: too many items/)
  })
})

interface Case {
  readonly id: string
  readonly api: string
  readonly file: string
  readonly expected: 'accept' | 'reject'
  readonly codes?: readonly string[]
}

const vectors = findVectors('rats')
describe.skipIf(!vectors.found)('vectors', () => {
  const cases = vectors.found
    ? (vectors.manifest as { cases: readonly Case[] }).cases.filter(({ api }) => api === 'decodeCmw')
    : []
  test('there are some', () => {
    expect(cases.length).toBeGreaterThan(40)
  })

  test.each(cases)('$id', ({ file, expected, codes }) => {
    const bytes = vectors.found ? vectors.read(file) : new Uint8Array()
    const found = refusalOf(() => decodeCmw(bytes))
    if (expected === 'accept') {
      const cmw = decodeCmw(bytes)
      expect(decodeCmw(encodeCmw(cmw, 'cbor'))).toEqual(cmw)
    } else expect(codes).toContain(found.split(' ')[1])
  })
})
