/**
 * The memory for verified issuers, by itself: what is remembered is one certificate under one key, to the last bit.
 */
import { describe, expect, test } from 'vitest'
import { ES384 } from '../../src/crypto/algorithms.ts'
import { decodeCertificate } from '../../src/x509/certificate.ts'
import { type EndorsementCache, recall, remember } from '../../src/x509/endorsement-cache.ts'
import { startSignatures } from '../../src/x509/path.ts'
import { recordChecks } from '../../src/core/record.ts'
import { hex, unhex, withByte } from '../attester/bytes.ts'
import { createSigner } from '../attester/certificate.ts'
import { bitString, type Bytes, ecdsaSignature, elementsOf, sequence } from '../attester/der.ts'
import { check, makeChain, refusal, verify } from './made.ts'

const sound = await makeChain()
const [root, middle, issuing, leaf] = sound.map(({ der, name }) => decodeCertificate(der, name))
if (root === undefined || middle === undefined || issuing === undefined || leaf === undefined)
  throw new Error('4 expected')
const key = Promise.resolve(undefined)

describe('recall', () => {
  test('what was remembered, and only that', () => {
    const cache: EndorsementCache = new Map()
    expect(recall(cache, middle, root)).toBeUndefined()
    remember(cache, middle, root, key)
    expect(recall(cache, middle, root)).toBe(key)
    expect(recall(cache, middle, issuing)).toBeUndefined()
    expect(recall(cache, root, middle)).toBeUndefined()
    expect(recall(cache, issuing, root)).toBeUndefined()
  })

  test('not a certificate that differs in any byte, nor an issuer whose key does', () => {
    const cache: EndorsementCache = new Map()
    remember(cache, middle, root, key)
    for (let at = 0; at < middle.der.length; at++) {
      expect(recall(cache, { ...middle, der: withByte(middle.der, at, (byte) => byte ^ 1) }, root)).toBeUndefined()
    }
    for (let at = 0; at < root.spki.length; at++) {
      expect(recall(cache, middle, { ...root, spki: withByte(root.spki, at, (byte) => byte ^ 0x80) })).toBeUndefined()
    }
  })

  test('not by name or place: only bytes count', () => {
    const cache: EndorsementCache = new Map()
    remember(cache, middle, root, key)
    expect(recall(cache, { ...middle, name: 'elsewhere' }, { ...root, name: 'too' })).toBe(key)
  })

  test('no cache remembers nothing', () => {
    remember(undefined, middle, root, key)
    expect(recall(undefined, middle, root)).toBeUndefined()
  })
})

test('never more than 100, the oldest leaves first', () => {
  const cache: EndorsementCache = new Map()
  const many = Array.from({ length: 250 }, (_, i) => ({ ...middle, der: Uint8Array.of(i & 0xff, i >> 8) }))
  many.forEach((certificate, i) => {
    remember(cache, certificate, root, key)
    expect(cache.size).toBe(Math.min(i + 1, 100))
  })
  expect(many.map((certificate) => recall(cache, certificate, root) === key)).toEqual(many.map((_, i) => i >= 150))
})

test('remembering again does not make it larger', () => {
  const cache: EndorsementCache = new Map()
  for (let i = 0; i < 150; i++) remember(cache, middle, root, key)
  expect(cache.size).toBe(1)
})

describe('a path', () => {
  test('leaves its issuers behind, neither root nor leaf, once all signatures held', async () => {
    const cache: EndorsementCache = new Map()
    await verify(sound, ES384, cache)
    expect(cache.size).toBe(2)
    expect(await recall(cache, middle, root)).toBeInstanceOf(CryptoKey)
    expect(await recall(cache, issuing, middle)).toBeInstanceOf(CryptoKey)
    expect(recall(cache, leaf, issuing)).toBeUndefined()
    await expect(verify(sound, ES384, cache)).resolves.toBeDefined()
  })

  test('leaves nothing behind when one signature did not hold', async () => {
    const cache: EndorsementCache = new Map()
    const forged = await makeChain({ leaf: { signedBy: await createSigner() } })
    expect(await refusal(verify(forged, ES384, cache))).toMatch(/^cert-chain-signature: leaf/)
    expect(cache.size).toBe(0)
  })

  test('that is started but not settled leaves nothing behind', async () => {
    const cache: EndorsementCache = new Map()
    const { settle } = startSignatures(await check(sound), ES384, cache)
    expect(cache.size).toBe(0)
    await settle(recordChecks())
    expect(cache.size).toBe(2)
  })

  test('the leaf is checked every time, also when its issuer is remembered', async () => {
    const cache: EndorsementCache = new Map()
    await verify(sound, ES384, cache)
    const forged = await makeChain({ leaf: { signedBy: await createSigner() } })
    expect(await refusal(verify(forged, ES384, cache))).toMatch(/^cert-chain-signature: leaf/)
  })

  test('the twin of a remembered signature (n - s) is another certificate: checked, not recalled', async () => {
    const cache: EndorsementCache = new Map()
    await verify(sound, ES384, cache)
    const twin = withTwinSignature(middle.der)
    expect(hex(twin)).not.toBe(hex(middle.der))
    expect(recall(cache, decodeCertificate(twin, 'middle'), root)).toBeUndefined()
    await expect(
      verify(
        sound.map(({ name, der }) => ({ name, der: name === 'middle' ? twin : der })),
        ES384,
        cache,
      ),
    ).resolves.toBeDefined()
    // Its key was not needed, so it was not imported, and it is checked again next time.
    expect(cache.size).toBe(2)
  })
})

/** The same certificate with n - s for s: an ECDSA signature that verifies as well. */
function withTwinSignature(der: Bytes): Bytes {
  const order = BigInt(
    '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  )
  const [tbs, algorithm, signature] = elementsOf(der) as [Bytes, Bytes, Bytes]
  const der1 = signature.subarray(3)
  const [r, s] = elementsOf(der1).map((element) => hex(element.subarray(2)).padStart(98, '0').slice(-96)) as [
    string,
    string,
  ]
  const twin = (order - BigInt(`0x${s}`)).toString(16).padStart(96, '0')
  return sequence(tbs, algorithm, bitString(ecdsaSignature(unhex(r + twin))))
}
