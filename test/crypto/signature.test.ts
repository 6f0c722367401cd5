/**
 * Every row of the table of algorithms: what its key signed verifies, and nothing else does.
 */
import { createPublicKey, generateKeyPairSync, sign as nodeSign } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SignatureAlgorithm } from '../../src/crypto/algorithms.ts'
import { importPublicKey, verifySignature } from '../../src/crypto/signature.ts'
import { concat, pattern, withByte } from '../attester/bytes.ts'
import type { Bytes } from '../attester/der.ts'
import { createKeyPair, type KeyPair, rowNames, type Signing, sign, signings, table, toX509 } from './algorithms.ts'

const data = pattern(100)

describe.each(rowNames)('%s', (name) => {
  const row: SignatureAlgorithm = table[name]
  const signing = signings[name]
  let own: KeyPair
  let other: KeyPair
  let signature: Bytes

  /** Both functions, which must agree: over the raw signature, and over the same in DER. */
  async function holds(given: Bytes, signed: Bytes = data, key: Bytes = own.spki): Promise<boolean> {
    const publicKey = importPublicKey(key, row)
    const outcomes = [
      await verifySignature(row, publicKey, { signature: given, signedBytes: signed }),
      await verifySignature(row, publicKey, { signature: toX509(signing, given), signedBytes: signed, isDer: true }),
    ]
    expect(outcomes[1]).toBe(outcomes[0])
    return outcomes[0] as boolean
  }

  beforeAll(async () => {
    own = await createKeyPair(signing)
    other = await createKeyPair(signing)
    signature = await sign(signing, own, data)
  })

  test('its own signature', async () => {
    expect(await holds(signature)).toBe(true)
  })

  test('a signature that node:crypto made', async () => {
    expect(await holds(signWithNode(signing, own, await exportPkcs8(own), data))).toBe(true)
  })

  test('a bit of the signature, in every eighth byte', async () => {
    for (let at = 0; at < signature.length; at += 8) {
      expect(await holds(withByte(signature, at, (byte) => byte ^ 1))).toBe(false)
    }
  })

  test('a bit of the data, a byte less, a byte more', async () => {
    expect(
      await holds(
        signature,
        withByte(data, 50, (byte) => byte ^ 1),
      ),
    ).toBe(false)
    expect(await holds(signature, data.subarray(1))).toBe(false)
    expect(await holds(signature, concat(data, [0]))).toBe(false)
  })

  test('another key of the same kind', async () => {
    expect(await holds(signature, data, other.spki)).toBe(false)
  })

  test('another hash', async () => {
    const hashes = (['SHA-256', 'SHA-384', 'SHA-512'] as const).filter((hash) => hash !== signing.hash)
    for (const hash of hashes) {
      const pkcs8 = await exportPkcs8(own)
      expect(await holds(signWithNode({ ...signing, hash }, own, pkcs8, data))).toBe(false)
    }
  })

  test('a signature that is empty, shorter, longer, or zero', async () => {
    for (const wrong of [
      new Uint8Array(),
      signature.subarray(1),
      signature.subarray(0, -1),
      concat(signature, [0]),
      concat([0], signature),
    ]) {
      expect(await verifySignature(row, importPublicKey(own.spki, row), { signature: wrong, signedBytes: data })).toBe(
        false,
      )
      expect(
        await verifySignature(row, importPublicKey(own.spki, row), {
          signature: wrong,
          signedBytes: data,
          isDer: true,
        }),
      ).toBe(false)
    }
    expect(await holds(new Uint8Array(signature.length))).toBe(false)
  })

  test('an RSA signature without its leading zero', async () => {
    if (!signing.kind.startsWith('RSA')) return
    // One in 256 begins with a zero.
    for (let tries = 0; ; tries++) {
      const signed = concat(data, [tries >> 8, tries & 0xff])
      const found = await sign(signing, own, signed)
      if (found[0] !== 0) continue
      expect(await holds(found, signed)).toBe(true)
      expect(await holds(found.subarray(1), signed)).toBe(false)
      return
    }
  })

  test('the form of the other standard: DER in COSE, r || s in X.509', async () => {
    if (signing.kind !== 'ECDSA') return
    const key = importPublicKey(own.spki, row)
    expect(await verifySignature(row, key, { signature: toX509(signing, signature), signedBytes: data })).toBe(false)
    expect(await verifySignature(row, key, { signature, signedBytes: data, isDer: true })).toBe(false)
  })

  test('a key that WebCrypto refuses: no key, no signature, no exception', async () => {
    const bad = [new Uint8Array(), own.spki.subarray(0, 40), pattern(own.spki.length)]
    for (const spki of bad) {
      const key = importPublicKey(spki, row)
      expect(await key).toBeUndefined()
      expect(await verifySignature(row, key, { signature, signedBytes: data })).toBe(false)
    }
  })

  test('a key of another kind', async () => {
    const kind: Signing =
      signing.kind === 'ECDSA' && signing.curve === 'P-256'
        ? { ...signing, curve: 'P-384' }
        : { kind: 'ECDSA', hash: 'SHA-256', curve: 'P-256' }
    const { spki } = await createKeyPair(kind)
    expect(await importPublicKey(spki, row)).toBeUndefined()
    expect(await holds(signature, data, spki)).toBe(false)
  })

  test('no key', async () => {
    expect(await verifySignature(row, undefined, { signature, signedBytes: data })).toBe(false)
    expect(await verifySignature(row, Promise.resolve(undefined), { signature, signedBytes: data })).toBe(false)
    expect(await verifySignature(row, Promise.reject(new Error('no')), { signature, signedBytes: data })).toBe(false)
    expect(
      await verifySignature(row, undefined, { signature: toX509(signing, signature), signedBytes: data, isDer: true }),
    ).toBe(false)
  })

  test('a key that was imported for another use or algorithm', async () => {
    const signingOnly = Promise.resolve(own.privateKey)
    expect(await verifySignature(row, signingOnly, { signature, signedBytes: data })).toBe(false)
    const hmac = crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    expect(await verifySignature(row, hmac, { signature, signedBytes: data })).toBe(false)
  })
})

