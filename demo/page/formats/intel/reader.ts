/**
 * Reads what firmware wrote: integers least byte first, GUIDs, UTF-16. Out of bounds is a
 * `RangeError`, whatever lengths a log claims.
 */
export interface Reader {
  readonly left: number
  u8(): number
  u16(): number
  u32(): number
  u64(): bigint
  /** A length of eight bytes: what goes beyond the data is out of bounds. */
  size(): number
  take(length: number): Uint8Array
  guid(): string
}

export function readerOf(data: Uint8Array): Reader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  const step = (length: number): number => {
    if (length > data.length - at) throw new RangeError('the data ends before')
    at += length
    return at - length
  }
  const reader: Reader = {
    get left() {
      return data.length - at
    },
    u8: () => view.getUint8(step(1)),
    u16: () => view.getUint16(step(2), true),
    u32: () => view.getUint32(step(4), true),
    u64: () => view.getBigUint64(step(8), true),
    size() {
      const size = reader.u64()
      if (size > BigInt(data.length)) throw new RangeError('longer than the data')
      return Number(size)
    },
    take: (length) => data.subarray(step(length), at),
    guid() {
      const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
      // The first three groups are numbers.
      const first = [hex(reader.u32(), 8), hex(reader.u16(), 4), hex(reader.u16(), 4)]
      const bytes = [...reader.take(8)].map((byte) => hex(byte, 2))
      return [...first, bytes.slice(0, 2).join(''), bytes.slice(2).join('')].join('-')
    },
  }
  return reader
}

/** What firmware writes in UTF-16: names of variables, versions, command lines. */
export function utf16(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2 || bytes.length % 2 !== 0) return undefined
  const text = new TextDecoder('utf-16le').decode(bytes).replace(/\0+$/, '')
  return /^[ -~]+$/.test(text) ? text : undefined
}

/** Text in one line: menus of boot loaders have several. */
export function ascii(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 4096))
    .replace(/\0+$/, '')
    .replace(/[\t\r\n]+/g, ' ')
  return bytes.length <= 4096 && /^[ -~]+$/.test(text) ? text : undefined
}

const longestText = 192

/** A text of a log, at no great length. */
export const shortened = (text: string): string =>
  text.length <= longestText ? text : `${text.slice(0, longestText)} … (${text.length} characters)`
