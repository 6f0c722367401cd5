/**
 * The one pass over an Enclave Image File: every byte is read once, counted into the checksum, and
 * measured where it belongs to what is measured. What must be looked at as a whole (signature,
 * metadata) is small, and kept.
 */
import type { Bytes } from '../../encoding/bytes.ts'
import { VerificationError } from '../../core/errors.ts'
import { crc32 } from './crc32.ts'
import {
  decodeHeader,
  decodeSectionHeader,
  type EifHeader,
  type EifSection,
  type EifSectionType,
  headerSize,
  sectionHeaderSize,
} from './header.ts'
import { type EifDigests, startMeasuring } from './registers.ts'
import { type ImageReader, truncated } from '../image-reader.ts'
import type { HashFactory } from '../streaming-hash.ts'

/**
 * What an image consists of. Its structure is sound and its checksum right; nothing says who made
 * it.
 */
export interface EifContents {
  readonly header: EifHeader
  readonly sections: readonly EifSection[]
  /** Bytes in the file. */
  readonly size: number
  readonly digests: EifDigests
  readonly signature: Bytes | undefined
  readonly metadata: Bytes | undefined
}

/** How many sections of a type there may be, and the version of the format that has them. */
const rules: Readonly<Record<EifSectionType, { readonly most: number; readonly since: number }>> = {
  kernel: { most: 1, since: 2 },
  cmdline: { most: 1, since: 2 },
  ramdisk: { most: Infinity, since: 2 },
  signature: { most: 1, since: 3 },
  metadata: { most: 1, since: 4 },
}

/**
 * The largest section of a type that is kept. AWS: SIGNATURE_MAX_SIZE. Metadata has no bound; real
 * ones, `docker inspect` and all, have a few KB.
 */
const keptSizes: { readonly [Type in EifSectionType]?: number } = { signature: 32_768, metadata: 1_048_576 }

/**
 * Reads an image to its end. @throws VerificationError every `eif-` code but `eif-metadata` and
 * `eif-signature`
 */
export async function readEif(input: ImageReader, createHash: HashFactory): Promise<EifContents> {
  const headerBytes = await input.take(headerSize, 'header')
  const header = decodeHeader(headerBytes)
  // The checksum covers the whole file but itself: it is the last field of the header.
  let checksum = crc32(headerBytes.subarray(0, -4))

  const measuring = startMeasuring(createHash)
  const sections: EifSection[] = []
  const kept: { [Type in EifSectionType]?: Bytes } = {}
  for (const index of header.table.keys()) {
    const at = input.at
    const bytes = await input.take(sectionHeaderSize, `header of section ${index}`)
    checksum = crc32(bytes, checksum)
    const section = decodeSectionHeader(bytes, index, at, header)
    const { type, size } = section
    const data = `data of section ${index} (${type})`
    checkPlace(section, sections, header)
    input.expect(size, data)
    const largest = keptSizes[type]
    if (largest === undefined) {
      const measure = measuring.section(type)
      await readData(input, size, data, (piece) => {
        const measured = measure(piece)
        checksum = crc32(piece, checksum)
        return measured
      })
    } else {
      if (size > largest)
        throw new VerificationError('eif-section-size', {
          subject: data,
          expected: `at most ${largest} bytes`,
          found: `${size}`,
        })
      const whole = await input.take(size, data)
      checksum = crc32(whole, checksum)
      kept[type] = whole
    }
    sections.push(section)
  }
  checkComplete(sections, header)

  const size = input.at
  if ((await input.next(1)).length > 0) {
    throw new VerificationError('eif-trailing', { subject: 'file', expected: `${size} bytes`, found: 'more' })
  }
  if (checksum !== header.crc32) {
    throw new VerificationError('eif-crc', { subject: 'crc32', expected: hex(checksum), found: hex(header.crc32) })
  }
  return {
    header,
    sections,
    size,
    digests: await measuring.finish(),
    signature: kept.signature,
    metadata: kept.metadata,
  }
}

async function readData(
  input: ImageReader,
  size: number,
  field: string,
  use: (piece: Bytes) => unknown,
): Promise<void> {
  for (let left = size; left > 0;) {
    const piece = await input.next(left)
    if (piece.length === 0) throw truncated(field, size, size - left)
    await use(piece)
    left -= piece.length
  }
}

/** Sections may come in any order but one: ramdisks after the kernel. */
function checkPlace({ type }: EifSection, before: readonly EifSection[], { version }: EifHeader): void {
  const { most, since } = rules[type]
  const already = countOf(before, type)
  if (already >= most)
    throw new VerificationError('eif-sections', { subject: `${type} sections`, expected: `${most}`, found: 'more' })
  if (version < since) {
    throw new VerificationError('eif-sections', {
      subject: `${type} section`,
      expected: `version ${since} or later`,
      found: `version ${version}`,
    })
  }
  if (type === 'ramdisk' && countOf(before, 'kernel') === 0) {
    throw new VerificationError('eif-sections', 'ramdisk before the kernel')
  }
}

function checkComplete(sections: readonly EifSection[], { version }: EifHeader): void {
  const required: readonly EifSectionType[] = ['kernel', 'cmdline', ...(version >= 4 ? (['metadata'] as const) : [])]
  const missing = required.find((type) => countOf(sections, type) === 0)
  if (missing !== undefined)
    throw new VerificationError('eif-sections', { subject: `${missing} sections`, expected: '1', found: '0' })
}

const countOf = (sections: readonly EifSection[], wanted: EifSectionType): number =>
  sections.filter(({ type }) => type === wanted).length

const hex = (value: number): string => value.toString(16).padStart(8, '0')
