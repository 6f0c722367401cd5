/**
 * Reference values from an image or from a signed file. The part of the library that makes them is
 * a script of its own, which is loaded when it is needed.
 */
import type { Bytes } from './bytes.ts'
import { toHex } from './bytes.ts'
import type { ReferenceLibrary, SignedReferenceValues } from './library.ts'
import type { Build, Policy } from './policy.ts'

let loading: Promise<ReferenceLibrary> | undefined

/** The second script tag: it adds its exports to the same global. */
function loadLibrary(): Promise<ReferenceLibrary> {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = 'veritee.reference.min.js'
    script.addEventListener('load', () => {
      resolve(veritee as unknown as ReferenceLibrary)
    })
    script.addEventListener('error', () => {
      loading = undefined
      reject(new Error('veritee.reference.min.js is not here'))
    })
    document.head.append(script)
  })
  return loading
}

/** An image that was measured on this page. */
export interface MeasuredImage {
  readonly name: string
  readonly measured: Awaited<ReturnType<ReferenceLibrary['measureEif']>>
  readonly seconds: number
}

/** @throws AttestationError for what is no sound image */
export async function measureImage(
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<MeasuredImage> {
  const { measureEif } = await loadLibrary()
  const startedAt = performance.now()
  const measured = await measureEif(file, {
    signal,
    onProgress: (done) => {
      onProgress(shareOf(done, file.size))
    },
  })
  // Names go into code that is copied.
  const name = file.name.replace(/[^\w .:+-]/g, '_').slice(0, 64)
  return { name, measured, seconds: (performance.now() - startedAt) / 1000 }
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

/** @throws AttestationError when they are not what the CA signed, or not now */
export async function openSigned(
  { corim, trustAnchors, product }: NonNullable<Policy['signed']>,
  at: Date,
  skewSeconds: number,
): Promise<SignedReferenceValues> {
  const { openReferenceValues } = await loadLibrary()
  return openReferenceValues(corim, {
    environment: 'nitro',
    product,
    trustAnchors,
    minimumVersion: 0,
    now: at,
    clockSkewSeconds: skewSeconds,
  })
}

/** The builds in them, as the page writes builds. */
export function buildsOf({ referenceValues }: SignedReferenceValues): readonly Build[] {
  return referenceValues.map(({ name, ...registers }) => ({
    ...(name !== undefined && { name }),
    ...Object.fromEntries(Object.entries(registers).map(([register, value]) => [register, toHex(value as Bytes)])),
  }))
}
