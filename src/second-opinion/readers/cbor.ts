/**
 * CBOR by `cbor-x`, made strict. The library merges keys that are there twice, replaces invalid
 * UTF-8, acts on some twenty tags and recurses as deep as the input says. So the heads are walked
 * first, without recursion: the walk refuses what the library would let pass, and gives tags and
 * floats numbers on which the library does not act. The number of entries that were walked must
 * then be the number that the library made.
 */
import * as cborX from 'cbor-x/decode-no-eval'
import { written } from '../compare.ts'
import { demand, joined, type Octets } from './bytes.ts'

/** What a walk allows. */
export interface CborLimits {
  /** Items, those inside others included. */
  readonly items: number
  /** Shortest heads and definite lengths only. */
  readonly isDeterministic: boolean
  /**
   * As EAT has it: definite lengths, heads of any length, and whatever well-formed CBOR there is
   * inside claims that are not known. Less deep, and with fewer entries.
   */
  readonly isToken?: boolean
}

/**
 * What is used of the library: the types of its entry without `eval` name a file that is not there.
 */
const { Decoder } = cborX as unknown as {
  readonly Decoder: new (options: object) => { decode(bytes: Uint8Array): unknown }
}

const deepest = 16
/** What a token may have at most: items inside each other, entries of one, bytes of a text. */
const token = { deepest: 8, entries: 256, text: 1024 } as const
/** Tags from here on have no meaning to the library, which reads no larger numbers than 2^32. */
const firstName = 2 ** 30

/** @throws Error for what is not exactly one item, strictly encoded */
export function readStrictCbor(bytes: Octets, limits: CborLimits): unknown {
  const { value, size } = readFirstCbor(bytes, limits)
  demand(size === bytes.length, `${bytes.length - size} bytes left over`)
  return value
}

/** One item, whatever follows it. @throws Error for what does not begin with one */
export function readFirstCbor(bytes: Octets, limits: CborLimits): { readonly value: unknown; readonly size: number } {
  const { parts, entries, renamed, size } = walk(bytes, limits)
  const decoder = new Decoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false, int64AsNumber: true })
  const counted = { entries: 0, renamed }
  const value = plain(decoder.decode(joined(...parts)), counted)
  demand(counted.entries === entries, 'a key is there twice in one map')
  return { value, size }
}

/**
 * The head of an item: its type, its argument (`undefined` for an indefinite length) and where its
 * content begins.
 */
interface Head {
  readonly major: number
  readonly info: number
  readonly argument: number | undefined
  readonly from: number
}

/**
 * An array, a map or a tag that is open, and how many items it still wants; `undefined` until a
 * break comes.
 */
interface Open {
  readonly isMap: boolean
  left: number | undefined
  /** Items so far: of a map, every other one is a key. */
  count: number
}

/** What stands behind a tag that the walk has written: its number, or what it was put around. */
type Renamed = number | 'float' | 'integer' | 'simple value'

/** What a walk has found, and the bytes that the library gets to see. */
interface Walked {
  readonly parts: readonly Octets[]
  readonly entries: number
  readonly renamed: readonly Renamed[]
  readonly size: number
}

function walk(bytes: Octets, limits: CborLimits): Walked {
  const { items, isToken = false } = limits
  const parts: Octets[] = []
  const open: Open[] = []
  const renamed: Renamed[] = []
  let kept = 0
  let at = 0
  let entries = 0
  let seen = 0
  const replace = (from: number, to: number, by: Octets): void => {
    parts.push(bytes.subarray(kept, from), by)
    kept = to
  }
  /** Puts what the library must not read into bytes. */
  const hide = (from: number, to: number, as: Renamed): void => {
    replace(from, to, joined(nameOf(renamed.push(as)), Uint8Array.of(0x40 | (to - from)), bytes.subarray(from, to)))
  }
  for (;;) {
    const around = open.at(-1)
    if (around?.left === undefined && around !== undefined && bytes[at] === 0xff) {
      demand(!around.isMap || around.count % 2 === 0, 'a key without a value')
      at++
      open.pop()
    } else {
      demand(++seen <= items, 'too many items')
      const { major, argument, info, from } = headAt(bytes, at, limits)
      const isContainer = major > 3 && major < 7
      demand(isToken ? !isContainer || open.length < token.deepest : open.length < deepest, 'nested too deep')
      const isKey = around?.isMap === true && around.count % 2 === 0
      demand(!isKey || [0, 1, 3, isToken ? 2 : 0].includes(major), 'a key that is neither a number nor a text')
      if (isKey) entries++
      if (around !== undefined) {
        around.count++
        if (around.left !== undefined) around.left--
      }
      if (major === 2 || major === 3) {
        demand(argument !== undefined, 'a string in pieces')
        demand(argument <= bytes.length - from, 'a string beyond the end')
        demand(!isToken || major === 2 || argument <= token.text, 'a text that is too long')
        if (major === 3)
          new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(from, from + argument))
        at = from + argument
      } else if (major === 4 || major === 5) {
        demand(argument === undefined || argument <= bytes.length - from, 'more entries than bytes')
        demand(!isToken || (argument ?? 0) <= token.entries, 'too many entries')
        const left = argument === undefined ? undefined : argument * (major - 3)
        open.push({ isMap: major === 5, left, count: 0 })
        at = from
      } else if (major === 6) {
        demand(argument !== undefined, 'a tag without a number')
        replace(at, from, nameOf(renamed.push(argument)))
        open.push({ isMap: false, left: 1, count: 0 })
        at = from
      } else {
        demand(argument !== undefined, 'a break where there is nothing to end')
        if (major === 7 && info > 24) hide(at, from, 'float')
        else if (major === 7 && (info < 20 || info > 23)) hide(at, from, 'simple value')
        else if (argument >= 2 ** 53) hide(at, from, 'integer')
        at = from
      }
    }
    while (open.at(-1)?.left === 0) open.pop()
    if (open.length === 0) break
  }
  parts.push(bytes.subarray(kept, at))
  return { parts, entries, renamed, size: at }
}

