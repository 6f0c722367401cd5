/**
 * `warmUp`: one import and one check, and no error whatever the runtime lacks.
 */
import { expect, test, vi } from 'vitest'
import { warmUp as ofNitro } from '../../src/formats/aws/nitro/index.ts'
import { warmUp as ofTdx } from '../../src/formats/intel/tdx/index.ts'
import { warmUp as ofAll } from '../../src/index.ts'
import * as subtle from '../../src/crypto/subtle.ts'
import { unsupported } from '../../src/crypto/subtle.ts'
import { warmUp } from '../../src/crypto/warm-up.ts'

vi.mock('../../src/crypto/subtle.ts', { spy: true })

test('one import and one check, each of which WebCrypto does', async () => {
  await warmUp()
  expect(subtle.importKey).toHaveBeenCalledTimes(1)
  expect(subtle.verify).toHaveBeenCalledTimes(1)
  expect(subtle.digest).not.toHaveBeenCalled()
  expect(await vi.mocked(subtle.importKey).mock.results[0]?.value).toBeInstanceOf(CryptoKey)
  expect(await vi.mocked(subtle.verify).mock.results[0]?.value).toBe(false)
})

test.each(['importKey', 'verify'] as const)('%s that throws, rejects or is not there: no error', async (name) => {
  for (const broken of [
    unsupported,
    () => Promise.reject(new Error('no')),
    (): never => {
      throw new Error('at once')
    },
  ]) {
    vi.mocked(subtle[name]).mockImplementationOnce(broken as never)
    await expect(warmUp()).resolves.toBeUndefined()
  }
})

test('the same function from every entry that has it', () => {
  expect([ofAll, ofNitro, ofTdx]).toEqual([warmUp, warmUp, warmUp])
})
