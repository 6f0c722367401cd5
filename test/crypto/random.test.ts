/**
 * Random bytes, and what is no source of them.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { randomBytes } from '../../src/crypto/random.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** As a page would find the module where `crypto` is something else. */
async function withCrypto(crypto: unknown): Promise<typeof randomBytes> {
  vi.resetModules()
  vi.stubGlobal('crypto', crypto)
  return (await import('../../src/crypto/random.ts')).randomBytes
}

describe('random bytes', () => {
  test('are as many as were asked for, and others each time', () => {
    const all = Array.from({ length: 100 }, () => randomBytes(16))
    expect(all.every(({ length }) => length === 16)).toBe(true)
    expect(new Set(all.map(String)).size).toBe(100)
  })

  test('A26 nonce-reuse: zeros are not taken for random', async () => {
    const stubbed = await withCrypto({ getRandomValues: (bytes: Uint8Array) => bytes })
    expect(() => stubbed(16)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: 'random bytes: expected any, found zeros' }),
    )
  })

  test('A59 import-failure: without WebCrypto there are none', async () => {
    const stubbed = await withCrypto(undefined)
    expect(() => stubbed(16)).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })

  test('A61: what is patched after the module was loaded is not called', async () => {
    const patched = vi.spyOn(crypto, 'getRandomValues')
    randomBytes(16)
    expect(patched).not.toHaveBeenCalled()
    patched.mockRestore()
    await Promise.resolve()
  })
})
