/**
 * CBOR: what the header of the reader accepts comes out, and everything that it refuses is refused
 * with the source's code and the place.
 */
import { describe, expect, test, vi } from 'vitest'
import { cborType, type CborValue, decodeCbor, isCborMap, readCbor, readHead } from '../../src/encoding/cbor.ts'
import { cursor } from '../../src/encoding/reader.ts'
import { concat, unhex } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { refused, source } from './refusal.ts'

const decode = (encoded: string): CborValue => decodeCbor(unhex(encoded), source)
const refusal = (encoded: string, deterministic = false): string =>
  refused(() => decodeCbor(unhex(encoded), source, deterministic))

describe('refused', () => {
  test.each([
    ['nothing at all', '', 'item at 0 needs 1 bytes, found 0'],
    ['two items', '0000', '1 bytes left over at 1'],
    ['a break after the item', 'a0ff', '1 bytes left over at 1'],
    ['a duplicate key', 'a201000100', 'duplicate key 1 at 0'],
    ['a duplicate key, written longer', 'a20100180100', 'duplicate key 1 at 0'],
    ['a duplicate key in nine bytes', 'a201001b000000000000000100', 'duplicate key 1 at 0'],
    ['a duplicate negative key', 'a22000380000', 'duplicate key -1 at 0'],
    ['a duplicate text key', 'a2616100616100', 'duplicate key "a" at 0'],
    ['a duplicate text key, written longer', 'a261610078016100', 'duplicate key "a" at 0'],
    ['a duplicate key of an indefinite map', 'bf01000100ff', 'duplicate key 1 at 0'],
    ['a duplicate key further down', '81a101a201000100', 'duplicate key 1 at 3'],
    ['a key that is a byte string', 'a14100f6', 'key is bstr at 0'],
    ['a key that is an array', 'a180f6', 'key is array at 0'],
    ['a key that is a map', 'a1a0f6', 'key is map at 0'],
    ['a key that is a tag', 'a1c100f6', 'key is tag at 0'],
    ['a key that is a float', 'a1f93c00f6', 'key is float at 0'],
    ['a key that is true', 'a1f5f6', 'key is true at 0'],
    ['a key that is null', 'a1f6f6', 'key is null at 0'],
    ['a key that is undefined', 'a1f7f6', 'key is undefined at 0'],
    ['2^53', '1b0020000000000000', 'number above 2^53 at 0'],
    ['2^53 + 1, which is not a double', '1b0020000000000001', 'number above 2^53 at 0'],
    ['-2^53 - 1', '3b0020000000000000', 'number above 2^53 at 0'],
    ['a tag number of 2^53', 'db002000000000000000', 'number above 2^53 at 0'],
    ['a byte string in chunks', '5f4100ff', 'indefinite length at 0'],
    ['a text string in chunks', '7f6161ff', 'indefinite length at 0'],
    ['a byte string in no chunks', '5fff', 'indefinite length at 0'],
    ['reserved additional information', '811c', 'reserved head at 1'],
    ['a simple value', 'e0', 'unknown simple value at 0'],
    ['simple value 19', 'f3', 'unknown simple value at 0'],
    ['simple value 32', 'f820', 'unknown simple value at 0'],
    ['true, in two bytes', 'f815', 'unknown simple value at 0'],
    ['a break', '81ff', 'unknown simple value at 1'],
    ['text: a continuation byte alone', '6180', 'invalid UTF-8 at 0'],
    ['text: cut in a character', '61c3', 'invalid UTF-8 at 0'],
    ['text: a slash in two bytes', '62c0af', 'invalid UTF-8 at 0'],
    ['text: NUL in two bytes', '62c080', 'invalid UTF-8 at 0'],
    ['text: a surrogate', '63eda080', 'invalid UTF-8 at 0'],
    ['text: above U+10FFFF', '64f4908080', 'invalid UTF-8 at 0'],
    ['text: ff', '61ff', 'invalid UTF-8 at 0'],
    ['a key of invalid text', 'a161fff6', 'invalid UTF-8 at 1'],
    ['a string longer than the input', '5803ffff', 'string at 2 needs 3 bytes, found 2'],
    ['a string of 4 GiB', '5affffffff00', 'string at 5 needs 4294967295 bytes, found 1'],
    ['an array of more items than bytes', '83f6f6', '3 entries at 1 in 2 bytes'],
    ['a map of more pairs than fit', 'a201020000'.slice(0, 8), '2 entries at 1 in 3 bytes'],
    ['an array of 2^53 - 1', '9b001fffffffffffff00', '9007199254740991 entries at 9 in 1 bytes'],
    ['a map of 2^32 - 1', 'baffffffff0000', '4294967295 entries at 5 in 2 bytes'],
  ])('%s', (_what, encoded, problem) => {
    expect(refusal(encoded)).toBe(`payload-cbor: input: ${problem}`)
  })

  test('nesting below 16, of every kind', () => {
    for (const opener of ['81', '9f', 'c1', 'd864', 'a100', 'bf00']) {
      const closer = opener === '9f' || opener === 'bf00' ? 'ff' : ''
      const nested = (depth: number): string => opener.repeat(depth - 1) + '00' + closer.repeat(depth - 1)
      expect(() => decode(nested(16))).not.toThrow()
      expect(refusal(nested(17))).toMatch(/^payload-cbor: input: nested too deep at \d+$/)
      // As deep as one likes: refused all the same.
      expect(refusal(opener.repeat(100_000))).toMatch(/nested too deep at \d+$/)
    }
  })

  test('a count that cannot be is refused before anything is read', () => {
    const bytes = concat(unhex('9affffffff'), new Uint8Array(1000))
    const input = cursor(bytes, source)
    expect(refused(() => readCbor(input, source))).toBe('payload-cbor: input: 4294967295 entries at 5 in 1000 bytes')
    expect(input.at).toBe(5)
  })

  test('a read past the end carries the code of its own source', () => {
    const input = cursor(unhex('a1'), { name: 'COSE_Sign1', code: 'outer-cbor' })
    expect(refused(() => readCbor(input, { name: 'header', code: 'cose-unprotected' }))).toBe(
      'cose-unprotected: header: 1 entries at 1 in 0 bytes',
    )
    const cut = cursor(unhex('19'), { name: 'COSE_Sign1', code: 'outer-cbor' })
    expect(refused(() => readCbor(cut, { name: 'header', code: 'cose-unprotected' }))).toBe(
      'outer-cbor: COSE_Sign1: argument at 1 needs 2 bytes, found 0',
    )
  })
})

