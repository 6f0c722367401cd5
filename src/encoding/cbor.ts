/**
 * CBOR (RFC 8949), the part of it that evidence is made of. The whole input must be one item.
 *
 * Accepted: unsigned and negative integers of 64 bits, byte strings, text strings (valid UTF-8), arrays, maps with integer and text keys,
 * tags, false, true, null, undefined, floats; arrays and maps of definite or indefinite length; nesting down to 16.
 * Refused: duplicate keys (by decoded value), other keys, strings in chunks, reserved additional information, other simple values, counts that the
 * input is too short for, anything left over. With `deterministic`, also indefinite lengths and heads longer than needed.
 */
import type { Bytes } from './bytes.ts'
import { malformed, reader, type Reader, type Source } from './reader.ts'

/** A tag and what it is put on: never acted upon here. */
export interface CborTag {
  readonly tag: number | bigint
  readonly value: CborValue
}

/** A float, kept apart from integers: 1.0 is not 1 in CBOR. */
export interface CborFloat {
  readonly float: number
}

export type CborMap = ReadonlyMap<number | bigint | string, CborValue>

/** Integers are `number` when safe, else `bigint`. Byte strings are views of the input. */
export type CborValue =
  number | bigint | string | boolean | null | undefined | Bytes | readonly CborValue[] | CborMap | CborTag | CborFloat

export interface CborOptions {
  /** Refuse all but the shortest definite-length encoding of lengths and integers (RFC 8949 section 4.2.1, key order aside). */
  readonly deterministic?: boolean
}

/** The first byte of an item and the argument that follows it; `undefined` is an indefinite length. */
export interface CborHead {
  readonly major: number
  readonly info: number
  readonly argument: number | bigint | undefined
  /** Whether this is the shortest form. */
  readonly shortest: boolean
}

const maximumDepth = 16
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws VerificationError with the code of `source` when `bytes` is not exactly one item of the subset above. */
export function decodeCbor(bytes: Bytes, source: Source, options: CborOptions = {}): CborValue {
  const input = reader(bytes, source)
  const value = readCbor(input, source, options)
  input.end()
  return value
}

/** Reads one item from where `input` stands; a read past its end carries the code of its own source. */
export function readCbor(input: Reader, source: Source, options: CborOptions = {}): CborValue {
  return readItem(input, source, options.deterministic === true, maximumDepth)
}

/** The head of a byte string of `length` bytes, shortest form. Lengths here are those of evidence: below 2^32. */
export function bytesHead(length: number): Bytes {
  if (length < 24) return Uint8Array.of(0x40 | length)
  if (length < 0x100) return Uint8Array.of(0x58, length)
  if (length < 0x10000) return Uint8Array.of(0x59, length >> 8, length)
  return Uint8Array.of(0x5a, length >> 24, length >> 16, length >> 8, length)
}

/** Whether a decoded value is a map. */
export function isCborMap(value: CborValue): value is CborMap {
  return value instanceof Map
}

/** Reads the head of one item (RFC 8949 section 3). */
export function readHead(input: Reader, source: Source): CborHead {
  const at = input.offset()
  const initial = input.u8('item')
  const major = initial >> 5
  const info = initial & 31
  if (info < 24) return { major, info, argument: info, shortest: true }
  if (info === 31) return { major, info, argument: undefined, shortest: true }
  if (info > 27) throw malformed(source, `reserved additional information ${info}`, at)
  const size = 1 << (info - 24)
  if (size < 8) {
    const argument = input.uint(size, 'argument')
    return { major, info, argument, shortest: argument >= (size === 1 ? 24 : 2 ** (4 * size)) }
  }
  const high = input.uint(4, 'argument')
  const low = input.uint(4, 'argument')
  return { major, info, argument: integer((BigInt(high) << 32n) | BigInt(low)), shortest: high > 0 }
}

function integer(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function readItem(input: Reader, source: Source, deterministic: boolean, depth: number): CborValue {
  const at = input.offset()
  if (depth === 0) throw malformed(source, `nested deeper than ${maximumDepth}`, at)
  const { major, info, argument, shortest } = readHead(input, source)
  if (deterministic && major < 7 && (argument === undefined || !shortest)) {
    throw malformed(source, 'length or integer not in its shortest definite form', at)
  }
  if (major === 7) return readSimple(input, source, info, argument, at)
  if (argument === undefined && major !== 4 && major !== 5) {
    throw malformed(
      source,
      major === 2 || major === 3 ? 'string in chunks' : 'indefinite length where none is allowed',
      at,
    )
  }
  const item = (): CborValue => readItem(input, source, deterministic, depth - 1)
  const length = argument as number | bigint
  switch (major) {
    case 0:
      return length
    case 1:
      return integer(-1n - BigInt(length))
    case 2:
      return input.bytes(length, 'byte string')
    case 3:
      try {
        return utf8.decode(input.bytes(length, 'text string'))
      } catch (error) {
        if (error instanceof TypeError) throw malformed(source, 'text is not UTF-8', at)
        throw error
      }
    case 4: {
      const array: CborValue[] = []
      readItems(input, source, argument, 1, () => array.push(item()))
      return array
    }
    case 5: {
      const map = new Map<number | bigint | string, CborValue>()
      readItems(input, source, argument, 2, () => {
        const keyAt = input.offset()
        const key = item()
        if (typeof key !== 'number' && typeof key !== 'bigint' && typeof key !== 'string') {
          throw malformed(source, 'map key is neither an integer nor text', keyAt)
        }
        if (map.has(key)) throw malformed(source, `duplicate map key ${JSON.stringify(String(key))}`, keyAt)
        map.set(key, item())
      })
      return map
    }
    default:
      return { tag: length, value: item() }
  }
}

/** Reads `count` entries of at least `size` bytes each, or as many as there are before a break. */
function readItems(
  input: Reader,
  source: Source,
  count: number | bigint | undefined,
  size: number,
  read: () => void,
): void {
  if (count === undefined) {
    while (input.peek() !== 0xff) read()
    input.u8('break')
    return
  }
  if (count > input.remaining() / size) {
    throw malformed(source, `${count} entries announced, ${input.remaining()} bytes left`, input.offset())
  }
  for (let i = 0; i < count; i++) read()
}

function readSimple(
  input: Reader,
  source: Source,
  info: number,
  argument: number | bigint | undefined,
  at: number,
): boolean | null | undefined | CborFloat {
  switch (info) {
    case 20:
      return false
    case 21:
      return true
    case 22:
      return null
    case 23:
      return undefined
    case 25:
    case 26:
    case 27:
      return { float: float(input.since(at).subarray(1)) }
    default:
      throw malformed(
        source,
        argument === undefined ? 'break outside an indefinite length' : `simple value ${argument}`,
        at,
      )
  }
}

/** IEEE 754, big-endian; the 16-bit form is RFC 8949 appendix D. */
function float(bytes: Bytes): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length === 8) return view.getFloat64(0)
  if (bytes.length === 4) return view.getFloat32(0)
  const half = view.getUint16(0)
  const exponent = (half >> 10) & 31
  const fraction = half & 0x3ff
  const sign = half >> 15 === 0 ? 1 : -1
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 1024) * 2 ** (exponent - 25))
}
