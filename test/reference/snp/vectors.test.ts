/**
 * Launch digests of the vectors: sev-snp-measure computed them, and published some in its own
 * tests.
 */
import { expect, test } from 'vitest'
import { measureSnp, type MeasureSnpOptions } from '../../../src/reference/index.ts'
import { findVectors } from '../../support/vectors.ts'
import { refusedFirmware, streamOf } from './made.ts'

interface MeasureVector {
  readonly id: string
  readonly firmware: string
  readonly kernel?: string
  readonly initrd?: string
  readonly options: MeasureSnpOptions
  readonly expect: { readonly measurement?: string; readonly codes?: readonly string[] }
}

const vectors = findVectors('sev-snp')
if (!vectors.found) {
  test.skip(vectors.skipLine)
} else {
  const { read } = vectors
  const { measure } = vectors.manifest as { readonly measure: readonly MeasureVector[] }

  test('the manifest has what these tests rely on', () => {
    expect(measure).toHaveLength(61)
  })

  test.each(measure.map((vector) => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const { firmware, kernel, initrd, expect: expected } = vector
    const options = {
      ...vector.options,
      ...(kernel !== undefined && { kernel: read(kernel) }),
      ...(initrd !== undefined && { initrd: read(initrd) }),
    }
    if (expected.measurement === undefined) {
      const refusal = await refusedFirmware(read(firmware), options)
      expect(expected.codes).toContain(refusal.replace(/:.*/s, ''))
      return
    }
    const { measurement } = await measureSnp(read(firmware), options)
    expect(measurement).toBe(expected.measurement)
    const streams = {
      ...options,
      ...(kernel !== undefined && { kernel: streamOf(read(kernel), [3, 1000]) }),
      ...(initrd !== undefined && { initrd: new Blob([read(initrd)]) }),
    }
    expect(await measureSnp(streamOf(read(firmware), [1, 4095, 5000]), streams)).toMatchObject({ measurement })
  })
}
