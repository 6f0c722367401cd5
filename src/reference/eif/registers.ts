/**
 * PCR0, PCR1 and PCR2 of an image, computed while its sections go by. WebCrypto digests only what
 * is in memory as a whole: the SHA-384 comes from elsewhere (`streaming-hash.ts`).
 *
 *     PCR0  the image        kernel, command line and all ramdisks, in the order of the file
 *     PCR1  the boot part    kernel, command line and the first ramdisk
 *     PCR2  the application  the other ramdisks
 *
 * Until the second ramdisk begins, PCR0 and PCR1 have seen the same bytes. They are one state until
 * then, which is copied when they part: kernel and first ramdisk are hashed once, an application
 * twice. Source: README of aws/aws-nitro-enclaves-image-format, "EIF Measurements".
 */
import type { Bytes } from '../../encoding/bytes.ts'
import { digestOf, type HashFactory, type StreamingHash } from '../streaming-hash.ts'
import type { EifSectionType } from './header.ts'

/** SHA-384 digests, 48 bytes each: what the registers are extended with. */
export interface EifDigests {
  readonly image: Bytes
  readonly boot: Bytes
  readonly application: Bytes
}

/** Takes the measured sections in the order of the file. */
export interface EifMeasuring {
  /**
   * Starts a section; what is returned takes its data, piece by piece. A piece may change when it is
   * settled.
   */
  section(type: EifSectionType): (piece: Bytes) => unknown
  /** Ends it all. Call it once. */
  finish(): Promise<EifDigests>
}

export function startMeasuring(createHash: HashFactory): EifMeasuring {
  const image = createHash('sha384')
  const application = createHash('sha384')
  /** `undefined` as long as it equals `image`. */
  let boot: StreamingHash | undefined
  let ramdisks = 0
  return {
    section(type) {
      if (type === 'signature' || type === 'metadata') return () => undefined
      if (type === 'ramdisk' && ramdisks++ > 0) {
        boot ??= image.copy()
        // Side by side, where the hashes run elsewhere.
        return (piece) => Promise.all([application.update(piece), image.update(piece)])
      }
      return (piece) => Promise.all([image.update(piece), boot?.update(piece)])
    },
    async finish() {
      const digest = await digestOf(image, 48)
      return {
        image: digest,
        boot: boot === undefined ? digest : await digestOf(boot, 48),
        application: await digestOf(application, 48),
      }
    },
  }
}
