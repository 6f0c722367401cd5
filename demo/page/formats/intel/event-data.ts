/**
 * What firmware and boot loaders write into their events, in words: TCG PC Client Platform Firmware
 * Profile, section "Event Descriptions"; GRUB; the EFI stub of Linux. A log is not signed and may
 * hold anything: what does not have the shape of its type is left to the caller, as text or digits.
 */
import { isZero } from '../../bytes.ts'
import { wordsOfPath } from './device-path.ts'
import { ascii, readerOf, shortened, utf16 } from './reader.ts'

/** Vendors of variables by their GUIDs, and what their variables are for. */
const vendors: ReadonlyMap<string, { readonly words: string; readonly meanings: ReadonlyMap<string, string> }> =
  new Map([
    [
      '8be4df61-93ca-11d2-aa0d-00e098032b8c',
      {
        words: 'of UEFI',
        meanings: new Map([
          ['SecureBoot', 'whether only signed programs start'],
          ['PK', 'the key of the platform’s owner'],
          ['KEK', 'keys that may change the lists'],
          ['BootOrder', 'what is tried first'],
        ]),
      },
    ],
    [
      'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
      {
        words: 'of UEFI’s image security',
        meanings: new Map([
          ['db', 'what may start'],
          ['dbx', 'what may not start'],
        ]),
      },
    ],
    ['605dab50-e046-4300-abb6-3dd810dd8b23', { words: 'of shim', meanings: new Map() }],
  ])

/** Tables that firmware hands on, by their GUIDs. */
const tables: ReadonlyMap<string, string> = new Map([
  ['eb9d2d30-2d88-11d3-9a16-0090273fc14d', 'ACPI 1.0'],
  ['8868e871-e4f1-11d3-bc22-0080c73c8881', 'ACPI'],
  ['eb9d2d31-2d88-11d3-9a16-0090273fc14d', 'SMBIOS'],
  ['f2fd1544-9794-4a2c-992e-e5bbcf20e394', 'SMBIOS 3'],
  ['93bb96af-b9f2-4eb8-9462-e0ba74564236', 'hand-off blocks of TDX'],
])

const longestName = 64
const maximumPartitions = 128
const maximumTables = 64

/** By type of event. Each gives `undefined`, or throws `RangeError`, for what is none of its type. */
const readers: ReadonlyMap<number, (data: Uint8Array) => string | undefined> = new Map([
  [0x1, postCode],
  [0x4, ended],
  [0x6, tagged],
  [0x8, version],
  [0xd, loader],
  [0x80000001, variable],
  [0x80000002, variable],
  [0x80000003, (data): string => started('Starts the program', data)],
  [0x80000004, (data): string => started('Loads the driver', data)],
  [0x80000005, (data): string => started('Loads the driver, which stays', data)],
  [0x80000006, partitions],
  [0x80000008, blob],
  [0x80000009, handedOn],
  [0x8000000a, (data): string => described(data, blob)],
  [0x8000000b, (data): string => described(data, handedOn)],
  [0x8000000c, variable],
  [0x800000e0, variable],
])

