/**
 * The caller's memory for verified issuers: it saves signature checks, is bounded, and never
 * changes a verdict.
 */
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import type * as nitro from '../../../../src/formats/aws/nitro/index.ts'
import { createSigner } from '../../../attester/certificate.ts'
import { createNitroAttester, testNonce } from '../../../attester/nitro.ts'
import { type Change, make, minute, now } from './made.ts'

// The library takes the functions of WebCrypto when it is loaded: count first, load then.
const counts = { importKey: 0, verify: 0 }
for (const name of ['importKey', 'verify'] as const) {
  const original = crypto.subtle[name].bind(crypto.subtle) as (...parameters: unknown[]) => Promise<never>
  vi.spyOn(crypto.subtle, name).mockImplementation((...parameters: unknown[]) => {
    counts[name]++
    return original(...parameters)
  })
}
vi.resetModules()
const { verifyNitro } = await import('../../../../src/formats/aws/nitro/index.ts')
const stranger = await createSigner()

beforeEach(() => {
  counts.importKey = 0
  counts.verify = 0
})
afterAll(() => {
  vi.restoreAllMocks()
})

/** `valid` or the reason. This copy of the library has error classes of its own. */
async function verdict(change: Change, endorsementCache: nitro.EndorsementCache): Promise<string> {
  const { evidence, options } = await make(change)
  counts.importKey = 0
  counts.verify = 0
  return verifyNitro(evidence, { ...options, endorsementCache }).then(
    () => 'valid',
    (error: unknown) => (error as { code: string }).code,
  )
}

test('without a cache: five signatures, one import for each key', async () => {
  const { evidence, options } = await make()
  counts.importKey = 0
  counts.verify = 0
  await verifyNitro(evidence, options)
  expect(counts).toEqual({ importKey: 5, verify: 5 })
})

test('with a warm cache: the leaf and the document, nothing else', async () => {
  const cache: nitro.EndorsementCache = new Map()
  expect(await verdict({}, cache)).toBe('valid')
  expect(counts).toEqual({ importKey: 5, verify: 5 })
  // Root, regional, zonal and instance; the leaf is as short-lived as the document.
  expect(cache.size).toBe(4)
  expect(await verdict({}, cache)).toBe('valid')
  expect(counts).toEqual({ importKey: 1, verify: 2 })
  expect(cache.size).toBe(4)
})

test('the size is bounded, the oldest leaves first', async () => {
  const cache: nitro.EndorsementCache = new Map()
  const oldest = Array.from({ length: 100 }, (_, i) => `of another verification ${i}`)
  // Of others: they say nothing here, but they count.
  for (const entry of oldest) cache.set(entry, {} as never)
  expect(await verdict({}, cache)).toBe('valid')
  expect(cache.size).toBe(100)
  expect(oldest.map((entry) => cache.has(entry))).toEqual(oldest.map((_, i) => i >= 4))
  // What it holds now is of use.
  expect(await verdict({}, cache)).toBe('valid')
  expect(counts.verify).toBe(2)
  expect(cache.size).toBe(100)
})

test('what it remembers still expires', async () => {
  const cache: nitro.EndorsementCache = new Map()
  expect(await verdict({}, cache)).toBe('valid')
  const later = { options: { now: new Date(now.getTime() + 30 * 24 * 60 * minute), freshness: { maxAgeSeconds: 1e9 } } }
  expect(await verdict(later, cache)).toBe('cert-validity')
})

test('what it remembers still has to hang on a pinned root', async () => {
  const cache: nitro.EndorsementCache = new Map()
  expect(await verdict({}, cache)).toBe('valid')
  const { root } = await createNitroAttester({ now })
  expect(await verdict({ options: { trustAnchors: [root] } }, cache)).toBe('root-mismatch')
})

test('every rule about certificates is applied to what it remembers', async () => {
  const cache: nitro.EndorsementCache = new Map()
  const { root, certificates, document } = await createNitroAttester({ now })
  const { options } = await make({ options: { trustAnchors: [root], endorsementCache: cache } })
  await verifyNitro(await document({ nonce: testNonce }), options)
  const [, regional, zonal, instance] = certificates as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const swapped = await document({ nonce: testNonce, cabundle: () => [root, zonal, regional, instance] })
  const codes = ['cert-path-length', 'cert-chain-name']
  await expect(verifyNitro(swapped, options)).rejects.toSatisfy((error: { code: string }) => codes.includes(error.code))
})

test('a remembered certificate is not taken for one of the same name under another key', async () => {
  const cache: nitro.EndorsementCache = new Map()
  const genuine = await createNitroAttester({ now })
  const lookAlike = await createNitroAttester({ now })
  const { options } = await make({ options: { trustAnchors: [genuine.root, lookAlike.root], endorsementCache: cache } })
  await verifyNitro(await genuine.document({ nonce: testNonce }), options)
  const spliced = await genuine.document({ nonce: testNonce, cabundle: (given) => [lookAlike.root, ...given.slice(1)] })
  await expect(verifyNitro(spliced, options)).rejects.toMatchObject({ code: 'cert-chain-signature' })
})

test('a path that fails leaves nothing behind', async () => {
  for (const id of ['regional', 'zonal', 'instance', 'leaf'] as const) {
    const cache: nitro.EndorsementCache = new Map()
    const forged = { attester: { certificates: { [id]: { signedBy: stranger } } } }
    expect(await verdict(forged, cache)).toBe('cert-chain-signature')
    expect(cache.size).toBe(0)
    expect(await verdict(forged, cache)).toBe('cert-chain-signature')
  }
})

test('a document that fails leaves nothing behind', async () => {
  const cache: nitro.EndorsementCache = new Map()
  const forged = { document: { signer: stranger } }
  expect(await verdict(forged, cache)).toBe('cose-signature')
  expect(cache.size).toBe(0)
  expect(await verdict(forged, cache)).toBe('cose-signature')
  expect(await verdict({}, cache)).toBe('valid')
})

test('after good ones, a forged leaf is refused, and after forged ones, good ones are not', async () => {
  const cache: nitro.EndorsementCache = new Map()
  for (let i = 0; i < 2; i++) {
    expect(await verdict({}, cache)).toBe('valid')
    expect(await verdict({ attester: { certificates: { leaf: { signedBy: stranger } } } }, cache)).toBe(
      'cert-chain-signature',
    )
    expect(await verdict({ document: { signature: () => new Uint8Array(96) } }, cache)).toBe('cose-signature')
  }
})
