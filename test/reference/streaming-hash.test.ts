/**
 * Digests by a factory of the caller's: the same measurements, and no result by one that is none.
 */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type HashFactory, measureEif, measureSnp } from '../../src/reference/index.ts'
import { progressOf } from '../../src/cli/image-file.ts'
import { checksumOf, planLargeEif, streamOf } from '../attester/large-eif.ts'
import { crc32 } from 'node:zlib'
import { makeOvmf as makeFirmware } from '../attester/ovmf.ts'

const size = 3 << 20
const crc = checksumOf(planLargeEif(size, 0), crc32)
const image = (): ReadableStream<Uint8Array> => streamOf(planLargeEif(size, crc))

test('createHash of node:crypto measures an enclave image to the same registers', async () => {
  const usual = await measureEif(image())
  expect(await measureEif(image(), { createHash })).toEqual(usual)
})

test('it is asked for SHA-384 alone, and each digest of the image goes through it', async () => {
  const asked: string[] = []
  let bytes = 0
  await measureEif(image(), {
    createHash(algorithm) {
      asked.push(algorithm)
      const hash = createHash(algorithm)
      const update = hash.update.bind(hash) as (piece: Uint8Array) => typeof hash
      hash.update = ((piece: Uint8Array) => {
        bytes += piece.length
        return update(piece)
      }) as typeof hash.update
      return hash
    },
  })
  expect(new Set(asked)).toEqual(new Set(['sha384']))
  expect(bytes).toBeGreaterThan(size)
})

test('hashes that run elsewhere: each piece is theirs until they say so, and those of one piece run side by side', async () => {
  let underWay = 0
  let most = 0
  const elsewhere: HashFactory = (algorithm) => wrap(createHash(algorithm))
  const wrap = (hash: ReturnType<typeof createHash>): ReturnType<HashFactory> => ({
    async update(piece) {
      most = Math.max(most, ++underWay)
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
      hash.update(piece)
      underWay--
    },
    copy: () => wrap(hash.copy()),
    digest: () => Promise.resolve(hash.digest()),
  })
  expect(await measureEif(image(), { createHash: elsewhere })).toEqual(await measureEif(image()))
  expect(most).toBe(2)
  const options = { vcpus: 1, vcpuType: 'EPYC-v4', kernel: new Uint8Array(300_000).fill(7), append: 'quiet' }
  expect(await measureSnp(makeFirmware(), { ...options, createHash: elsewhere })).toEqual(
    await measureSnp(makeFirmware(), options),
  )
})

test.each(['update', 'digest'])('what %s rejects with ends the measuring', async (method) => {
  const createBroken: HashFactory = () => {
    const broken: Record<string, () => unknown> = {
      update: () => undefined,
      copy: createBroken.bind(undefined, 'sha384'),
      digest: () => new Uint8Array(48),
      [method]: () => Promise.reject(new Error('the worker is gone')),
    }
    return broken as unknown as ReturnType<HashFactory>
  }
  await expect(measureEif(image(), { createHash: createBroken })).rejects.toThrow('the worker is gone')
})

test('kernel and initrd of a direct boot', async () => {
  const options = { vcpus: 1, vcpuType: 'EPYC-v4', kernel: new Uint8Array(300_000).fill(7), append: 'quiet' }
  const usual = await measureSnp(makeFirmware(), options)
  expect(await measureSnp(makeFirmware(), { ...options, createHash })).toEqual(usual)
  const initrd = new Uint8Array(400_000).fill(9)
  expect(await measureSnp(makeFirmware(), { ...options, initrd, createHash })).toEqual(
    await measureSnp(makeFirmware(), { ...options, initrd }),
  )
})

test.each([
  ['no function', 'sha384', /^createHash must be a function$/],
  [
    'digests of another size',
    () => ({ update: () => undefined, copy: () => undefined, digest: () => new Uint8Array(20) }),
    /^createHash must be one whose digests have 48 bytes$/,
  ],
])('%s: the caller’s mistake', async (_name, wrong, message) => {
  const measuring = measureEif(image(), { createHash: wrong as never })
  await expect(measuring).rejects.toThrow(TypeError)
  await expect(measuring).rejects.toThrow(message)
})

test('progress says how far and how fast', () => {
  const at = { startedAt: 1000, total: 400 << 20 }
  expect(progressOf('app.eif', { ...at, read: 0 }, 1000)).toBe('measuring app.eif: 0 %')
  expect(progressOf('app.eif', { ...at, read: 100 << 20 }, 2000)).toBe('measuring app.eif: 25 %, 100 MiB/s')
})