describe('accepted', () => {
  test.each<readonly [what: string, encoded: string, value: CborValue]>([
    ['2^53 - 1', '1b001fffffffffffff', 2 ** 53 - 1],
    ['-2^53', '3b001fffffffffffff', -(2 ** 53)],
    ['a number in nine bytes', '1b0000000000000001', 1],
    ['a byte order mark stays', '63efbbbf', '\ufeff'],
    ['NUL in text', '6100', '\0'],
    ['U+10FFFF', '64f48fbfbf', '\u{10ffff}'],
    ['text that is not normalised', '6365cc81', 'e\u0301'],
    [
      'integer and text keys are not the same',
      'a2010061310a',
      new Map<number | string, CborValue>([
        [1, 0],
        ['1', 10],
      ]),
    ],
    [
      'composed and decomposed keys are not the same',
      'a262c3a9006365cc8101',
      new Map([
        ['é', 0],
        ['e\u0301', 1],
      ]),
    ],
    ['a key that is called __proto__', 'a1695f5f70726f746f5f5f01', new Map([['__proto__', 1]])],
    ['tags in tags', 'c1c200', { tag: 1, value: { tag: 2, value: 0 } }],
  ])('%s', (_what, encoded, value) => {
    expect(decode(encoded)).toStrictEqual(value)
  })

  test('strings are views of the input', () => {
    const bytes = unhex('824201024103')
    const [first, second] = decodeCbor(bytes, source) as Uint8Array[]
    expect(first?.buffer).toBe(bytes.buffer)
    expect(first?.byteOffset).toBe(2)
    expect(second?.byteOffset).toBe(5)
  })

  test('maps keep their order', () => {
    const map = decode('a303000200616100')
    expect(isCborMap(map) && [...map.keys()]).toEqual([3, 2, 'a'])
  })
})

describe('deterministic', () => {
  test.each([
    ['23 in two bytes', '1817', 'head not in shortest form at 0'],
    ['255 in three bytes', '1900ff', 'head not in shortest form at 0'],
    ['65535 in five bytes', '1a0000ffff', 'head not in shortest form at 0'],
    ['2^32 - 1 in nine bytes', '1b00000000ffffffff', 'head not in shortest form at 0'],
    ['a padded negative number', '3817', 'head not in shortest form at 0'],
    ['a padded byte string', '580100', 'head not in shortest form at 0'],
    ['a padded text string', '780161', 'head not in shortest form at 0'],
    ['a padded array', '980100', 'head not in shortest form at 0'],
    ['a padded map', 'b8010000', 'head not in shortest form at 0'],
    ['a padded tag', 'd81200', 'head not in shortest form at 0'],
    ['a padded key', 'a1180100', 'head not in shortest form at 1'],
    ['an indefinite array', '9fff', 'head not in shortest form at 0'],
    ['an indefinite map', 'bfff', 'head not in shortest form at 0'],
    ['an indefinite map inside', '81bfff', 'head not in shortest form at 1'],
    ['a duplicate key', 'a201000100', 'duplicate key 1 at 0'],
  ])('refuses %s', (_what, encoded, problem) => {
    expect(refusal(encoded, true)).toBe(`payload-cbor: input: ${problem}`)
  })

  test.each(['1818', '190100', '1a00010000', '1b0000000100000000', 'a1013822', 'a0', '9818' + '00'.repeat(24), 'd2f6'])(
    'accepts %s',
    (encoded) => {
      expect(decodeCbor(unhex(encoded), source, true)).toStrictEqual(decode(encoded))
    },
  )
})

