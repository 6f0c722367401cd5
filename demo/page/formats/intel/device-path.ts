/**
 * Where firmware finds a program: a device path (UEFI 2.10, section 10), from the bus to the file.
 * Only the nodes that say something to people have words; the others are left out.
 */
import { readerOf, utf16 } from './reader.ts'

const key = (type: number, subtype: number): number => type * 256 + subtype
const end = key(0x7f, 0xff)
/** More than any path has. */
const maximumNodes = 64

/** Words for the body of a node, by type and subtype. */
const nodes: ReadonlyMap<number, (body: Uint8Array) => string | undefined> = new Map([
  [key(1, 4), (): string => 'hardware of a vendor’s'],
  [key(3, 5), (): string => 'USB'],
  [key(3, 11), (): string => 'network'],
  [key(3, 18), (): string => 'SATA'],
  [key(3, 23), (): string => 'NVMe'],
  [key(3, 2), (): string => 'SCSI'],
  [key(3, 24), (body): string | undefined => address(body)],
  [key(4, 1), partition],
  [key(4, 4), (body): string | undefined => utf16(body)],
  [key(4, 6), (body): string => `the firmware’s file ${readerOf(body).guid()}`],
  [key(4, 7), (body): string => `firmware volume ${readerOf(body).guid()}`],
])

/** @returns '' for a path that says nothing @throws RangeError for one that is none */
export function wordsOfPath(path: Uint8Array): string {
  const reader = readerOf(path)
  const words: string[] = []
  for (let count = 0; reader.left > 0; count++) {
    if (count === maximumNodes) throw new RangeError('too many nodes')
    const kind = key(reader.u8(), reader.u8())
    const length = reader.u16()
    if (length < 4) throw new RangeError('a node without its head')
    const body = reader.take(length - 4)
    if (kind === end) break
    const said = nodes.get(kind)?.(body)
    if (said !== undefined) words.push(said)
  }
  if (reader.left > 0) throw new RangeError('more after the end')
  // The file first: it is what people look for.
  return words.reverse().join(', ')
}

function partition(body: Uint8Array): string {
  const reader = readerOf(body)
  const number = reader.u32()
  reader.take(16)
  const id = reader.guid()
  const [, kind] = reader.take(2)
  return kind === 2 ? `partition ${number} (${id})` : `partition ${number}`
}

function address(body: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(body).replace(/\0+$/, '')
  return /^[!-~]+$/.test(text) ? text : undefined
}
