/**
 * WebCrypto that is not there, that is broken, or that somebody replaced: refused in every case.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type * as nitro from '../../../../src/formats/aws/nitro/index.ts'
import { make, omit } from './made.ts'

/** A fresh copy of the library, which sees WebCrypto as it is now. */
async function load(): Promise<typeof nitro> {
  vi.resetModules()
  return await import('../../../../src/formats/aws/nitro/index.ts')
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

test.each([
  ['no crypto', undefined],
  ['no crypto.subtle, as on a page over http', {}],
])('%s: unsupported, with every kind of options', async (_what, without) => {
  const { evidence, options } = await make()
  const pinned = omit(options, 'trustAnchors')
  vi.stubGlobal('crypto', without)
  const { verifyNitro } = await load()
  for (const given of [options, pinned]) {
    await expect(verifyNitro(evidence, given)).rejects.toMatchObject({
      name: 'VerificationError',
      code: 'unsupported',
      message: expect.stringContaining('WebCrypto') as string,
    })
  }
})

describe('T-V5 whatever is not true is no signature', () => {
  test.each([
    ['a rejection', () => Promise.reject(new Error('OperationError'))],
    ['undefined', () => Promise.resolve(undefined)],
    ['1', () => Promise.resolve(1)],
    ['"true"', () => Promise.resolve('true')],
    ['an object', () => Promise.resolve({ valid: true })],
    ['new Boolean(true)', () => Promise.resolve(Object(true) as boolean)],
    [
      'an exception',
      () => {
        throw new Error('no promise')
      },
    ],
  ])('verify gives %s', async (_what, answer) => {
    const { evidence, options } = await make()
    vi.spyOn(crypto.subtle, 'verify').mockImplementation(answer as () => Promise<boolean>)
    const { verifyNitro } = await load()
    await expect(verifyNitro(evidence, options)).rejects.toMatchObject({
      name: 'VerificationError',
      code: 'cert-chain-signature',
    })
  })

  test('only the last signature is undecided', async () => {
    const { evidence, options } = await make()
    const original = crypto.subtle.verify.bind(crypto.subtle)
    vi.spyOn(crypto.subtle, 'verify').mockImplementation(async (algorithm, key, signature, data) =>
      // The document is longer than any certificate.
      data.byteLength > 1024 ? (undefined as never) : original(algorithm, key, signature, data),
    )
    const { verifyNitro } = await load()
    await expect(verifyNitro(evidence, options)).rejects.toMatchObject({ code: 'cose-signature' })
  })

  test('a key that cannot be imported', async () => {
    const { evidence, options } = await make()
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new Error('DataError'))
    const { verifyNitro } = await load()
    await expect(verifyNitro(evidence, options)).rejects.toMatchObject({ code: 'cert-chain-signature' })
  })
})

test('T-V6 what is patched after the library was loaded is not called', async () => {
  const forged = await make({ document: { signature: () => new Uint8Array(96) } })
  const genuine = await make()
  const { verifyNitro } = await load()
  const patched = vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(true)
  const refusing = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new Error('patched'))
  const hashing = vi.spyOn(crypto.subtle, 'digest').mockRejectedValue(new Error('patched'))
  await expect(verifyNitro(forged.evidence, forged.options)).rejects.toMatchObject({ code: 'cose-signature' })
  await expect(verifyNitro(genuine.evidence, genuine.options)).resolves.toMatchObject({ format: 'nitro' })
  expect([patched, refusing, hashing].map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0])
})

test('T-V3 nothing is written to the console', async () => {
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
    vi.spyOn(console, name).mockReturnValue(),
  )
  const { verifyNitro } = await load()
  for (const change of [
    {},
    { document: { signature: () => new Uint8Array(96) } },
    { options: { referenceValues: {} } },
  ]) {
    const { evidence, options } = await make(change)
    await verifyNitro(evidence, options).catch(() => undefined)
  }
  expect(spies.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0, 0])
})

test('T-V11 two verifications at once do not share anything', async () => {
  const { verifyNitro } = await load()
  const good = await make({ document: { publicKey: Uint8Array.of(1) } })
  const other = await make({
    document: { publicKey: Uint8Array.of(2) },
    options: { referenceValues: { PCR0: 'ab'.repeat(48) } },
  })
  const runs = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? good : other))
  const settled = await Promise.allSettled(runs.map(({ evidence, options }) => verifyNitro(evidence, options)))
  settled.forEach((outcome, i) => {
    if (i % 2 === 0) expect(outcome).toMatchObject({ status: 'fulfilled', value: { publicKey: Uint8Array.of(1) } })
    else expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'policy-pcr' } })
  })
})
