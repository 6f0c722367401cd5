/**
 * The two kinds of header in an Enclave Image File: one for the file, with a table of sections, and
 * a small one before each section. AWS's reader goes from section to section and ignores the table;
 * QEMU follows the table. An image that both read alike is all that is accepted here.
 *
 * Source: README of aws/aws-nitro-enclaves-image-format, "Enclave Image File (EIF) Specification",
 * 2024-06-21. All integers are big-endian. Refused: versions other than 2, 3 and 4, reserved fields
 * and bits that are not zero, table entries beyond those in use that are not zero.
 */
import { type Bytes, toHex } from '../../encoding/bytes.ts'
import { cursor, type Source, take, uint } from '../../encoding/reader.ts'
import { VerificationError } from '../../core/errors.ts'
import type { AttestationErrorCode } from '../../core/codes.ts'

/** Bytes of the header of a file, and of a section. */
export const headerSize = 548
export const sectionHeaderSize = 12

/** What a section holds. */
export type EifSectionType = 'kernel' | 'cmdline' | 'ramdisk' | 'signature' | 'metadata'

/** Which processors an image is for. */
export type EifArchitecture = 'x86_64' | 'aarch64'

/** One section of an image. */
export interface EifSection {
  readonly type: EifSectionType
  /**
   * Where the section begins, its header of 12 bytes included: bytes from the start of the file.
   */
  readonly offset: number
  /** Bytes of its data, the header not included. */
  readonly size: number
}

export interface EifHeader {
  readonly version: number
  readonly architecture: EifArchitecture
  /**
   * What the table says of the sections, in the order of the file. Above 2^53 numbers are not
   * exact, but still above 2^53.
   */
  readonly table: readonly { readonly offset: number; readonly size: number }[]
  readonly crc32: number
}

const source: Source = { name: 'EIF header', code: 'eif-header' }
const magic = '2e656966'
const tableLength = 32
const sectionTypes: readonly (EifSectionType | undefined)[] = [
  undefined,
  'kernel',
  'cmdline',
  'ramdisk',
  'signature',
  'metadata',
]

/**
 * @param bytes the first 548 of the file @throws VerificationError `eif-magic`, `eif-version`,
 *   `eif-header`
 */
export function decodeHeader(bytes: Bytes): EifHeader {
  const input = cursor(bytes, source)
  const found = toHex(take(input, 4, 'magic'))
  require('eif-magic', 'magic', { holds: found === magic, expected: magic, found })
  const version = uint(input, 2, 'version')
  require('eif-version', 'version', { holds: version >= 2 && version <= 4, expected: '2, 3 or 4', found: version })
  const flags = uint(input, 2, 'flags')
  require('eif-header', 'flags', { holds: flags <= 1, expected: '0 or 1', found: flags })
  take(input, 16, 'default_mem, default_cpus')
  const reserved = uint(input, 2, 'reserved')
  require('eif-header', 'reserved field at 24', { holds: reserved === 0, expected: '0', found: reserved })
  const count = uint(input, 2, 'num_sections')
  require('eif-header', 'num_sections', {
    holds: count >= 2 && count <= tableLength,
    expected: '2 to 32',
    found: count,
  })
  const table = (field: string): number[] => Array.from({ length: tableLength }, () => uint(input, 8, field))
  const offsets = table('section_offsets')
  const sizes = table('section_sizes')
  const unused = [...offsets.slice(count), ...sizes.slice(count)].find((value) => value !== 0)
  require('eif-header', 'table entry that is not in use', { holds: unused === undefined, expected: '0', found: unused })
  const reservedToo = uint(input, 4, 'reserved')
  require('eif-header', 'reserved field at 540', { holds: reservedToo === 0, expected: '0', found: reservedToo })
  return {
    version,
    architecture: flags === 0 ? 'x86_64' : 'aarch64',
    table: offsets.slice(0, count).map((offset, i) => ({ offset, size: sizes[i] as number })),
    crc32: uint(input, 4, 'crc32'),
  }
}

/**
 * Reads the header before section number `index`, and compares it with the table.
 * @param at where it was found
 * @throws VerificationError `eif-section-offset`, `eif-section-type`, `eif-section-flags`,
 *   `eif-section-size`
 */
export function decodeSectionHeader(bytes: Bytes, index: number, at: number, { table }: EifHeader): EifSection {
  const input = cursor(bytes, source)
  const entry = table[index]
  const name = `section ${index}`
  require('eif-section-offset', `offset of ${name} in the table`, {
    holds: entry?.offset === at,
    expected: `${at}`,
    found: entry?.offset,
  })
  const number = uint(input, 2, 'section_type')
  const type = sectionTypes[number]
  if (type === undefined)
    throw new VerificationError('eif-section-type', {
      subject: `type of ${name}`,
      expected: '1 to 5',
      found: `${number}`,
    })
  const flags = uint(input, 2, 'flags')
  require('eif-section-flags', `flags of ${name}`, { holds: flags === 0, expected: '0', found: flags })
  const size = uint(input, 8, 'section_size')
  // Larger numbers are not exact: two that differ could seem equal.
  require('eif-section-size', `size of ${name}`, {
    holds: Number.isSafeInteger(at + size),
    expected: 'less than 2^53',
    found: size,
  })
  require('eif-section-size', `size of ${name} in the table`, {
    holds: entry?.size === size,
    expected: `${size}`,
    found: entry?.size,
  })
  return { type, offset: at, size }
}

function require(
  code: AttestationErrorCode,
  subject: string,
  { holds, expected, found }: { holds: boolean; expected: string; found: number | string | undefined },
): void {
  if (!holds) throw new VerificationError(code, { subject, expected, found: `${found}` })
}
