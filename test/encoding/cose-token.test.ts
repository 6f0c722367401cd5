/**
 * The envelope of tokens: heads of any length, and what is signed.
 */
import { describe, expect, test } from 'vitest'
import { decodeSign1 } from '../../src/encoding/cose.ts'
import { decodeCoseToken } from '../../src/encoding/cose-token.ts'
import { concat, hex, pattern } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { refused } from './refusal.ts'

const header = cbor.encode(new Map([[1, -7]]))
const decode = (bytes: Uint8Array<ArrayBuffer>): ReturnType<typeof decodeCoseToken> => decodeCoseToken(bytes, 'token')
const envelope = (tag: number, payload: Uint8Array, size?: cbor.HeadSize): Uint8Array<ArrayBuffer> =>
  cbor.tag(
    tag,
    cbor.array(cbor.bytes(header, size), cbor.map([]), cbor.bytes(payload, size), cbor.bytes(pattern(64))),
    size,
  )

describe('what is covered', () => {
  test.each([0, 1, 23, 24, 255, 256, 65_535, 65_536])(
    'has the shortest head for %i bytes, whatever the envelope has',
    (length) => {
      const payload = pattern(length)
      for (const [tag, context] of [
        [18, 'Signature1'],
        [17, 'MAC0'],
      ] as const) {
        const expected = cbor.array(
          cbor.text(context),
          cbor.bytes(header),
          cbor.bytes(new Uint8Array()),
          cbor.bytes(payload),
        )
        for (const size of [undefined, 8] as const) {
          const { covered, kind, algorithm, payload: found, proof } = decode(envelope(tag, payload, size))
          expect(hex(covered)).toBe(hex(expected))
          expect([kind, algorithm, hex(found), hex(proof)]).toEqual([
            tag === 18 ? 'signature' : 'mac',
            -7,
            hex(payload),
            hex(pattern(64)),
          ])
        }
      }
    },
  )

  test('has the protected header as it came: another encoding of the same is another header', () => {
    const wide = cbor.map([[cbor.unsigned(1, 8), cbor.negative(-7)]])
    const token = cbor.tag(
      18,
      cbor.array(cbor.bytes(wide), cbor.map([]), cbor.bytes(pattern(3)), cbor.bytes(pattern(64))),
    )
    expect(hex(decode(token).covered)).toContain(hex(cbor.bytes(wide)))
  })
})

test('wide heads are for tokens only: documents that nobody but their signer may encode stay strict', () => {
  const wide = envelope(18, pattern(3), 8)
  expect(decode(wide).kind).toBe('signature')
  expect(refused(() => decodeSign1(wide))).toMatch(/^cose-/)
  const narrow = envelope(18, pattern(3))
  expect(decodeSign1(narrow).payload).toEqual(pattern(3))
})

test('labels are compared by value', () => {
  const twice = cbor.tag(
    18,
    cbor.array(
      cbor.bytes(header),
      cbor.map([[cbor.unsigned(1, 4), cbor.negative(-7)]]),
      cbor.bytes(concat()),
      cbor.bytes(concat()),
    ),
  )
  expect(refused(() => decode(twice))).toBe('cose-unprotected: token: unprotected header: label 1 must not be there')
})
