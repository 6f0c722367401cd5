/**
 * HMAC: a test case of RFC 4231, and what is no MAC.
 */
import { describe, expect, test } from 'vitest'
import { HS256, HS384, HS512, type MacAlgorithm, verifyMac } from '../../src/crypto/mac.ts'
import { unhex } from '../attester/bytes.ts'

// RFC 4231 section 4.2, test case 1.
const secret = new Uint8Array(20).fill(0x0b)
const data = new TextEncoder().encode('Hi There')
const tags: readonly (readonly [MacAlgorithm, string])[] = [
  [HS256, 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [HS384, 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6'],
  [
    HS512,
    '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  ],
]

describe.each(tags)('$name', (algorithm, text) => {
  const tag = unhex(text)

  test('holds for the vector of RFC 4231', async () => {
    expect(tag).toHaveLength(algorithm.size)
    expect(await verifyMac(algorithm, secret, tag, data)).toBe(true)
  })

  test('holds for nothing else', async () => {
    for (let at = 0; at < tag.length; at++) {
      const changed = tag.map((byte, i) => (i === at ? byte ^ 1 : byte))
      expect(await verifyMac(algorithm, secret, changed, data)).toBe(false)
    }
    expect(await verifyMac(algorithm, secret, tag.slice(0, 8), data)).toBe(false)
    expect(await verifyMac(algorithm, secret, new Uint8Array(), data)).toBe(false)
    expect(await verifyMac(algorithm, secret.slice(1), tag, data)).toBe(false)
    expect(await verifyMac(algorithm, secret, tag, data.slice(1))).toBe(false)
    for (const [other] of tags.filter(([one]) => one !== algorithm))
      expect(await verifyMac(other, secret, tag, data)).toBe(false)
  })

  test('does not reject for a secret that WebCrypto refuses', async () => {
    expect(await verifyMac(algorithm, new Uint8Array(), tag, data)).toBe(false)
  })
})
