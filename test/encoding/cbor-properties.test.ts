/**
 * CBOR against `cbor-x` as encoder: what it writes is what we read. And against noise: nothing but
 * refusals comes out.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CborValue, decodeCbor } from '../../src/encoding/cbor.ts'
import { decodeSign1 } from '../../src/encoding/cose.ts'
import { concat } from '../attester/bytes.ts'
import { encode, head } from '../attester/cbor.ts'
import { outcomeOf, seeded, source } from './refusal.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 80 }).map((value) => Uint8Array.from(value))
const integer = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  // cbor-x writes integers above 2^32 as floats unless they are BigInt: those have a test of their
  // own.
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: 2 ** 31, max: 2 ** 32 - 1 }),
)
const { value } = fc.letrec<{ value: CborValue; array: CborValue; map: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    integer,
    text,
    bytes,
    fc.constantFrom(true, false, null, undefined),
    tie('array'),
    tie('map'),
  ),
  array: fc.array(tie('value'), { maxLength: 6 }),
  map: fc
    .array(fc.tuple(fc.oneof(integer, text), tie('value')), { maxLength: 6 })
    .map((entries): CborValue => new Map(entries)),
}))

test('what cbor-x writes', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(decodeCbor(encode(given), source)).toStrictEqual(given)
    }),
    seeded,
  )
})

test('what cbor-x writes, cut anywhere, or with a byte more: refused', () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 255 }), (given, more) => {
      const encoded = encode(given)
      for (let length = 0; length < encoded.length; length++) {
        expect(outcomeOf(() => decodeCbor(encoded.subarray(0, length), source))).toBe('refused')
      }
      expect(outcomeOf(() => decodeCbor(concat(encoded, [more]), source))).toBe('refused')
    }),
    { ...seeded, numRuns: 100 },
  )
})

test('integers up to 2^53, and above', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n - 1n }), (given) => {
      expect(decodeCbor(encode(given), source)).toBe(Number(given))
    }),
    seeded,
  )
  fc.assert(
    fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (given) => {
      expect(outcomeOf(() => decodeCbor(encode(given), source))).toBe('refused')
      expect(outcomeOf(() => decodeCbor(head(1, given), source))).toBe('refused')
    }),
    seeded,
  )
})

describe('noise', () => {
  /** Bytes that look like CBOR more often than not: heads of every type, breaks, small numbers. */
  const lively = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0x00, 0x01, 0x18, 0x1b, 0x20, 0x40, 0x41, 0x5f, 0x60, 0x61, 0x7f, 0x80, 0x81, 0x82),
      fc.constantFrom(0x9f, 0xa0, 0xa1, 0xbf, 0xc1, 0xd2, 0xd8, 0xf4, 0xf6, 0xf7, 0xf9, 0xfb, 0xff),
    ),
    { maxLength: 60 },
  )

  test('random bytes: a value, or a refusal; what deterministic accepts, the other accepts as well', () => {
    fc.assert(
      fc.property(lively, (noise) => {
        const input = Uint8Array.from(noise)
        const outcome = outcomeOf(() => decodeCbor(input, source))
        const strict = outcomeOf(() => decodeCbor(input, source, true))
        if (strict !== 'refused') expect(strict).toStrictEqual(outcome)
      }),
      { ...seeded, numRuns: 20_000 },
    )
  })

  test('random bytes in a COSE_Sign1: a document, or a refusal', () => {
    fc.assert(
      fc.property(
        lively,
        fc.constantFrom([], [0x84], [0xd2, 0x84], [0x84, 0x40], [0x84, 0x43, 0xa1, 0x01, 0x26]),
        (noise, head) => {
          outcomeOf(() => decodeSign1(concat(head, noise)))
        },
      ),
      { ...seeded, numRuns: 20_000 },
    )
  })

  test('bytes that are changed in something sound: a value, or a refusal', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 0, max: 255 }), (given, position, byte) => {
        const changed = encode(given)
        changed[position % changed.length] = byte
        outcomeOf(() => decodeCbor(changed, source))
      }),
      { ...seeded, numRuns: 5000 },
    )
  })
})