/** @returns `undefined` for types without words here, and for data that does not have the shape of its type */
export function wordsOfData(type: number, data: Uint8Array): string | undefined {
  try {
    const words = readers.get(type)?.(data)
    return words && shortened(words)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** UEFI_VARIABLE_DATA: the GUID of its vendor, two lengths of eight bytes, its name in UTF-16, its value. */
function variable(data: Uint8Array): string | undefined {
  const reader = readerOf(data)
  const guid = reader.guid()
  const characters = reader.size()
  const size = reader.size()
  if (characters === 0 || characters > longestName) return undefined
  const name = utf16(reader.take(2 * characters))
  const value = reader.take(size)
  if (name === undefined || reader.left > 0) return undefined
  const vendor = vendors.get(guid)
  const meaning = vendor?.meanings.get(name)
  const about = meaning === undefined ? '' : ` (${meaning})`
  const said = vendor?.words === 'of UEFI' ? valueOf(name, value) : undefined
  return `Variable ${name}${about}, ${vendor?.words ?? guid}: ${said ?? sizeOf(value)}`
}

const sizeOf = (value: Uint8Array): string => (value.length === 0 ? 'empty' : `${value.length} bytes`)

/** What variables of UEFI hold that people can read. */
function valueOf(name: string, value: Uint8Array): string | undefined {
  if (name === 'SecureBoot') return value.length !== 1 ? undefined : ['off', 'on'][value[0] ?? 2]
  if (name === 'BootOrder') {
    if (value.length === 0 || value.length % 2 !== 0) return undefined
    return Array.from({ length: value.length / 2 }, (_, i) => {
      const number = (value[2 * i] ?? 0) + 256 * (value[2 * i + 1] ?? 0)
      return `Boot${number.toString(16).toUpperCase().padStart(4, '0')}`
    }).join(', ')
  }
  return /^Boot[\dA-F]{4}$/.test(name) ? bootOption(value) : undefined
}

/** EFI_LOAD_OPTION: attributes, length of the path, a description that ends with a zero, the path. */
function bootOption(value: Uint8Array): string | undefined {
  const reader = readerOf(value)
  reader.u32()
  const length = reader.u16()
  const start = 6
  let end = start
  while (reader.u16() !== 0) end += 2
  const title = utf16(value.subarray(start, end))
  if (title === undefined) return undefined
  const path = wordsOfPath(reader.take(length))
  return path === '' ? title : `${title}, ${path}`
}

/** Between what firmware measures and what it starts: zeros or ones where all went well, 1 after an error. */
function ended(data: Uint8Array): string | undefined {
  if (data.length !== 4) return undefined
  if (isZero(data) || data.every((byte) => byte === 0xff)) return 'End of what the firmware measures'
  return data[0] === 1 && isZero(data.subarray(1)) ? 'The firmware reports an error' : undefined
}

/** EV_S_CRTM_VERSION: text in UTF-16, or a GUID. */
function version(data: Uint8Array): string | undefined {
  if (data.length > 0 && isZero(data)) return 'Version of the firmware: not named'
  const text = utf16(data) ?? (data.length === 16 ? readerOf(data).guid() : undefined)
  return text && `Version of the firmware: ${text}`
}

/** EV_POST_CODE: what part of the firmware, or where it is. */
function postCode(data: Uint8Array): string | undefined {
  const text = ascii(data)
  return text === undefined ? (data.length === 16 ? blob(data) : undefined) : `Part of the firmware: ${text}`
}

/** UEFI_PLATFORM_FIRMWARE_BLOB: address and length. */
function blob(data: Uint8Array): string {
  const reader = readerOf(data)
  const address = reader.u64()
  const size = reader.u64()
  if (reader.left > 0) throw new RangeError('more than a blob')
  return `Code of the firmware: ${size} bytes at 0x${address.toString(16)}`
}

/** The newer kinds have a description before. */
function described(data: Uint8Array, rest: (data: Uint8Array) => string): string {
  const reader = readerOf(data)
  const text = ascii(reader.take(reader.u8()))
  const words = rest(reader.take(reader.left))
  return text === undefined ? words : `${words} (${text})`
}

/** UEFI_HANDOFF_TABLE_POINTERS: a count, then a GUID and an address each. */
function handedOn(data: Uint8Array): string {
  const reader = readerOf(data)
  const count = reader.size()
  if (count > maximumTables) throw new RangeError('too many tables')
  const names = Array.from({ length: count }, () => {
    const guid = reader.guid()
    reader.u64()
    return tables.get(guid) ?? guid
  })
  if (reader.left > 0) throw new RangeError('more than the tables')
  return `Tables for the system: ${names.join(', ') || 'none'}`
}

/** UEFI_IMAGE_LOAD_EVENT: address, size and link address, then the path with its length. */
function started(doing: string, data: Uint8Array): string {
  const reader = readerOf(data)
  reader.u64()
  const bytes = reader.u64()
  reader.u64()
  const path = wordsOfPath(reader.take(reader.size()))
  if (reader.left > 0) throw new RangeError('more than the path')
  return `${doing}${path === '' ? '' : ` ${path}`}: ${bytes} bytes`
}

/** UEFI_GPT_DATA: the header of the partition table, a count, the entries in use. */
function partitions(data: Uint8Array): string | undefined {
  const reader = readerOf(data)
  if (ascii(reader.take(8)) !== 'EFI PART') return undefined
  reader.take(48)
  const disk = reader.guid()
  reader.take(12)
  const size = reader.u32()
  reader.take(4)
  const count = reader.size()
  if (size < 128 || count > maximumPartitions) return undefined
  const names = Array.from({ length: count }, (_, i) => {
    const name = utf16(reader.take(size).subarray(56, 128))
    return name ?? `partition ${i + 1}`
  })
  if (reader.left > 0) return undefined
  return `Disk ${disk}: ${count === 0 ? 'no partition' : names.join(', ')}`
}

/** What the EFI stub of Linux measures: a number says of what. */
const tags: ReadonlyMap<number, string> = new Map([
  [0x8f3b22ec, 'Initial file system of the kernel'],
  [0x8f3b22ed, 'Command line of the kernel'],
])

/** TCG_PCClientTaggedEvent: a number, a length, the data. */
function tagged(data: Uint8Array): string | undefined {
  const reader = readerOf(data)
  const words = tags.get(reader.u32())
  const value = reader.take(reader.u32())
  if (words === undefined || reader.left > 0) return undefined
  const text = utf16(value) ?? ascii(value)
  return text === undefined ? undefined : `${words}: ${text}`
}

/** What boot loaders put before a line: GRUB, and shim. */
const loaders: readonly (readonly [prefix: string, words: string])[] = [
  ['grub_cmd: ', 'Command of GRUB'],
  ['kernel_cmdline: ', 'Command line of the kernel'],
  ['grub_kernel_cmdline ', 'Command line of the kernel'],
  ['module_cmdline: ', 'Command line of a module'],
]

/** EV_IPL: a line of a boot loader's. */
function loader(data: Uint8Array): string | undefined {
  const text = ascii(data) ?? utf16(data)
  if (text === undefined) return undefined
  const found = loaders.find(([prefix]) => text.startsWith(prefix))
  if (found !== undefined) return `${found[1]}: ${text.slice(found[0].length)}`
  return /^\(?[\w,]*\)?\/\S+$/.test(text) ? `File that the boot loader read: ${text}` : `Boot loader: ${text}`
}
