/**
 * CBOR (RFC 8949), the part of it that evidence is made of. The whole input must be one item.
 *
 * Accepted: integers within 2^53 of zero, byte strings, text strings (valid UTF-8), arrays, maps
 * with integer and text keys, tags, false, true, null, undefined, floats (their value is not read:
 * no evidence has any); arrays and maps of definite or indefinite length; nesting down to 16; as
 * many items as the caller's budget says. Refused: duplicate keys (by decoded value), other keys,
 * larger integers, strings in chunks, reserved additional information, other simple values, counts
 * that the input is too short for, anything left over. With `deterministic`, also indefinite
 * lengths and heads longer than needed.
 */
import type { Bytes } from './bytes.ts'
import { type Cursor, cursor, end, malformed, remaining, type Source, take, uint } from './reader.ts'

/** A tag and what it is put on: never acted upon here. */
export interface CborTag {
  readonly tag: number
  readonly value: CborValue
}

/** A float, as it is written: 1.0 is not 1 in CBOR, and no evidence uses floats. */
export interface CborFloat {
  readonly float: Bytes
}

export type CborMap = Map<number | string, CborValue>

/** Byte strings are views of the input. */
export type CborValue =
  number | string | boolean | null | undefined | Bytes | readonly CborValue[] | CborMap | CborTag | CborFloat

/**
 * An argument that is `undefined` is an indefinite length; `shortest` is false for that and for
 * padded arguments.
 */
export type CborHead = readonly [major: number, argument: number | undefined, shortest: boolean]

/**
 * How many items may still be read, those inside others included. A byte of input can cost 200
 * bytes as an item, so this bounds memory where nothing is authenticated yet. Documents inside
 * documents share one budget.
 */
export interface CborBudget {
  items: number
}

/**
 * Evidence and headers have half as many. At their most expensive, as empty maps, they take less
 * than 64 KB.
 */
const defaultItems = 256
const maximumDepth = 16
/** UTF-8, strictly: a byte order mark is a character, and what is no UTF-8 throws. */
export const utf8: InstanceType<typeof TextDecoder> = /* @__PURE__ */ new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
})

/**
 * @param deterministic refuse all but the shortest definite-length encoding (RFC 8949 section
 *   4.2.1, key order aside)
 * @param budget default: 256 items
 * @throws VerificationError with the code of `source` when `bytes` is not exactly one item of the
 *   subset above
 */
export function decodeCbor(bytes: Bytes, source: Source, deterministic = false, budget?: CborBudget): CborValue {
  const input = cursor(bytes, source)
  const value = readCbor(input, source, deterministic, budget)
  end(input)
  return value
}

/** Whether a decoded value is a map. */
export function isCborMap(value: CborValue): value is CborMap {
  return value instanceof Map
}

/** What a decoded value is, in the words of CDDL (RFC 8610). */
export function cborType(value: CborValue): string {
  if (typeof value === 'number') return value < 0 ? 'nint' : 'uint'
  if (typeof value === 'string') return 'tstr'
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return 'bstr'
  if (Array.isArray(value)) return 'array'
  return isCborMap(value) ? 'map' : 'tag' in value ? 'tag' : 'float'
}

/** Reads the head of one item (RFC 8949 section 3). */
export function readHead(input: Cursor): CborHead {
  const { at, source } = input
  const initial = uint(input, 1, 'item')
  const major = initial >> 5
  const info = initial & 31
  if (info < 24) return [major, info, true]
  if (info === 31) return [major, undefined, false]
  if (info > 27) throw malformed(source, `reserved head at ${at}`)
  const size = 1 << (info - 24)
  const argument = uint(input, size, 'argument')
  if (major < 7 && argument >= 2 ** 53) throw malformed(source, `number above 2^53 at ${at}`)
  return [major, argument, argument >= (size === 1 ? 24 : 256 ** (size / 2))]
}

/**
 * Reads one item from where `input` is; a read past its end carries the code of its own source.
 * @param budget default: 256 items
 */
export function readCbor(
  input: Cursor,
  source: Source,
  deterministic = false,
  budget: CborBudget = { items: defaultItems },
): CborValue {
  const { bytes } = input
  const read = (depth: number): CborValue => {
    const { at } = input
    const refuse = (problem: string): never => {
      throw malformed(source, `${problem} at ${at}`)
    }
    if (depth === 0) refuse('nested too deep')
    const [major, argument, shortest] = readHead(input)
    if (--budget.items < 0) refuse('too many items')
    if (major === 7) {
      const info = (bytes[at] as number) & 31
      if (info > 24 && info < 28) return { float: bytes.subarray(at, input.at) }
      if (info < 20 || info > 23) refuse('unknown simple value')
      return [false, true, null, undefined][info - 20]
    }
    if (deterministic && !shortest) refuse('head not in shortest form')
    const item = (): CborValue => read(depth - 1)
    if (major === 4) {
      const array: CborValue[] = []
      readItems(input, source, [argument, 1], () => array.push(item()))
      return array
    }
    if (major === 5) {
      const map = new Map<number | string, CborValue>()
      readItems(input, source, [argument, 2], () => {
        const key = item()
        if (typeof key !== 'number' && typeof key !== 'string') return refuse(`key is ${cborType(key)}`)
        if (map.has(key)) refuse(`duplicate key ${JSON.stringify(key)}`)
        map.set(key, item())
      })
      return map
    }
    if (argument === undefined) return refuse('indefinite length')
    if (major === 0) return argument
    if (major === 1) return -1 - argument
    if (major === 6) return { tag: argument, value: item() }
    const string = take(input, argument, 'string')
    if (major === 2) return string
    try {
      return utf8.decode(string)
    } catch {
      return refuse('invalid UTF-8')
    }
  }
  return read(maximumDepth)
}

/** Reads `count` entries of at least `size` bytes each, or as many as there are before a break. */
function readItems(
  input: Cursor,
  source: Source,
  [count, size]: readonly [count: number | undefined, size: number],
  read: () => void,
): void {
  if (count === undefined) {
    while (input.bytes[input.at] !== 0xff) read()
    input.at++
    return
  }
  if (count > remaining(input) / size)
    throw malformed(source, `${count} entries at ${input.at} in ${remaining(input)} bytes`)
  for (let i = 0; i < count; i++) read()
}
