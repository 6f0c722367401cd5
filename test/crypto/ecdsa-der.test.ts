/**
 * ECDSA signatures of X.509: a SEQUENCE of two INTEGERs in DER, or nothing. Leniency here has been
 * a class of forgeries of its own.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ES256, ES384 } from '../../src/crypto/algorithms.ts'
import { ecdsaFromDer, importPublicKey, verifySignature } from '../../src/crypto/signature.ts'
import { concat, hex, pattern, unhex } from '../attester/bytes.ts'
import { type Bytes, ecdsaSignature, element, integer, sequence } from '../attester/der.ts'
import { outcomeOf, refused, seeded } from '../encoding/refusal.ts'
import { createKeyPair, sign, signings } from './algorithms.ts'

const size = 32
const convert = (der: Bytes): Bytes => ecdsaFromDer(der, size)
const one = integer(1)
const ff = (length: number): number[] => new Array<number>(length).fill(0xff)

describe('accepted', () => {
  test('any r and s: both coordinates full, whatever their leading zeros', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 2 * size, maxLength: 2 * size }),
        fc.nat(size),
        fc.nat(size),
        (noise, r, s) => {
          const raw = Uint8Array.from(noise)
          raw.fill(0, 0, r)
          raw.fill(0, size, size + s)
          expect(hex(convert(ecdsaSignature(raw)))).toBe(hex(raw))
        },
      ),
      seeded,
    )
  })

  test('the smallest and the largest', () => {
    expect(hex(convert(sequence(one, integer(2))))).toBe(`${'00'.repeat(31)}01${'00'.repeat(31)}02`)
    expect(hex(convert(sequence(integer(0, ...ff(32)), integer(0x7f))))).toBe(`${'ff'.repeat(32)}${'00'.repeat(31)}7f`)
  })
})

describe('refused', () => {
  test.each<readonly [what: string, der: Bytes, problem: RegExp]>([
    ['nothing', unhex(''), /tag at 0 needs 1 bytes, found 0/],
    ['a negative r', sequence(integer(0xff), one), /r or s out of range/],
    ['a negative s', sequence(one, integer(0x80)), /r or s out of range/],
    ['an r whose zero in front was left out', sequence(element(2, unhex('80'.repeat(32))), one), /r or s out of range/],
    ['a padded r', sequence(integer(0, 1), one), /tag 02 at 2 is not DER/],
    ['a padded s', sequence(one, integer(0, 0x7f)), /tag 02 at 5 is not DER/],
    ['an empty r', sequence(integer(), one), /tag 02 at 2 is not DER/],
    ['an r of 33 bytes', sequence(integer(1, ...ff(32)), one), /r or s out of range/],
    ['an s of 34 bytes with its zero', sequence(one, integer(0, ...ff(33))), /r or s out of range/],
    ['an r of 1000 bytes', sequence(element(2, pattern(1000, 1)), one), /r or s out of range/],
    ['three integers', sequence(one, one, one), /SEQUENCE must have the tags 0202, found 020202/],
    ['one integer', sequence(one), /SEQUENCE must have the tags 0202, found 02/],
    ['no integer', sequence(), /SEQUENCE must have the tags 0202, found $/],
    ['other types', sequence(element(4, unhex('01')), one), /SEQUENCE must have the tags 0202, found 0402/],
    ['a SET', element(0x31, one, one), /SEQUENCE must have the tags 0202/],
    ['a context tag', element(0xa0, one, one), /SEQUENCE must have the tags 0202/],
    ['a byte after it', concat(sequence(one, one), [0]), /1 bytes left over at 8/],
    ['a byte inside, after s', element(0x30, one, one, unhex('00')), /length at 9 needs 1 bytes, found 0/],
    ['an indefinite length', unhex('30800201010201010000'), /length at 2 not in shortest form/],
    ['a length in the long form', unhex('308106020101020101'), /length at 3 not in shortest form/],
    [
      'an integer length in the long form',
      unhex('30070281010102 0101'.replace(' ', '')),
      /length at 5 not in shortest form/,
    ],
    ['r || s', pattern(64, 1), /./],
  ])('%s', (_what, der, problem) => {
    const refusal = refused(() => convert(der))
    expect(refusal).toMatch(/^cert-parse: signature: /)
    expect(refusal).toMatch(problem)
  })

  test('noise: a signature of the right length, or a refusal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x30, 0x02, 0x00, 0x01, 0x06)), { maxLength: 12 }),
        (noise) => {
          const outcome = outcomeOf(() => convert(Uint8Array.from(noise)))
          if (outcome !== 'refused') expect(outcome.value).toHaveLength(2 * size)
        },
      ),
      { ...seeded, numRuns: 20_000 },
    )
  })
})

describe.each([
  ['ES256', ES256, 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
  ['ES384', ES384, 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'],
] as const)('%s: values that are DER but no signature', (name, row, order) => {
  const zero = integer(0)
  const n = concat([0x02, order.length / 2 + 1, 0], unhex(order))
  const nMinus1 = concat(n.subarray(0, -1), [(n.at(-1) as number) - 1])
  const nPlus1 = concat(n.subarray(0, -1), [(n.at(-1) as number) + 1])
  test.each([
    ['r = s = 0', zero, zero],
    ['r = 0', zero, one],
    ['s = 0', one, zero],
    ['r = s = n', n, n],
    ['r = n', n, one],
    ['s = n', one, n],
    ['s = n + 1', one, nPlus1],
    ['r = n - 1, s = n - 1', nMinus1, nMinus1],
    ['r = s = 1', one, one],
  ])('%s', async (_what, r, s) => {
    const { spki } = await createKeyPair(signings[name])
    for (const data of [pattern(10), new Uint8Array()]) {
      expect(
        await verifySignature(row, importPublicKey(spki, row), {
          signature: sequence(r, s),
          signedBytes: data,
          isDer: true,
        }),
      ).toBe(false)
    }
  })

  test('the twin n - s of a good s verifies: nobody may take signatures for identifiers', async () => {
    const pair = await createKeyPair(signings[name])
    const data = pattern(10)
    const raw = await sign(signings[name], pair, data)
    const half = raw.length / 2
    const twin = BigInt(`0x${order}`) - BigInt(`0x${hex(raw.subarray(half))}`)
    const other = concat(raw.subarray(0, half), unhex(twin.toString(16).padStart(2 * half, '0')))
    expect(
      await verifySignature(row, importPublicKey(pair.spki, row), {
        signature: ecdsaSignature(other),
        signedBytes: data,
        isDer: true,
      }),
    ).toBe(true)
  })
})