test('readHead: type, argument, and whether it is the shortest', () => {
  const head = (encoded: string): unknown => readHead(cursor(unhex(encoded), source))
  expect(head('17')).toEqual([0, 23, true])
  expect(head('1817')).toEqual([0, 23, false])
  expect(head('5818')).toEqual([2, 24, true])
  expect(head('bf')).toEqual([5, undefined, false])
  expect(head('d2')).toEqual([6, 18, true])
  expect(head('d812')).toEqual([6, 18, false])
})

test('cborType says it in the words of CDDL', () => {
  const types = ['00', '20', '60', '40', '80', 'a0', 'c000', 'f93c00', 'f4', 'f5', 'f6', 'f7'].map((encoded) =>
    cborType(decode(encoded)),
  )
  expect(types).toEqual([
    'uint',
    'nint',
    'tstr',
    'bstr',
    'array',
    'map',
    'tag',
    'float',
    'false',
    'true',
    'null',
    'undefined',
  ])
})

describe('work grows with the input and no faster', () => {
  /** Views that are made of the input: one for each read. */
  function readsOf(bytes: Uint8Array<ArrayBuffer>): number {
    const spy = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'subarray')
    try {
      // Without a budget, which would end both before they differ.
      decodeCbor(bytes, source, false, { items: Infinity })
    } finally {
      const { length } = spy.mock.calls
      spy.mockRestore()
      // eslint-disable-next-line no-unsafe-finally -- a refusal is an outcome like any other here
      return length
    }
  }

  test.each<readonly [what: string, make: (size: number) => Uint8Array<ArrayBuffer>]>([
    ['an array of small numbers', (size) => cbor.array(...Array.from({ length: size }, () => Uint8Array.of(0)))],
    [
      'a map of small numbers',
      (size) => cbor.map(Array.from({ length: size / 4 }, (_, i) => [cbor.unsigned(i, 2), cbor.nothing] as const)),
    ],
    ['empty strings', (size) => cbor.indefiniteArray(...Array.from({ length: size }, () => Uint8Array.of(0x40)))],
    [
      'arrays as deep as allowed',
      (size) =>
        cbor.indefiniteArray(...Array.from({ length: size / 14 }, () => concat(new Uint8Array(13).fill(0x81), [0x80]))),
    ],
    ['openers only', (size) => new Uint8Array(size).fill(0x9f)],
    ['tags only', (size) => new Uint8Array(size).fill(0xc1)],
  ])('%s', (_what, make) => {
    const [small, large] = [make(2800), make(28_000)]
    expect(readsOf(large)).toBeLessThanOrEqual(readsOf(small) * (large.length / small.length) * 1.05 + 10)
    expect(readsOf(large)).toBeLessThanOrEqual(2 * large.length + 10)
  })
})

describe('H14 a budget of items', () => {
  const items = (count: number): Uint8Array<ArrayBuffer> =>
    cbor.array(...Array.from({ length: count - 1 }, () => cbor.map([])))

  test('256, the outermost included, where none is given', () => {
    expect(decodeCbor(items(256), source)).toHaveLength(255)
    expect(refused(() => decodeCbor(items(257), source))).toBe('payload-cbor: input: too many items at 258')
    expect(refused(() => readCbor(cursor(items(300), source), source, true))).toBe(
      'payload-cbor: input: too many items at 258',
    )
  })

  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ['an array', cbor.array(cbor.unsigned(0), cbor.unsigned(1))],
    ['a map: keys count as values do', cbor.map([[cbor.unsigned(0), cbor.unsigned(1)]])],
    ['a tag', cbor.tag(1, cbor.tag(1, cbor.unsigned(0)))],
    ['an array in pieces', cbor.indefiniteArray(cbor.unsigned(0), cbor.unsigned(1))],
    ['nesting', cbor.array(cbor.array(cbor.array()))],
  ])('%s of three', (_, bytes) => {
    const enough = { items: 3 }
    decodeCbor(bytes, source, false, enough)
    expect(enough.items).toBe(0)
    expect(refused(() => decodeCbor(bytes, source, false, { items: 2 }))).toMatch(
      /^payload-cbor: input: too many items at [1-3]$/,
    )
  })

  test('documents share one, and what is refused has used it up', () => {
    const budget = { items: 5 }
    decodeCbor(items(3), source, false, budget)
    expect(refused(() => decodeCbor(items(3), source, false, budget))).toMatch(/too many items at 2$/)
    expect(refused(() => decodeCbor(items(1), source, false, budget))).toMatch(/too many items at 0$/)
  })
})
