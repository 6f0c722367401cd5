/**
 * Reference values from an image or from a signed file. The part of the library that makes them is
 * loaded when it is needed.
 */
import { AttestationError } from '../../../../src/index.ts'
import type { EifMeasurements, SignedReferenceValues } from '../../../../src/reference/index.ts'
import { type Bytes, toHex } from '../../bytes.ts'
import { settled } from '../../outcome.ts'
import { measureBeside } from './measuring.ts'
import type { Build, NitroPolicy } from './policy.ts'

const loadLibrary = (): Promise<typeof import('../../../../src/reference/index.ts')> =>
  import('../../../../src/reference/index.ts')

/** An image that was measured on this page. */
export interface MeasuredImage {
  readonly name: string
  readonly measured: EifMeasurements
  readonly seconds: number
}

let last: MeasuredImage | undefined

/** The image that was measured last, if its measurements are what is expected. */
export const imageOf = (builds: readonly Build[]): MeasuredImage | undefined =>
  builds.some(({ PCR0 }) => PCR0 === last?.measured.measurements.PCR0) ? last : undefined

/**
 * @param onProgress gets the share that is done, and bytes per second
 * @throws Error for what is no sound image
 */
export async function measureImage(
  file: File,
  onProgress: (share: number, rate: number) => void,
  signal: AbortSignal,
): Promise<MeasuredImage> {
  const startedAt = performance.now()
  const measured = await measureBeside(
    file,
    (read) => {
      onProgress(shareOf(read, file.size), (read * 1000) / Math.max(1, performance.now() - startedAt))
    },
    signal,
  )
  // Names go into code that is copied.
  const name = file.name.replace(/[^\w .:+-]/g, '_').slice(0, 64)
  last = { name, measured, seconds: (performance.now() - startedAt) / 1000 }
  return last
}

/**
 * How much is done, 0 to 1. Progress bars throw for what is no number, which an empty file would
 * give them.
 */
export const shareOf = (done: number, size: number): number => (size === 0 ? 1 : done / size)

/** What nitro-cli would print for the image, as people paste it. */
export function printed({ name, measured }: MeasuredImage): string {
  return JSON.stringify({ name, Measurements: measured.measurements }, null, 2)
}

/** What the CA signed, or why that is not to be believed. */
export async function openSigned(
  signed: NitroPolicy['signed'],
  at: Date,
  skewSeconds: number,
): Promise<SignedReferenceValues | AttestationError | undefined> {
  if (signed === undefined) return undefined
  const { corim, trustAnchors, product } = signed
  const { openReferenceValues } = await loadLibrary()
  return settled(
    openReferenceValues(corim, {
      environment: 'nitro',
      product,
      trustAnchors,
      minimumVersion: 0,
      now: at,
      clockSkewSeconds: skewSeconds,
    }),
  )
}

/** The builds in them, as the page writes builds. */
export function buildsOf({ referenceValues }: SignedReferenceValues): readonly Build[] {
  return referenceValues.map(({ name, ...registers }) => ({
    ...(name !== undefined && { name }),
    ...Object.fromEntries(Object.entries(registers).map(([register, value]) => [register, toHex(value as Bytes)])),
  }))
}
