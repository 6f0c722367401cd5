/**
 * WebCrypto that is not there, that is broken, or that is patched: T-V5 and T-V6 of the security
 * requirements, at the one place that calls it.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ES384 } from '../../src/crypto/algorithms.ts'
import type * as digest from '../../src/crypto/digest.ts'
import type * as signature from '../../src/crypto/signature.ts'
import { hex, pattern } from '../attester/bytes.ts'
import { createKeyPair, sign, signings, toX509 } from './algorithms.ts'

const pair = await createKeyPair(signings.ES384)
const data = pattern(100)
const good = await sign(signings.ES384, pair, data)
const zero = new Uint8Array(96)

/** A fresh copy of src/crypto, which sees WebCrypto as it is now. */
async function load(): Promise<typeof signature & typeof digest> {
  vi.resetModules()
  const modules = [await import('../../src/crypto/signature.ts'), await import('../../src/crypto/digest.ts')] as const
  return { ...modules[0], ...modules[1] }
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe.each([
  ['no crypto', undefined],
  ['no crypto.subtle, as on a page over http', {}],
  ['crypto.subtle without functions', { subtle: {} }],
])('%s: unsupported, not refused and not accepted', (_what, without) => {
  const unsupported = {
    name: 'VerificationError',
    code: 'unsupported',
    message: 'no WebCrypto: pages need https',
  }

  test('importing the modules is not what fails', async () => {
    vi.stubGlobal('crypto', without)
    await expect(load()).resolves.toBeDefined()
  })

  test('importPublicKey', async () => {
    vi.stubGlobal('crypto', without)
    const { importPublicKey } = await load()
    expect(() => importPublicKey(pair.spki, ES384)).toThrow(expect.objectContaining(unsupported) as Error)
  })

  test('hash', async () => {
    vi.stubGlobal('crypto', without)
    const { hash } = await load()
    await expect(hash('SHA-256', data)).rejects.toMatchObject(unsupported)
  })

  test('verifySignature never says yes', async () => {
    vi.stubGlobal('crypto', without)
    const { verifySignature } = await load()
    const key = Promise.resolve(pair.publicKey)
    expect(await verifySignature(ES384, key, { signature: good, signedBytes: data })).toBe(false)
    expect(
      await verifySignature(ES384, key, { signature: toX509(signings.ES384, good), signedBytes: data, isDer: true }),
    ).toBe(false)
  })
})

describe('T-V5 whatever verify gives but true is no signature', () => {
  test.each([
    ['false', () => Promise.resolve(false)],
    ['a rejection', () => Promise.reject(new DOMException('failed', 'OperationError'))],
    ['a rejection with nothing', () => Promise.reject(undefined as unknown as Error)],
    ['undefined', () => Promise.resolve(undefined)],
    ['null', () => Promise.resolve(null)],
    ['1', () => Promise.resolve(1)],
    ['"true"', () => Promise.resolve('true')],
    ['an object', () => Promise.resolve({ valid: true })],
    ['new Boolean(true)', () => Promise.resolve(Object(true) as unknown)],
    ['an array of true', () => Promise.resolve([true])],
    ['bytes', () => Promise.resolve(new ArrayBuffer(1))],
    ['no promise', () => 1],
    [
      'an exception',
      () => {
        throw new TypeError('no')
      },
    ],
    [
      'a thenable that throws',
      () => ({
        then: () => {
          throw new Error('no')
        },
      }),
    ],
  ])('%s', async (_what, answer) => {
    vi.spyOn(crypto.subtle, 'verify').mockImplementation(answer as () => Promise<boolean>)
    const { importPublicKey, verifySignature } = await load()
    const key = importPublicKey(pair.spki, ES384)
    expect(await verifySignature(ES384, key, { signature: good, signedBytes: data })).toBe(false)
    expect(
      await verifySignature(ES384, key, { signature: toX509(signings.ES384, good), signedBytes: data, isDer: true }),
    ).toBe(false)
  })

  test.each([
    ['a rejection', () => Promise.reject(new DOMException('no', 'DataError'))],
    ['undefined', () => Promise.resolve(undefined)],
  ])('importKey gives %s', async (_what, answer) => {
    vi.spyOn(crypto.subtle, 'importKey').mockImplementation(answer as unknown as typeof crypto.subtle.importKey)
    const { importPublicKey, verifySignature } = await load()
    expect(
      await verifySignature(ES384, importPublicKey(pair.spki, ES384), { signature: good, signedBytes: data }),
    ).toBe(false)
  })
})

describe('T-V6 what is patched after loading is not called', () => {
  test('by assignment to crypto.subtle, and by replacing crypto', async () => {
    const { importPublicKey, verifySignature, hash } = await load()
    const before = hex(await hash('SHA-384', data))
    const spies = (['verify', 'importKey', 'digest'] as const).map((name) =>
      vi.spyOn(crypto.subtle, name).mockResolvedValue(true),
    )
    expect(
      await verifySignature(ES384, importPublicKey(pair.spki, ES384), { signature: zero, signedBytes: data }),
    ).toBe(false)
    expect(
      await verifySignature(ES384, importPublicKey(pair.spki, ES384), { signature: good, signedBytes: data }),
    ).toBe(true)
    expect(hex(await hash('SHA-384', data))).toBe(before)
    expect(spies.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0])
    vi.stubGlobal('crypto', { subtle: { verify: () => Promise.resolve(true) } })
    expect(
      await verifySignature(ES384, importPublicKey(pair.spki, ES384), { signature: zero, signedBytes: data }),
    ).toBe(false)
  })

  test('by the prototype', async () => {
    const { importPublicKey, verifySignature } = await load()
    const prototype = Object.getPrototypeOf(crypto.subtle) as SubtleCrypto
    const spy = vi.spyOn(prototype, 'verify').mockResolvedValue(true)
    expect(
      await verifySignature(ES384, importPublicKey(pair.spki, ES384), { signature: zero, signedBytes: data }),
    ).toBe(false)
    expect(spy).not.toHaveBeenCalled()
  })

  test('the limit: what is patched before loading is believed', async () => {
    vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(true)
    const { importPublicKey, verifySignature } = await load()
    expect(
      await verifySignature(ES384, importPublicKey(pair.spki, ES384), { signature: zero, signedBytes: data }),
    ).toBe(true)
  })
})

test.each([
  ['SHA-256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['SHA-384', 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'],
  [
    'SHA-512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
] as const)('FIPS 180: %s of "abc"', async (algorithm, expected) => {
  const { hash } = await load()
  expect(hex(await hash(algorithm, new TextEncoder().encode('abc')))).toBe(expected)
})
