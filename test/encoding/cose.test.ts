/**
 * COSE_Sign1: the envelope, and the bytes that its signature covers, down to an example of RFC 9052
 * whose signature verifies.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSign1, signedBytes } from '../../src/encoding/cose.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import { refused, seeded } from './refusal.ts'

/**
 * RFC 9052 Appendix C.2.1, "Single ECDSA Signature": protected {alg: ES256}, unprotected {kid:
 * '11'}, key '11' of Appendix C.7.1.
 */
const example = {
  bytes:
    'd28443a10126a10442313154546869732069732074686520636f6e74656e742e' +
    '58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e' +
    '2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36',
  key:
    '04bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff' +
    '20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e',
  signed: '846a5369676e61747572653143a101264054546869732069732074686520636f6e74656e742e',
}

const decode = (encoded: string): ReturnType<typeof decodeSign1> => decodeSign1(unhex(encoded))

describe('RFC 9052 Appendix C.2.1', () => {
  const sign1 = decode(example.bytes)

  test('its parts', () => {
    expect(sign1.protectedHeader).toEqual(new Map([[1, -7]]))
    expect(sign1.unprotectedHeader).toEqual(new Map([[4, unhex('3131')]]))
    expect(new TextDecoder().decode(sign1.payload)).toBe('This is the content.')
    expect(sign1.signature).toHaveLength(64)
  })

  test('the bytes that its signature covers, and it holds over them', async () => {
    expect(hex(signedBytes(sign1))).toBe(example.signed)
    const key = await crypto.subtle.importKey('raw', unhex(example.key), { name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'verify',
    ])
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    expect(await crypto.subtle.verify(algorithm, key, sign1.signature, signedBytes(sign1))).toBe(true)
  })

  test('under tag 18 or bare: the same', () => {
    expect(decode(example.bytes.slice(2))).toEqual(sign1)
  })
})

describe('signedBytes', () => {
  /**
   * RFC 9052 section 4.4, written with an encoder: [context, body_protected, external_aad,
   * payload].
   */
  const sigStructure = (protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array =>
    cbor.encode(['Signature1', Buffer.from(protectedHeader), Buffer.alloc(0), Buffer.from(payload)])

  test.each([0, 1, 23, 24, 255, 256, 65_535, 65_536])('a payload of %d bytes', (length) => {
    const payload = new Uint8Array(length).fill(7)
    const header = unhex('a1013822')
    const sign1 = decodeSign1(
      cbor.array(cbor.bytes(header), cbor.map([]), cbor.bytes(payload), cbor.bytes(unhex('00'))),
    )
    expect(hex(signedBytes(sign1))).toBe(hex(sigStructure(header, payload)))
  })

  test('any header and payload', () => {
    const content = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(content, content, content, (header, payload, signature) => {
        const protectedHeader = cbor.map([[cbor.text('x'), cbor.bytes(header)]])
        const items = [protectedHeader, payload, signature].map((item) => cbor.bytes(Uint8Array.from(item)))
        const [first, second, third] = items as [Uint8Array, Uint8Array, Uint8Array]
        const sign1 = decodeSign1(cbor.array(first, cbor.map([]), second, third))
        expect(hex(signedBytes(sign1))).toBe(hex(sigStructure(protectedHeader, payload)))
        expect([...sign1.payload]).toEqual([...payload])
        expect([...sign1.signature]).toEqual([...signature])
      }),
      seeded,
    )
  })
})

