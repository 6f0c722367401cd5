/**
 * Memory stays the same however large the image is: a large one, made while it is read, is measured
 * in a process of its own that watches itself. VERITEE_EIF_BYTES says how large, 128 MiB by
 * default; `node test/bench/eif.mjs` does it with 1 GiB, in Node and in Chromium.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type LargeEif, planLargeEif } from '../../attester/large-eif.ts'
import type { Watched } from './watched.ts'

const mib = 1 << 20
const size = Number(process.env.VERITEE_EIF_BYTES ?? 128 * mib)
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

test.each(['stream', 'blob'])(`${size / mib} MiB as a %s take less than 64 MiB of extra memory`, async (kind) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    file('../../support/ts.mjs'),
    file('watched.ts'),
    kind,
    String(size),
  ])
  const { measurements, bytes, extraBytes } = JSON.parse(stdout) as Watched
  const plan = planLargeEif(size, 0, kind === 'blob' ? 'zeros' : 'noise')
  expect(bytes).toBe(plan.size)
  expect(measurements).toEqual({
    HashAlgorithm: 'Sha384 { ... }',
    PCR0: register(plan, () => true),
    PCR1: register(plan, (measured) => measured === 'image'),
    PCR2: register(plan, (measured) => measured === 'application'),
  })
  expect(extraBytes).toBeLessThan(64 * mib)
  // A process that watched nothing would pass as well.
  expect(extraBytes).toBeGreaterThan(0)
})

/** By the streaming SHA-384 that Node has. */
function register({ parts }: LargeEif, wanted: (measured: string) => boolean): string {
  const content = createHash('sha384')
  for (const { bytes, times, measured } of parts) {
    if (measured === 'none' || !wanted(measured)) continue
    for (let n = 0; n < times; n++) content.update(bytes)
  }
  return createHash('sha384').update(new Uint8Array(48)).update(content.digest()).digest('hex')
}
