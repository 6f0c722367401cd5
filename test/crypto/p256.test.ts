/**
 * Points of P-256.
 */
import { describe, expect, test } from 'vitest'
import { isPointOfP256 } from '../../src/crypto/p256.ts'

const x = '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
const y = '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'
const minusY = 'b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a'
const point = (text: string): boolean => isPointOfP256(Buffer.from(text, 'hex'))

describe('a point of P-256', () => {
  test('is the generator, and its opposite', () => {
    expect([point(`04${x}${y}`), point(`04${x}${minusY}`)]).toEqual([true, true])
  })

  test('is every public key that WebCrypto makes, and no other with one bit changed', async () => {
    for (let i = 0; i < 20; i++) {
      const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
      const key = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
      expect(isPointOfP256(key)).toBe(true)
      const at = 1 + ((i * 7) % 64)
      expect(isPointOfP256(key.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toBe(false)
    }
  })

  test.each([
    ['off the curve', `04${x}${y.slice(0, -1)}4`],
    ['zero', `04${'00'.repeat(64)}`],
    ['of coordinates beyond the field', `04${'ff'.repeat(64)}`],
    ['with the prime as a coordinate', `04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff${y}`],
    ['hybrid', `06${x}${y}`],
    ['compressed', `03${x}`],
    ['too short', `04${x}${y.slice(2)}`],
    ['too long', `04${x}${y}00`],
    ['nothing', ''],
  ])('is not one %s', (_, text) => {
    expect(point(text)).toBe(false)
  })

  test('is not one whose coordinates are only right modulo the prime', () => {
    // x = 0: y² = b. The other name of 0 is the prime.
    const root = '66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4'
    expect(point(`04${'00'.repeat(32)}${root}`)).toBe(true)
    expect(point(`04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff${root}`)).toBe(false)
  })
})
