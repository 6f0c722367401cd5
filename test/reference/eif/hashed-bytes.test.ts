/**
 * Hashing is what takes the time: no byte goes into more digests than it must.
 */
import { expect, test, vi } from 'vitest'
import { measureEif } from '../../../src/reference/index.ts'
import { makeEif, soundSections } from '../../attester/eif.ts'
import { now, sound } from '../made.ts'

const counted = vi.hoisted(() => ({ bytes: 0 }))
vi.mock('@noble/hashes/sha2.js', async (original) => {
  const actual = await original<typeof import('@noble/hashes/sha2.js')>()
  const { prototype } = actual._SHA384
  const { update } = prototype
  vi.spyOn(prototype, 'update').mockImplementation(function (this: unknown, data) {
    counted.bytes += data.length
    return Reflect.apply(update, this, [data])
  })
  return actual
})

const lengthOf = (...names: string[]): number =>
  soundSections.filter(({ name }) => names.includes(name)).reduce((total, { data }) => total + data.length, 0)

test('kernel, command line and first ramdisk are hashed once, the application twice, nothing else at all', async () => {
  counted.bytes = 0
  await measureEif(sound, { now })
  const application = soundSections.at(-1)?.data.length ?? 0
  expect(counted.bytes).toBe(lengthOf('kernel', 'cmdline', 'ramdisk') + application)
})

test('without an application, all is hashed once', async () => {
  counted.bytes = 0
  const sections = soundSections.slice(0, 4)
  await measureEif(makeEif({ sections }), { now })
  expect(counted.bytes).toBe(sections.reduce((n, { name, data }) => (name === 'metadata' ? n : n + data.length), 0))
})
