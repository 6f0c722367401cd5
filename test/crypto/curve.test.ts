/**
 * Points of P-256, P-384 and P-521, and runtimes without the last.
 */
import { describe, expect, test } from 'vitest'
import { ES512, type KeyAlgorithm, p256, p384, p521 } from '../../src/crypto/algorithms.ts'
import { isPointOf, requireCurve } from '../../src/crypto/curve.ts'
import { isPointOfP256 } from '../../src/crypto/p256.ts'
import { withByte } from '../attester/bytes.ts'
import { pointOf } from '../attester/arm.ts'
import { createSigner } from '../attester/certificate.ts'

describe.each<KeyAlgorithm>([p256, p384, p521])('$name', (key) => {
  const size = key.coordinateSize

  test('has every public key that WebCrypto makes, and no other with one bit changed', async () => {
    for (let i = 0; i < 10; i++) {
      const point = await pointOf(await createSigner(key.name as 'P-256'))
      expect(isPointOf(key, point)).toBe(true)
      expect(
        isPointOf(
          key,
          withByte(point, 1 + ((i * 7) % (2 * size)), (byte) => byte ^ 1),
        ),
      ).toBe(false)
      if (key === p256) expect(isPointOfP256(point)).toBe(true)
    }
  })

  test('has no point in another form, of another length, zero, or beyond the field', async () => {
    const point = await pointOf(await createSigner(key.name as 'P-256'))
    for (const first of [0, 2, 3, 6])
      expect(
        isPointOf(
          key,
          withByte(point, 0, () => first),
        ),
      ).toBe(false)
    expect(isPointOf(key, point.slice(0, -1))).toBe(false)
    expect(isPointOf(key, new Uint8Array([...point, 0]))).toBe(false)
    expect(isPointOf(key, new Uint8Array())).toBe(false)
    expect(isPointOf(key, Uint8Array.of(4, ...new Uint8Array(2 * size)))).toBe(false)
    expect(isPointOf(key, Uint8Array.of(4, ...new Uint8Array(2 * size).fill(0xff)))).toBe(false)
  })

  test('does not have the points of the others', async () => {
    for (const other of [p256, p384, p521].filter((one) => one !== key))
      expect(isPointOf(key, await pointOf(await createSigner(other.name as 'P-256')))).toBe(false)
  })
})

test('a runtime without P-521 says so, and is not taken for a key that is wrong', async () => {
  const point = await pointOf(await createSigner('P-521'))
  await expect(requireCurve(point, ES512)).resolves.toBeUndefined()
  // What such a runtime does with a sound point, any runtime does with a name that it does not
  // know.
  const importParams = { name: 'ECDSA', namedCurve: 'P-999' }
  await expect(requireCurve(point, { ...ES512, importParams })).rejects.toMatchObject({
    name: 'VerificationError',
    code: 'unsupported',
    message: 'this runtime has no P-521',
  })
})
