/**
 * Ed25519: RFC 8032 section 7.1, every bit, and keys with which signatures hold that no one made.
 */
import { describe, expect, test } from 'vitest'
import { verifyEd25519 } from '../../src/crypto/ed25519.ts'
import { unhex } from '../attester/bytes.ts'

const key = unhex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const message = unhex('72')
const signature = unhex(
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
)

test('RFC 8032, test 2', async () => {
  expect(await verifyEd25519(key, signature, message)).toBe(true)
  expect(await verifyEd25519(key, signature, unhex('73'))).toBe(false)
})

test('no bit of the signature may differ', async () => {
  for (let bit = 0; bit < 512; bit++) {
    const other = signature.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    expect(await verifyEd25519(key, other, message)).toBe(false)
  }
})

describe('points of small order: the signature of the identity holds for any message', () => {
  test.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    // The same, not reduced.
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('%s', async (point) => {
    const forged = new Uint8Array(64)
    forged[0] = 1
    for (const text of ['00', '01', '02', '03', '04', '05', '06', '07'])
      expect(await verifyEd25519(unhex(point), forged, unhex(text))).toBe(false)
  })
})

test('bytes that are no point', async () => {
  expect(await verifyEd25519(new Uint8Array(32).fill(2), signature, message)).toBe(false)
  expect(await verifyEd25519(new Uint8Array(31), signature, message)).toBe(false)
  expect(await verifyEd25519(key, signature.subarray(1), message)).toBe(false)
})
