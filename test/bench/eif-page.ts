/**
 * What runs in the page: a global function that measures a large image, from a stream made here or
 * from the file in the page's input.
 */
import { measureEif } from '../../src/reference/index.ts'
import { planLargeEif, streamOf } from '../attester/large-eif.ts'

export interface Measured {
  readonly seconds: number
  readonly PCR0: string
}

async function measure(kind: 'stream' | 'blob', size: number, crc: number): Promise<Measured> {
  const file = document.querySelector('input')?.files?.[0]
  const image = kind === 'blob' ? file : streamOf(planLargeEif(size, crc))
  if (image === undefined) throw new Error('no file')
  const startedAt = performance.now()
  const { measurements } = await measureEif(image)
  return { seconds: (performance.now() - startedAt) / 1000, PCR0: measurements.PCR0 }
}

Object.assign(globalThis, { measure })