describe('refused', () => {
  const rest = 'a041004100'
  test.each([
    ['nothing', '', 'outer-cbor: COSE_Sign1: array at 0 needs 1 bytes, found 0'],
    ['the tag alone', 'd2', 'outer-cbor: COSE_Sign1: array at 1 needs 1 bytes, found 0'],
    ['tag 18 in two bytes', 'd8128441a0' + rest, 'cose-tag: tag: expected 18 in one byte, or none, found 18'],
    [
      'tag 18 in nine bytes',
      'db00000000000000128441a0' + rest,
      'cose-tag: tag: expected 18 in one byte, or none, found 18',
    ],
    ['tag 98, COSE_Sign', 'd8628441a0' + rest, 'cose-tag: tag: expected 18 in one byte, or none, found 98'],
    ['tag 17, COSE_Mac0', 'd18441a0' + rest, 'cose-tag: tag: expected 18 in one byte, or none, found 17'],
    ['tag 61, CWT, around it', 'd83dd28441a0' + rest, 'cose-tag: tag: expected 18 in one byte, or none, found 61'],
    ['tag 18 twice', 'd2d28441a0' + rest, 'cose-tag: tag: expected 18 in one byte, or none, found 18'],
    ['another tag inside', 'd2c18441a0' + rest, 'cose-tag: tag: expected 18 in one byte, or none, found 1'],
    ['an array of 3', '8341a0a04100', 'cose-shape: COSE_Sign1: must be a definite array of 4'],
    ['an array of 5', '8541a0' + rest + '4100', 'cose-shape: COSE_Sign1: must be a definite array of 4'],
    ['an indefinite array', '9f41a0' + rest + 'ff', 'cose-shape: COSE_Sign1: must be a definite array of 4'],
    ['a padded array', '980441a0' + rest, 'cose-shape: COSE_Sign1: must be a definite array of 4'],
    ['a map', 'a441a0' + rest, 'cose-shape: COSE_Sign1: must be a definite array of 4'],
    ['a byte string around it', '4841a0' + rest, 'cose-shape: COSE_Sign1: must be a definite array of 4'],
    [
      'a protected header that is a map',
      '84a0' + rest,
      'cose-shape: COSE_Sign1: protected header must be a bstr with shortest head',
    ],
    [
      'a padded protected header',
      '845801a0' + rest,
      'cose-shape: COSE_Sign1: protected header must be a bstr with shortest head',
    ],
    [
      'a protected header in chunks',
      '845f41a0ff' + rest,
      'cose-shape: COSE_Sign1: protected header must be a bstr with shortest head',
    ],
    ['an empty protected header', '8440' + rest, 'cose-protected: protected header: item at 0 needs 1 bytes, found 0'],
    ['a protected header of two maps', '8442a0a0' + rest, 'cose-protected: protected header: 1 bytes left over at 1'],
    ['a protected header that is no map', '844180' + rest, 'cose-protected: protected header: must be a map'],
    [
      'an indefinite protected header',
      '8442bfff' + rest,
      'cose-protected: protected header: head not in shortest form at 0',
    ],
    [
      'a padded protected key',
      '8444a1180126' + rest,
      'cose-protected: protected header: head not in shortest form at 1',
    ],
    ['a duplicate protected key', '8445a201260126' + rest, 'cose-protected: protected header: duplicate key 1 at 0'],
    [
      'an unprotected header that is an array',
      '8441a08041004100',
      'cose-shape: COSE_Sign1: unprotected header must be a map',
    ],
    [
      'an unprotected header that is null',
      '8441a0f641004100',
      'cose-shape: COSE_Sign1: unprotected header must be a map',
    ],
    [
      'an indefinite unprotected header',
      '8441a0bfff41004100',
      'cose-unprotected: unprotected header: head not in shortest form at 3',
    ],
    [
      'a duplicate unprotected key',
      '8441a0a20100010041004100',
      'cose-unprotected: unprotected header: duplicate key 1 at 3',
    ],
    ['a detached payload', '8441a0a0f64100', 'cose-shape: COSE_Sign1: payload must be a bstr with shortest head'],
    ['a payload of text', '8441a0a061614100', 'cose-shape: COSE_Sign1: payload must be a bstr with shortest head'],
    ['a padded payload', '8441a0a05801004100', 'cose-shape: COSE_Sign1: payload must be a bstr with shortest head'],
    [
      'a payload in chunks',
      '8441a0a05f4100ff4100',
      'cose-shape: COSE_Sign1: payload must be a bstr with shortest head',
    ],
    [
      'a signature that is null',
      '8441a0a04100f6',
      'cose-shape: COSE_Sign1: signature must be a bstr with shortest head',
    ],
    ['no signature', '8441a0a04100', 'outer-cbor: COSE_Sign1: item at 6 needs 1 bytes, found 0'],
    ['a signature that is cut', '8441a0a041004200', 'outer-cbor: COSE_Sign1: signature at 7 needs 2 bytes, found 1'],
    ['a byte more', '8441a0' + rest + '00', 'outer-cbor: COSE_Sign1: 1 bytes left over at 8'],
  ])('%s', (_what, encoded, refusal) => {
    expect(refused(() => decode(encoded))).toBe(refusal)
  })

  test('the example, cut off at every byte', () => {
    const bytes = unhex(example.bytes)
    for (let length = 0; length < bytes.length; length++) {
      expect(refused(() => decodeSign1(bytes.subarray(0, length)))).toMatch(/^(outer-cbor|cose-unprotected): .+ at \d+/)
    }
  })
})

test('all bytes are views of the input', () => {
  const input = concat(unhex('00'), unhex(example.bytes)).subarray(1)
  const { payload, signature, signedItems } = decodeSign1(input)
  for (const view of [payload, signature, ...signedItems]) expect(view.buffer).toBe(input.buffer)
})

describe('H14 headers have a budget of 256 items together', () => {
  const headers = (inside: number, outside: number): Uint8Array<ArrayBuffer> => {
    // Two more for the map and its key, and one for the list itself.
    const header = (count: number): Uint8Array<ArrayBuffer> =>
      cbor.map([
        [cbor.unsigned(33), cbor.array(...Array.from({ length: count - 3 }, () => cbor.bytes(new Uint8Array())))],
      ])
    return cbor.array(
      cbor.bytes(header(inside)),
      header(outside),
      cbor.bytes(Uint8Array.of(1)),
      cbor.bytes(new Uint8Array(64)),
    )
  }

  test('as many as that', () => {
    expect(decodeSign1(headers(128, 128)).protectedHeader.get(33)).toHaveLength(125)
    expect(decodeSign1(headers(250, 6)).unprotectedHeader.get(33)).toHaveLength(3)
  })

  test.each([
    ['protected', 129, 128, /^cose-protected: protected header: too many items at 130$/],
    ['protected', 10_000, 3, /^cose-protected: protected header: too many items at 256$/],
    ['unprotected', 3, 257, /^cose-unprotected: unprotected header: too many items at \d+$/],
    ['unprotected', 3, 10_000, /^cose-unprotected: unprotected header: too many items at 26\d$/],
  ])('more in the %s header: %i and %i', (_, inside, outside, message) => {
    expect(refused(() => decodeSign1(headers(inside, outside)))).toMatch(message)
  })
})
