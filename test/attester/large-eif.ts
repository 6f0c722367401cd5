/**
 * An Enclave Image File of any size that is nowhere: not on disk, and in memory only one piece of
 * it, which is repeated. For measuring speed and memory, in Node and in a page. Kernel and first
 * ramdisk are as large as those of `nitro-cli`; the application has the rest.
 */
import { concat } from './bytes.ts'
import type { Bytes } from './der.ts'
import { headerOf, noise, number, section, sectionHeader, type SectionPlan } from './eif.ts'

/** Bytes, and how often they come. */
export interface Part {
  readonly bytes: Bytes
  readonly times: number
  /** Which digests the bytes go into. */
  readonly measured: 'image' | 'application' | 'none'
}

export interface LargeEif {
  readonly size: number
  readonly parts: readonly Part[]
}

const piece = 1 << 16

/**
 * @param size about as many bytes
 * @param crc its checksum, once that is known
 * @param filling zeros are what a sparse file has where nothing was written
 */
export function planLargeEif(size: number, crc = 0, filling: 'noise' | 'zeros' = 'noise'): LargeEif {
  const kernel = 160 * piece
  const boot = 32 * piece
  const application = Math.max(piece, size - (size % piece) - kernel - boot)
  const metadata = '{"ImageName":"large"}'
  // Lengths are all that the headers need.
  const sections = [
    ofSize('kernel', kernel),
    section('cmdline', 'console=ttyS0'),
    section('metadata', metadata),
    ofSize('ramdisk', boot),
    ofSize('ramdisk', application),
  ]
  const content = filling === 'noise' ? noise(piece, 7) : new Uint8Array(piece)
  const parts = sections.flatMap(({ name, data }, i): Part[] => {
    const header: Part = { bytes: sectionHeader(sections[i] as SectionPlan), times: 1, measured: 'none' }
    if (name === 'cmdline') return [header, { bytes: new Uint8Array(data), times: 1, measured: 'image' }]
    if (name === 'metadata') return [header, { bytes: new Uint8Array(data), times: 1, measured: 'none' }]
    return [header, { bytes: content, times: data.length / piece, measured: i === 4 ? 'application' : 'image' }]
  })
  const header = concat(headerOf({ sections }).subarray(0, -4), number(crc, 4))
  const all: Part[] = [{ bytes: header, times: 1, measured: 'none' }, ...parts]
  return { parts: all, size: all.reduce((total, { bytes, times }) => total + bytes.length * times, 0) }
}

/** The checksum of a plan, with a `crc32` like that of zlib. */
export function checksumOf({ parts }: LargeEif, crc32: (bytes: Uint8Array, before: number) => number): number {
  let crc = 0
  for (const [i, { bytes, times }] of parts.entries()) {
    for (let n = 0; n < times; n++) crc = crc32(i === 0 ? bytes.subarray(0, -4) : bytes, crc)
  }
  return crc
}

/**
 * The image as a stream that makes each chunk when it is asked for it. Chunks are not copied: what
 * a test throws away must not look like the library's.
 */
export function streamOf({ parts }: LargeEif): ReadableStream<Uint8Array> {
  const chunks = (function* () {
    for (const { bytes, times } of parts) for (let n = 0; n < times; n++) yield bytes
  })()
  return new ReadableStream({
    pull(controller) {
      const { done, value } = chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
}

/** A section of which only the length matters. */
function ofSize(name: 'kernel' | 'ramdisk', length: number): SectionPlan {
  return section(name, { length } as Uint8Array)
}