function headAt(bytes: Octets, at: number, { isDeterministic, isToken = false }: CborLimits): Head {
  const first = bytes[at]
  demand(first !== undefined, 'an item beyond the end')
  const [major, info] = [first >> 5, first & 31]
  if (info < 24) {
    demand(isToken || major !== 7 || info >= 20, 'an unknown simple value')
    return { major, info, argument: info, from: at + 1 }
  }
  if (info === 31) {
    demand(!isDeterministic && !isToken && (major === 4 || major === 5), 'an indefinite length')
    return { major, info, argument: undefined, from: at + 1 }
  }
  demand(info < 28 && (isToken || major !== 7 || info > 24), 'a reserved head')
  const from = at + 1 + 2 ** (info - 24)
  demand(from <= bytes.length, 'a head beyond the end')
  const argument = bytes.subarray(at + 1, from).reduce((value, byte) => value * 256 + byte, 0)
  // A float is bits, not a number. What fits into one byte is no simple value of two.
  demand(major !== 7 || info > 24 || argument >= 32, 'a simple value in two bytes')
  if (major === 7) return { major, info, argument: 0, from }
  demand(argument < 2 ** 53 || (isToken && (major < 2 || major === 6)), 'a number above 2^53')
  const least = info === 24 ? 24 : 2 ** (8 * 2 ** (info - 25))
  demand(!isDeterministic || argument >= least, 'a head that is longer than needed')
  return { major, info, argument, from }
}

/** The head of the tag that the library gets to see, for the nth one. */
function nameOf(nth: number): Octets {
  const head = Uint8Array.of(0xda, 0, 0, 0, 0)
  new DataView(head.buffer).setUint32(1, firstName + nth - 1)
  return head
}

/** What is known of a document beside what the library says. */
interface Known {
  entries: number
  readonly renamed: readonly Renamed[]
}

/** The library's values as the claims have them: tags and floats under their own names again. */
function plain(value: unknown, known: Known): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map((item) => plain(item, known))
  if (value instanceof Map) {
    known.entries += value.size
    const own = [...(value as Map<unknown, unknown>)].map(
      ([key, item]) => [plain(key, known), plain(item, known)] as const,
    )
    // Keys that the library cannot know each other by: bytes, and numbers that were hidden from it.
    const names = new Set(own.map(([key]) => written(key)))
    demand(names.size === own.length, 'a key is there twice in one map')
    return new Map(own)
  }
  if (typeof value === 'object' && value !== null) {
    // The walk has left nothing else that becomes an object: this is the library's `Tag`.
    const { tag, value: inner } = value as { readonly tag?: unknown; readonly value?: unknown }
    const name = typeof tag === 'number' ? known.renamed[tag - firstName] : undefined
    demand(name !== undefined, 'a value that the library made of something else')
    return typeof name === 'number' ? { tag: name, value: plain(inner, known) } : { [name]: plain(inner, known) }
  }
  demand(typeof value !== 'bigint', 'a number above 2^53')
  return value
}

/** A byte string with the shortest head, as `Sig_structure` has it (RFC 9052 section 9). */
export function byteString(bytes: Octets): Octets {
  const { length } = bytes
  const head = length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255]
  demand(length < 65_536, 'a byte string of more than 65,535 bytes')
  return joined(Uint8Array.from(head), bytes)
}
