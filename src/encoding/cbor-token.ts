/**
 * CBOR (RFC 8949) as tokens have it: the third way of reading beside the two of `cbor.ts`. Tokens
 * may use longer heads than needed (RFC 9783, baseline profile: verifiers are variation-tolerant),
 * and claims that a verifier does not know must not be an error, whatever is in them. It is a
 * reader of its own, so that documents that must be strict are read by one that knows no exception.
 *
 * Accepted: what `cbor.ts` accepts, but definite lengths only, with heads of any length; integers
 * beyond 2^53, floats and other simple values as something opaque, which no claim is read from;
 * byte strings and those integers as keys. At most 8 arrays, maps or tags inside each other, 256
 * entries in each, text of 1 KiB, 8192 items. Refused: repeated keys (by value, whatever their
 * heads), other keys, invalid UTF-8, indefinite lengths, reserved heads, anything left over.
 */
import { type Bytes, toHex } from './bytes.ts'
import { cursor, end, malformed, remaining, type Source, take, uint } from './reader.ts'

/** What no claim that is known here holds. */
export interface TokenOpaque {
  readonly opaque: 'float' | 'integer' | 'simple value'
}

/** A tag and what it is put on. */
export interface TokenTag {
  readonly tag: number
  readonly value: TokenValue
}

/** Keys that are neither integers within 2^53 nor text have names that no text can be. */
export type TokenMap = ReadonlyMap<number | string, TokenValue>

/** Byte strings are views of the input. */
export type TokenValue =
  number | string | boolean | null | undefined | Bytes | readonly TokenValue[] | TokenMap | TokenTag | TokenOpaque

const maximumDepth = 8
const maximumEntries = 256
const maximumText = 1024
const maximumItems = 8192
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Half of a surrogate pair: what is decoded from UTF-8 never has one. */
const noText = '\ud800'

/**
 * @throws VerificationError with the code of `source` when `bytes` is not exactly one item of the
 *   subset above
 */
export function decodeTokenCbor(bytes: Bytes, source: Source): TokenValue {
  const input = cursor(bytes, source)
  let items = maximumItems
  const read = (depth: number): TokenValue => {
    const { at } = input
    const refuse = (problem: string): never => {
      throw malformed(source, `${problem} at ${at}`)
    }
    if (--items < 0) refuse('too many items')
    const initial = uint(input, 1, 'item')
    const major = initial >> 5
    const info = initial & 31
    if (info > 27) refuse(info === 31 ? 'indefinite length' : 'reserved head')
    const size = info < 24 ? 0 : 1 << (info - 24)
    const argument = size === 0 ? info : uint(input, size, 'argument')
    if (major === 7) {
      if (size > 1) return { opaque: 'float' }
      // RFC 8949 section 3.3: what fits into one byte is not well-formed in two.
      if (size === 1 && argument < 32) refuse('simple value in two bytes')
      return argument < 20 || argument > 23 ? { opaque: 'simple value' } : [false, true, null, undefined][argument - 20]
    }
    if (major < 2) {
      if (argument >= 2 ** 53) return { opaque: 'integer' }
      return major === 0 ? argument : -1 - argument
    }
    if (major < 4) {
      const string = take(input, argument, 'string')
      if (major === 2) return string
      if (argument > maximumText) refuse('text too long')
      return textOf(string) ?? refuse('invalid UTF-8')
    }
    if (depth === maximumDepth) refuse('nested too deep')
    const item = (): TokenValue => read(depth + 1)
    if (major === 6) return { tag: argument, value: item() }
    if (argument > remaining(input)) refuse(`${argument} entries in ${remaining(input)} bytes`)
    if (argument > maximumEntries) refuse('too many entries')
    if (major === 4) return Array.from({ length: argument }, item)
    const map = new Map<number | string, TokenValue>()
    for (let i = 0; i < argument; i++) {
      const from = input.at
      const key = keyOf(item(), bytes.subarray(from, input.at)) ?? refuse('key is no integer, text or bytes')
      if (map.has(key)) refuse(`duplicate key ${JSON.stringify(key).slice(0, 64)}`)
      map.set(key, item())
    }
    return map
  }
  const value = read(0)
  end(input)
  return value
}

/** Whether a decoded value is a map. */
export function isTokenMap(value: TokenValue): value is TokenMap {
  return value instanceof Map
}

/** What a decoded value is, in the words of CDDL (RFC 8610) where it has some. */
export function tokenType(value: TokenValue): string {
  if (typeof value === 'number') return 'int'
  if (typeof value === 'string') return 'tstr'
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return 'bstr'
  if (Array.isArray(value)) return 'array'
  if (isTokenMap(value)) return 'map'
  return 'opaque' in value ? value.opaque : 'tag'
}

/**
 * What a map knows an entry by; `undefined` for what is no key. Integers beyond 2^53 have one
 * encoding only.
 */
function keyOf(value: TokenValue, encoded: Bytes): number | string | undefined {
  if (typeof value === 'number' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return `${noText}h${toHex(value)}`
  return tokenType(value) === 'integer' ? noText + toHex(encoded) : undefined
}

function textOf(string: Bytes): string | undefined {
  try {
    return utf8.decode(string)
  } catch {
    return undefined
  }
}
