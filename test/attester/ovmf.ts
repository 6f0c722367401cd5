/**
 * Writes OVMF firmware, sound unless a test asks for a defect. Written from the layout in edk2,
 * apart from the reader in `src`.
 */

/** A section of the metadata: guest physical address, bytes, type. */
export type OvmfSection = readonly [gpa: number, size: number, type: number]

/** What goes into the firmware; everything else is noise that never repeats. */
export interface OvmfParts {
  /** Bytes of the whole. Default 8192. */
  readonly size?: number
  /** `undefined` for no metadata at all. */
  readonly sections?: readonly OvmfSection[] | undefined
  readonly hashTable?: readonly [gpa: number, size: number] | undefined
  readonly resetEip?: number | undefined
  /** More entries of the table: GUID as it lies in memory (hex) and data. */
  readonly entries?: readonly (readonly [guid: string, data: Uint8Array])[]
  /** Where the descriptor of the metadata is, from the end. Default 2048. */
  readonly offset?: number
  /** Changes the fields of the descriptor. */
  readonly descriptor?: {
    readonly signature?: string
    readonly length?: number
    readonly version?: number
    readonly count?: number
  }
  /** Changes the length that the footer gives. */
  readonly tableLength?: number
  readonly footer?: string
}

export const guids = {
  footer: 'de82b596b21ff745baeaa366c55a082d',
  hashTable: '1f3755723b3a044b927b1da6efa8d454',
  reset: 'de71f7007e1acb4f890e68c77e2fb44e',
  metadata: '666588dc4a989847a75e5585a7bf67cc',
} as const

/** Memory, secrets, CPUID, SVSM's area and the page for the hashes of a kernel. */
export const soundSections: readonly OvmfSection[] = [
  [0x80_0000, 0x9000, 1],
  [0x80_d000, 0x1000, 2],
  [0x80_e000, 0x1000, 3],
  [0x80_f000, 0x1000, 4],
  [0x81_0000, 0x1000, 0x10],
]

const u32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer)
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

export function makeOvmf(parts: OvmfParts = {}): Uint8Array<ArrayBuffer> {
  const { size = 8192, offset = 2048, descriptor = {} } = parts
  const sections = 'sections' in parts ? parts.sections : soundSections
  const hashTable = 'hashTable' in parts ? parts.hashTable : ([0x81_0c00, 0x400] as const)
  const resetEip = 'resetEip' in parts ? parts.resetEip : 0x80b004
  const firmware = Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8) * 13) & 255)
  if (sections !== undefined) {
    const { signature = 'ASEV', length = 16 + 12 * sections.length, version = 1, count = sections.length } = descriptor
    const block = [new TextEncoder().encode(signature), u32(length, version, count), ...sections.map((s) => u32(...s))]
    if (offset >= 16 && offset <= size) firmware.set(Buffer.concat(block), size - offset)
  }
  const entries = [
    ...(sections === undefined ? [] : [[guids.metadata, u32(offset)] as const]),
    ...(hashTable === undefined ? [] : [[guids.hashTable, u32(...hashTable)] as const]),
    ...(resetEip === undefined ? [] : [[guids.reset, u32(resetEip)] as const]),
    ...(parts.entries ?? []),
  ]
  const blocks = entries.map(([guid, data]) =>
    Buffer.concat([data, Uint8Array.from([(data.length + 18) & 255, (data.length + 18) >> 8]), hex(guid)]),
  )
  const length = parts.tableLength ?? blocks.reduce((sum, block) => sum + block.length, 18)
  const table = Buffer.concat([
    ...blocks,
    Uint8Array.from([length & 255, length >> 8]),
    hex(parts.footer ?? guids.footer),
  ])
  firmware.set(table, size - 32 - table.length)
  return firmware
}
