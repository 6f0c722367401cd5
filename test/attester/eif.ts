/**
 * Makes Enclave Image Files as `nitro-cli build-enclave` does, and with any defect: a plan says
 * what differs from a sound image, and everything else, checksum included, is right. Also says what
 * their PCRs are. `eif-signer.ts` signs them. Shares no code with the library.
 */
import { concat } from './bytes.ts'
import type { Bytes } from './der.ts'

/** What a section says of its type. */
export const sectionTypes = { kernel: 1, cmdline: 2, ramdisk: 3, signature: 4, metadata: 5 } as const
export type SectionName = keyof typeof sectionTypes

export interface SectionPlan {
  readonly name: SectionName
  readonly data: Uint8Array
  /** Default: that of `name`. */
  readonly type?: number
  readonly flags?: number
  /** What the header of the section says. Default: the truth. */
  readonly size?: number | bigint
  /** What the table in the header of the file says. Default: the truth. */
  readonly tableOffset?: number | bigint
  readonly tableSize?: number | bigint
}

export interface EifPlan {
  readonly sections: readonly SectionPlan[]
  /** Default 4. */
  readonly version?: number
  /** Default 0: x86_64. */
  readonly flags?: number
  /** How many sections the header says there are. Default: the truth. */
  readonly count?: number
  /** Changes the header before the checksum is computed. */
  readonly header?: (header: Bytes) => Bytes
  /** Changes what comes after the header before the checksum is computed. */
  readonly body?: (body: Bytes) => Bytes
  /** Changes the checksum. */
  readonly crc?: (crc: number) => number
  /** Changes the finished file. */
  readonly file?: (file: Bytes) => Bytes
}

const headerSize = 548
const tableLength = 32
const utf8 = new TextEncoder()

export const section = (
  name: SectionName,
  data: Uint8Array | string,
  defect: Partial<SectionPlan> = {},
): SectionPlan => ({
  name,
  data: typeof data === 'string' ? utf8.encode(data) : data,
  ...defect,
})

/**
 * The sections of a sound image in the order of `nitro-cli`. The sizes are odd, so that no block
 * boundary is met by chance.
 */
export const soundSections: readonly SectionPlan[] = [
  section('kernel', noise(3001, 1)),
  section('cmdline', 'reboot=k panic=30 pci=off nomodules console=ttyS0'),
  section('metadata', JSON.stringify({ ImageName: 'veritee-test', ImageVersion: '1', DockerInfo: {} })),
  section('ramdisk', noise(1501, 2)),
  section('ramdisk', noise(2501, 3)),
]

export function makeEif(plan: EifPlan): Bytes {
  const headerBytes = headerOf(plan)
  const plain = concat(...plan.sections.flatMap((entry) => [sectionHeader(entry), entry.data]))
  const body = plan.body?.(plain) ?? plain
  const header = plan.header?.(headerBytes) ?? headerBytes
  const crc = crc32(concat(header.subarray(0, headerSize - 4), body))
  const file = concat(header.subarray(0, headerSize - 4), number(plan.crc?.(crc) ?? crc, 4), body)
  return plan.file?.(file) ?? file
}

/** The header with a checksum of zero. */
export function headerOf({ sections, version = 4, flags = 0, count = sections.length }: EifPlan): Bytes {
  let offset = headerSize
  const offsets: Bytes[] = []
  const sizes: Bytes[] = []
  for (const { data, tableOffset = offset, tableSize = data.length } of sections) {
    offsets.push(number(tableOffset, 8))
    sizes.push(number(tableSize, 8))
    offset += 12 + data.length
  }
  const table = (entries: readonly Bytes[]): Bytes =>
    concat(...entries, new Uint8Array(8 * (tableLength - entries.length)))
  return concat(
    utf8.encode('.eif'),
    number(version, 2),
    number(flags, 2),
    number(1 << 30, 8),
    number(2, 8),
    number(0, 2),
    number(count, 2),
    table(offsets),
    table(sizes),
    number(0, 8),
  )
}

/** The header of a section. */
export function sectionHeader({
  name,
  data,
  type = sectionTypes[name],
  flags = 0,
  size = data.length,
}: SectionPlan): Bytes {
  return concat(number(type, 2), number(flags, 2), number(size, 8))
}

/** What an enclave made of these sections has in PCR0, PCR1 and PCR2. */
export async function pcrsOf(sections: readonly SectionPlan[]): Promise<{ PCR0: Bytes; PCR1: Bytes; PCR2: Bytes }> {
  const measured = sections.filter(({ name }) => name !== 'signature' && name !== 'metadata')
  const ramdisks = measured.filter(({ name }) => name === 'ramdisk')
  const application = ramdisks.slice(1)
  const register = async (list: readonly SectionPlan[]): Promise<Bytes> =>
    extendZero(await sha384(concat(...list.map(({ data }) => data))))
  return {
    PCR0: await register(measured),
    PCR1: await register(measured.filter((entry) => !application.includes(entry))),
    PCR2: await register(application),
  }
}

/** A register after its first extension. */
export const extendZero = (data: Uint8Array): Promise<Bytes> => sha384(concat(new Uint8Array(48), data))

/** A big-endian integer. */
export function number(value: number | bigint, size: number): Bytes {
  return Uint8Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * (size - 1 - i))) & 0xffn))
}

/** CRC-32, bit by bit. */
export function crc32(bytes: Uint8Array): number {
  let state = 0xffff_ffff
  for (const byte of bytes) {
    state ^= byte
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? 0xedb8_8320 : 0)
  }
  return (state ^ 0xffff_ffff) >>> 0
}

async function sha384(data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-384', new Uint8Array(data)))
}

/** Bytes without a pattern, the same for the same seed. */
export function noise(length: number, seed: number): Bytes {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}
