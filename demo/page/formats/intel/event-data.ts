/**
 * What firmware writes into its events, in words: TCG PC Client Platform Firmware Profile, section
 * "Event Descriptions". A log is not signed and may hold anything: what does not have the shape of
 * its type is left to the caller, as text or digits.
 */
import { isZero } from '../../bytes.ts'

const variables = [0x80000001, 0x80000002, 0x8000000c, 0x800000e0]
const separator = 0x4

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

const longestName = 64

/** @returns `undefined` for types without words here, and for data that does not have the shape of its type */
export function wordsOfData(type: number, data: Uint8Array): string | undefined {
  if (variables.includes(type)) return variable(data)
  if (type === separator) return ended(data)
  return undefined
}

/** UEFI_VARIABLE_DATA: the GUID of its vendor, two lengths of eight bytes, its name in UTF-16, its value. */
function variable(data: Uint8Array): string | undefined {
  if (data.length < 32) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const characters = view.getBigUint64(16, true)
  const size = view.getBigUint64(24, true)
  // Compared as they are, so that no sum of hostile lengths is ever made.
  if (characters === 0n || characters > BigInt(longestName) || size > BigInt(data.length)) return undefined
  const end = 32 + 2 * Number(characters)
  if (end + Number(size) !== data.length) return undefined
  const name = utf16(data.subarray(32, end))
  if (name === undefined) return undefined
  const value = data.subarray(end)
  const guid = guidOf(view)
  const vendor = vendors.get(guid)
  const meaning = vendor?.meanings.get(name)
  const about = meaning === undefined ? '' : ` (${meaning})`
  const isSwitch = meaning !== undefined && name === 'SecureBoot'
  return `Variable ${name}${about}, ${vendor?.words ?? guid}: ${isSwitch ? switched(value) : sizeOf(value)}`
}

const sizeOf = (value: Uint8Array): string => (value.length === 0 ? 'empty' : `${value.length} bytes`)

function switched(value: Uint8Array): string {
  const [state] = value
  return value.length !== 1 || state === undefined || state > 1 ? sizeOf(value) : state === 1 ? 'on' : 'off'
}

/** Between what firmware measures and what it starts: zeros or ones where all went well, 1 after an error. */
function ended(data: Uint8Array): string | undefined {
  if (data.length !== 4) return undefined
  if (isZero(data) || data.every((byte) => byte === 0xff)) return 'End of what the firmware measures'
  return data[0] === 1 && isZero(data.subarray(1)) ? 'The firmware reports an error' : undefined
}

/** What firmware writes in UTF-16: names of variables, versions, command lines. */
export function utf16(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2 || bytes.length % 2 !== 0) return undefined
  const text = new TextDecoder('utf-16le').decode(bytes).replace(/\0+$/, '')
  return /^[ -~]+$/.test(text) ? text : undefined
}

/** The first three groups of a GUID are numbers, least byte first. */
function guidOf(view: DataView): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  const bytes = Array.from({ length: 8 }, (_, i) => hex(view.getUint8(8 + i), 2))
  return [
    hex(view.getUint32(0, true), 8),
    hex(view.getUint16(4, true), 4),
    hex(view.getUint16(6, true), 4),
    bytes.slice(0, 2).join(''),
    bytes.slice(2).join(''),
  ].join('-')
}