describe('a point', () => {
  const offCurve = (spki: Bytes): Bytes => withByte(spki, -1, (byte) => byte ^ 1)

  test.each(['ES256', 'ES384', 'ES512'] as const)(
    'off the curve, at infinity, compressed: no key of %s',
    async (name) => {
      const { spki } = await createKeyPair(signings[name])
      const { coordinateSize } = table[name].key
      const point = spki.length - 2 * coordinateSize
      const head = spki.subarray(0, point)
      expect(await importPublicKey(offCurve(spki), table[name])).toBeUndefined()
      expect(await importPublicKey(concat(head, new Uint8Array(2 * coordinateSize)), table[name])).toBeUndefined()
      expect(
        await importPublicKey(concat(head, new Uint8Array(2 * coordinateSize).fill(0xff)), table[name]),
      ).toBeUndefined()
    },
  )
})

describe('RSA-PSS', () => {
  test.each(['PS256', 'PS384', 'PS512'] as const)('%s: a salt of another length than the hash', async (name) => {
    const own = await createKeyPair(signings[name])
    const key = importPublicKey(own.spki, table[name])
    for (const saltLength of [0, 20, 33]) {
      const signature = await sign(signings[name], own, data, saltLength)
      expect(await verifySignature(table[name], key, { signature, signedBytes: data })).toBe(false)
    }
  })

  test('is not PKCS #1 v1.5, nor the other way round', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
    const pkcs1 = new Uint8Array(nodeSign('sha256', data, privateKey))
    const pss = new Uint8Array(nodeSign('sha256', data, { key: privateKey, padding: 6, saltLength: 32 }))
    const verdicts = async (signature: Bytes): Promise<boolean[]> => [
      await verifySignature(table.RS256, importPublicKey(spki, table.RS256), { signature, signedBytes: data }),
      await verifySignature(table.PS256, importPublicKey(spki, table.PS256), { signature, signedBytes: data }),
    ]
    expect(await verdicts(pkcs1)).toEqual([true, false])
    expect(await verdicts(pss)).toEqual([false, true])
    expect(createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' }).asymmetricKeyType).toBe('rsa')
  })
})

async function exportPkcs8({ privateKey }: KeyPair): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey))
}

/** A second signer; for RSA-PSS the salt is as long as the hash, and MGF1 uses the same. */
function signWithNode({ kind, hash }: Signing, _pair: KeyPair, pkcs8: Buffer, signed: Bytes): Bytes {
  const key = { key: pkcs8, type: 'pkcs8', format: 'der' } as const
  const digest = hash.replace('SHA-', 'sha')
  if (kind === 'ECDSA') return new Uint8Array(nodeSign(digest, signed, { ...key, dsaEncoding: 'ieee-p1363' }))
  if (kind === 'RSA-PSS') {
    return new Uint8Array(nodeSign(digest, signed, { ...key, padding: 6, saltLength: Number(hash.slice(4)) / 8 }))
  }
  return new Uint8Array(nodeSign(digest, signed, key))
}
