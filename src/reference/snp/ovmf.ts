/**
 * Reads what OVMF firmware says of the memory that a launch measures beside the firmware itself.
 *
 * A table of entries ends 32 bytes before the end of the file. It is read backwards: an entry is
 * its data, a u16 length (data and these 18 bytes) and a GUID. The entry OVMF_SEV_META_DATA points
 * at a descriptor with the sections. All integers are little-endian; GUIDs are in Microsoft's byte
 * order.
 *
 * Source: OvmfPkg/ResetVector of edk2 (OvmfSevMetadata.asm, ResetVectorVtf0.asm).
 *
 * Stricter than QEMU and sev-snp-measure: no entry occurs twice, nothing lies outside the file, and
 * every section covers whole pages.
 */
import { type Bytes, toHex } from '../../encoding/bytes.ts'
import { VerificationError } from '../../core/errors.ts'
import { guidOf, pageSize, view } from './layout.ts'

/** At most so many bytes of firmware. */
export const maximumFirmware = 67_108_864

/** At most so many bytes in all sections together. */
const maximumSections = 268_435_456

const footerOffset = 32
const entryHeader = 18
const descriptorHeader = 16
const sectionSize = 12

const footer: string = /* @__PURE__ */ guidOf('96b582de-1fb2-45f7-baea-a366c55a082d')
const hashTableEntry: string = /* @__PURE__ */ guidOf('7255371f-3a3b-4b04-927b-1da6efa8d454')
const resetBlockEntry: string = /* @__PURE__ */ guidOf('00f771de-1a7e-4fcb-890e-68c77e2fb44e')
const metadataEntry: string = /* @__PURE__ */ guidOf('dc886566-984a-4798-a75e-5585a7bf67cc')

/** What a section is for, by its number in the descriptor. */
const sectionTypes: Readonly<Record<number, SectionType>> = {
  0x01: 'memory',
  0x02: 'secrets',
  0x03: 'cpuid',
  0x04: 'svsm-caa',
  0x10: 'kernel-hashes',
}

export type SectionType = 'memory' | 'secrets' | 'cpuid' | 'svsm-caa' | 'kernel-hashes'

/** Memory that the launch prepares for the guest. */
export interface Section {
  readonly type: SectionType
  /** Guest physical address, a multiple of 4096. */
  readonly gpa: number
  /** Bytes, a multiple of 4096. */
  readonly size: number
}

/** What the firmware says of itself. */
export interface Ovmf {
  /** In the order of the descriptor; none without one. */
  readonly sections: readonly Section[]
  /** Where the firmware expects the hashes of the kernel: SEV_HASH_TABLE_RV. */
  readonly hashTable: { readonly gpa: number; readonly size: number } | undefined
  /** Where processors other than the first begin: SEV_ES_RESET_BLOCK. */
  readonly resetEip: number | undefined
}

/** @throws VerificationError `ovmf-format` */
export function readOvmf(firmware: Bytes): Ovmf {
  const { length } = firmware
  const isWhole = length > 0 && length % pageSize === 0 && length <= maximumFirmware
  demand('size', isWhole, `whole pages of ${pageSize} bytes, at most ${maximumFirmware}`, `${length} bytes`)
  const entries = readTable(firmware)
  const uint32 = (guid: string, name: string, count: number): number[] | undefined => {
    const data = entries.get(guid)
    if (data === undefined) return undefined
    // Firmware may append fields later; SEV_HASH_TABLE_RV and the others have had these alone.
    demand(`entry ${name}`, data.length === 4 * count, `${4 * count} bytes`, `${data.length}`)
    return Array.from({ length: count }, (_, i) => view(data).getUint32(4 * i, true))
  }
  const [offset] = uint32(metadataEntry, 'OVMF_SEV_META_DATA', 1) ?? []
  const [gpa, size] = uint32(hashTableEntry, 'SEV_HASH_TABLE_RV', 2) ?? []
  const [resetEip] = uint32(resetBlockEntry, 'SEV_ES_RESET_BLOCK', 1) ?? []
  return {
    sections: offset === undefined ? [] : readSections(firmware, offset),
    hashTable: gpa === undefined || size === undefined ? undefined : { gpa, size },
    resetEip,
  }
}

/** The entries of the table by their GUIDs. */
function readTable(firmware: Bytes): ReadonlyMap<string, Bytes> {
  const data = view(firmware)
  const end = firmware.length - footerOffset
  const found = toHex(firmware.subarray(end - 16, end))
  demand('footer of the table', found === footer, footer, found)
  const tableLength = data.getUint16(end - entryHeader, true)
  const isInside = tableLength >= entryHeader && tableLength <= end
  demand('length of the table', isInside, `${entryHeader} to ${end}`, `${tableLength}`)
  const start = end - tableLength
  const entries = new Map<string, Bytes>()
  for (let at = end - entryHeader; at > start;) {
    const left = at - start
    demand('table', left >= entryHeader, `an entry of ${entryHeader} bytes or more at its beginning`, `${left} bytes`)
    const guid = toHex(firmware.subarray(at - 16, at))
    const length = data.getUint16(at - entryHeader, true)
    const fits = length >= entryHeader && length <= left
    demand(`length of entry ${guid}`, fits, `${entryHeader} to ${left}`, `${length}`)
    demand('table', !entries.has(guid), 'each entry once', `${guid} twice`)
    entries.set(guid, firmware.subarray(at - length, at - entryHeader))
    at -= length
  }
  return entries
}

/** @param offset of the descriptor, from the end of the file */
function readSections(firmware: Bytes, offset: number): readonly Section[] {
  const isInside = offset >= descriptorHeader && offset <= firmware.length
  demand('offset of the metadata', isInside, `${descriptorHeader} to ${firmware.length}`, `${offset}`)
  const descriptor = firmware.subarray(firmware.length - offset)
  const data = view(descriptor)
  const signature = toHex(descriptor.subarray(0, 4))
  demand('signature of the metadata', signature === '41534556', '41534556 (ASEV)', signature)
  const version = data.getUint32(8, true)
  demand('version of the metadata', version === 1, '1', `${version}`)
  const count = data.getUint32(12, true)
  const length = data.getUint32(4, true)
  const wanted = descriptorHeader + sectionSize * count
  const isSound = length === wanted && length <= descriptor.length
  demand('length of the metadata', isSound, `${wanted}, inside the file`, `${length}`)
  let total = 0
  return Array.from({ length: count }, (_, i) => {
    const at = descriptorHeader + sectionSize * i
    const [gpa, size, number] = [0, 4, 8].map((field) => data.getUint32(at + field, true)) as [number, number, number]
    const name = `section ${i}`
    const type = sectionTypes[number]
    if (type === undefined) throw malformed(`type of ${name}`, '1, 2, 3, 4 or 16', `${number}`)
    const isPaged = gpa % pageSize === 0 && size % pageSize === 0 && size > 0
    demand(name, isPaged, 'whole pages', `${size} bytes at 0x${gpa.toString(16)}`)
    total += size
    demand('sections', total <= maximumSections, `at most ${maximumSections} bytes in all`, `${total} and more`)
    return { type, gpa, size }
  })
}

function demand(subject: string, holds: boolean, expected: string, found: string): void {
  if (!holds) throw malformed(subject, expected, found)
}

/** The error of firmware that breaks a rule of its format. */
export function malformed(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('ovmf-format', { subject: `firmware: ${subject}`, expected, found })
}
