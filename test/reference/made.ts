/**
 * Made images for the tests of this folder, and ways to hand them over.
 */
import { refusalText } from '../support/refusal.ts'
import { measureEif, type MeasureEifOptions } from '../../src/reference/index.ts'
import { makeEif, soundSections } from '../attester/eif.ts'

/** When everything in these tests happens, unless a test says otherwise. */
export const now = new Date('2026-06-01T12:00:00Z')

/** An image that is not signed. */
export const sound: Uint8Array<ArrayBuffer> = makeEif({ sections: soundSections })

/** `code: message` of the refusal. */
export const refusedImage = (image: Uint8Array<ArrayBuffer>, options?: MeasureEifOptions): Promise<string> =>
  refusalText(() => measureEif(image, { now, ...options }))

/** What became of a stream. */
export interface Fate {
  pulled: number
  cancelled: boolean
}

/**
 * Bytes as a stream of chunks of these lengths, over and over; nothing is made before it is asked
 * for.
 */
export function streamOf(
  bytes: Uint8Array,
  lengths: readonly number[] = [bytes.length],
  fate: Fate = { pulled: 0, cancelled: false },
): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (at >= bytes.length) {
          controller.close()
          return
        }
        const length = lengths[fate.pulled++ % lengths.length] ?? 1
        controller.enqueue(bytes.slice(at, at + length))
        at += length
      },
      cancel() {
        fate.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
}
