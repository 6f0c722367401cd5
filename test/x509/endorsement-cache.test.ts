/**
 * The memory for verified issuers, by itself: what is remembered is one certificate under one key,
 * to the last bit.
 */
import { describe, expect, test } from 'vitest'
import { ES384 } from '../../src/crypto/algorithms.ts'
import { type Certificate, decodeCertificate } from '../../src/x509/certificate.ts'
import { type EndorsementCache, readCertificate } from '../../src/x509/endorsement-cache.ts'
import { latin1, openMemory } from '../../src/crypto/memory.ts'
import { type SignatureRow, startSignatures } from '../../src/crypto/signatures.ts'
import { VerificationError } from '../../src/core/errors.ts'
import { recordChecks } from '../../src/core/record.ts'
import { hex, unhex, withByte } from '../attester/bytes.ts'
import { createSigner } from '../attester/certificate.ts'
import { bitString, type Bytes, ecdsaSignature, elementsOf, sequence } from '../attester/der.ts'
import { check, makeChain, refusal, startPath, verify } from './made.ts'

const sound = await makeChain()
const [root, middle, issuing, leaf] = sound.map(({ der, name }) => decodeCertificate(der, name))
if (root === undefined || middle === undefined || issuing === undefined || leaf === undefined)
  throw new Error('4 expected')
/** The row of one certificate. */
const rowOf = (of: Certificate, by: Certificate): SignatureRow => ({
  code: 'cert-chain-signature',
  of: { ...of, signedBytes: of.tbs, algorithm: ES384, isDer: true, document: of },
  by,
})
/**
 * Verifies that `issuer` signed a certificate, which signed the last: what a cache needs besides a
 * signature is the key of its subject.
 */
async function learn(cache: EndorsementCache, certificate: Certificate, issuer: Certificate): Promise<void> {
  const memory = openMemory(cache)
  const own = readCertificate(memory, certificate.der, certificate.name)
  await startSignatures([rowOf(own, issuer), rowOf(issuing as Certificate, own)], memory).settle(recordChecks())
}
/**
 * Whether a check of this certificate under this issuer is spared: a forged signature then passes.
 */
async function isSpared(cache: EndorsementCache | undefined, of: Certificate, by: Certificate): Promise<boolean> {
  const memory = cache && openMemory(cache)
  const known = memory?.recall(latin1(of.der), `certificate ${JSON.stringify([of.name, {}])}`)
  const { of: signed, ...row } = rowOf((known as Certificate | undefined) ?? of, by)
  const forged = { ...row, of: { ...signed, signature: new Uint8Array() } }
  const told = await refusal(startSignatures([forged], memory).settle(recordChecks()).then(accepted))
  return told === 'unsupported: accepted'
}
const accepted = (): never => {
  throw new VerificationError('unsupported', 'accepted')
}

describe('what is remembered', () => {
  test('one certificate under one issuer, and only that', async () => {
    const cache: EndorsementCache = new Map()
    expect(await isSpared(cache, middle, root)).toBe(false)
    await learn(cache, middle, root)
    expect(await isSpared(cache, middle, root)).toBe(true)
    expect(await isSpared(cache, middle, issuing)).toBe(false)
    expect(await isSpared(cache, root, middle)).toBe(false)
    expect(await isSpared(cache, issuing, root)).toBe(false)
  })

  test('not a certificate that differs in any byte, nor an issuer whose key does', async () => {
    const cache: EndorsementCache = new Map()
    await learn(cache, middle, root)
    for (let at = 0; at < middle.der.length; at++) {
      const other = { ...middle, der: withByte(middle.der, at, (byte) => byte ^ 1) }
      expect(await isSpared(cache, other, root)).toBe(false)
    }
    for (let at = 0; at < root.spki.length; at++) {
      const other = { ...root, spki: withByte(root.spki, at, (byte) => byte ^ 0x80) }
      expect(await isSpared(cache, middle, other)).toBe(false)
    }
  })

  test('not by the name of its issuer: only bytes count', async () => {
    const cache: EndorsementCache = new Map()
    await learn(cache, middle, root)
    expect(await isSpared(cache, middle, { ...root, name: 'elsewhere' })).toBe(true)
  })

  test('nothing without a cache', async () => {
    await verify(sound)
    expect(await isSpared(undefined, middle, root)).toBe(false)
  })
})

describe('a path', () => {
  test('leaves all but its leaf behind, once all signatures held', async () => {
    const cache: EndorsementCache = new Map()
    await verify(sound, ES384, cache)
    expect(cache.size).toBe(3)
    for (const entry of cache.values()) expect(Reflect.ownKeys(entry)).toEqual([])
    expect(await isSpared(cache, middle, root)).toBe(true)
    expect(await isSpared(cache, issuing, middle)).toBe(true)
    expect(await isSpared(cache, leaf, issuing)).toBe(false)
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
    const memory = openMemory(cache)
    const { settle } = startPath(await check(sound, ES384, { memory }), ES384, memory)
    expect(cache.size).toBe(0)
    await settle(recordChecks())
    expect(cache.size).toBe(3)
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
    expect(await isSpared(cache, decodeCertificate(twin, 'middle'), root)).toBe(false)
    await expect(
      verify(
        sound.map(({ name, der }) => ({ name, der: name === 'middle' ? twin : der })),
        ES384,
        cache,
      ),
    ).resolves.toBeDefined()
    expect(cache.size).toBe(4)
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
