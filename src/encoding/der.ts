/**
 * DER (X.690): a strict reader of what certificates and revocation lists are made of. {@link decodeDer} checks everything at once; what comes out is a
 * tree whose shape is then compared with the one that a standard prescribes.
 *
 * Accepted: single-byte tags, definite lengths in their shortest form, nesting down to 16.
 * Refused: BOOLEAN other than 00 and FF, padded or empty INTEGER, BIT STRING with unused bits set, malformed OBJECT IDENTIFIER, primitive types in
 * pieces, anything left over. Text is not decoded: names are compared as bytes.
 */
import { type Bytes, toHex } from './bytes.ts'
import { type Cursor, cursor, end, malformed, remaining, type Source, take, uint } from './reader.ts'

/** One element; the bytes are views of the input. */
export interface DerNode {
  readonly tag: number
  readonly content: Bytes
  /** Identifier, length and content, as received. */
  readonly raw: Bytes
  /** What a constructed element consists of. */
  readonly children: readonly DerNode[]
}

// Identifier octets by their X.680 names.
export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const NULL = 0x05
export const OBJECT_IDENTIFIER = 0x06
export const ENUMERATED = 0x0a
export const UTC_TIME = 0x17
export const GENERALIZED_TIME = 0x18
export const SEQUENCE = 0x30
export const SET = 0x31
/** `[n] EXPLICIT`, or IMPLICIT on a constructed type. */
export const context = (n: number): number => 0xa0 | n

const maximumDepth = 16

/** Reads `bytes`, which must be one element. @throws VerificationError with the code of `source` */
export function decodeDer(bytes: Bytes, source: Source): DerNode {
  const input = cursor(bytes, source)
  const node = readNode(input, maximumDepth)
  end(input)
  return node
}

/** One element of which only the outside was read. */
export interface Element {
  readonly content: Bytes
  /** Identifier, length and content, as received. */
  readonly raw: Bytes
}

/** Reads the outside of one element, whose length is in DER; what it consists of is for others to check. For lists too long to become a tree. */
export function readElement(input: Cursor, tag: number, field: string): Element {
  const { at, bytes, source } = input
  const found = uint(input, 1, field)
  if (found !== tag)
    throw malformed(source, `${field} must have the tag ${tag.toString(16)}, found ${found.toString(16)}`)
  const first = uint(input, 1, `length of ${field}`)
  const size = first - 0x80
  // 0 is an indefinite length; nothing here is as long as 2^32.
  const length = first < 0x80 ? first : size > 0 && size <= 4 ? uint(input, size, `length of ${field}`) : 0
  if (first >= 0x80 && (length < 0x80 || length < 256 ** (size - 1)))
    throw malformed(source, `length of ${field} not in shortest form`)
  return { content: take(input, length, field), raw: bytes.subarray(at, input.at) }
}

/** One primitive element, checked in full. */
export function readPrimitive(input: Cursor, tag: number, field: string): Pick<DerNode, 'tag' | 'content'> {
  const { content } = readElement(input, tag, field)
  if (!isCanonical(tag, content)) throw malformed(input.source, `${field} is not DER`)
  return { tag, content }
}

/** The children of a SEQUENCE, which must have exactly these tags, in this order. @throws VerificationError with the code of `source` */
export function childrenOf<const Tags extends readonly number[]>(
  node: DerNode,
  source: Source,
  field: string,
  tags: Tags,
): { readonly [Index in keyof Tags]: DerNode } {
  const found = node.children.map(({ tag }) => tag)
  if (node.tag !== SEQUENCE || found.length !== tags.length || !found.every((tag, i) => tag === tags[i])) {
    throw malformed(source, `${field} must have the tags ${hexTags(tags)}, found ${hexTags(found)}`)
  }
  return node.children as unknown as { readonly [Index in keyof Tags]: DerNode }
}

const hexTags = (tags: readonly number[]): string => toHex(Uint8Array.from(tags))

/** A non-negative INTEGER of at most 4 bytes. */
export function smallInteger({ content }: DerNode, source: Source): number {
  if ((content[0] as number) >= 0x80 || content.length > 4) throw malformed(source, 'integer out of range')
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/** An OBJECT IDENTIFIER in dotted form. */
export function objectIdentifier({ content }: DerNode): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    // The first number holds two arcs, of which the first is 0, 1 or 2.
    const root = Math.min(2, Math.floor(arc / 40))
    arcs.push(...(arcs.length === 0 ? [root, arc - 40 * root] : [arc]))
    arc = 0
  }
  return arcs.join('.')
}

/** The octets of a BIT STRING that must fill whole octets. */
export function bitStringOctets({ content }: DerNode, source: Source): Bytes {
  if (content[0] !== 0) throw malformed(source, 'bit string with unused bits')
  return content.subarray(1)
}

/**
 * UTCTime or GeneralizedTime as Unix milliseconds. RFC 5280 section 4.1.2.5: seconds present, `Z`, no fraction, UTCTime through 2049
 * and GeneralizedTime from 2050 on.
 */
export function time({ tag, content }: Pick<DerNode, 'tag' | 'content'>, source: Source): number {
  const text = String.fromCharCode(...content.subarray(0, 16))
  const digits = tag === UTC_TIME ? (text < '50' ? '20' : '19') + text : text
  const iso = digits.replace(/^(\d{4})(..)(..)(..)(..)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const date = new Date(iso)
  // What is no day of its month becomes a day of another one, and what is no date at all becomes null.
  if (date.toJSON() === iso && (tag === UTC_TIME || (tag === GENERALIZED_TIME && iso >= '2050'))) return date.getTime()
  throw malformed(source, `${JSON.stringify(text)} is no time`)
}

function readNode(input: Cursor, depth: number): DerNode {
  const { bytes, source, at } = input
  if (depth === 0) throw malformed(source, `nested too deep at ${at}`)
  const tag = uint(input, 1, 'tag')
  const content = take(input, readLength(input), 'content')
  const children: DerNode[] = []
  if ((tag & 0x20) !== 0) {
    const inner = cursor(content, source)
    while (remaining(inner) > 0) children.push(readNode(inner, depth - 1))
  }
  if (!isCanonical(tag, content)) throw malformed(source, `tag ${hexTags([tag])} at ${at} is not DER`)
  return { tag, content, raw: bytes.subarray(at, input.at), children }
}

function readLength(input: Cursor): number {
  const first = uint(input, 1, 'length')
  if (first < 0x80) return first
  const size = first - 0x80
  // 0 is an indefinite length; nothing here is as long as 2^32.
  const length = size > 0 && size <= 4 ? uint(input, size, 'length') : 0
  if (length < 0x80 || length < 256 ** (size - 1))
    throw malformed(input.source, `length at ${input.at} not in shortest form`)
  return length
}

/** What X.690 sections 8, 10 and 11 ask of the content; constructed elements are the sum of their children. */
function isCanonical(tag: number, content: Bytes): boolean {
  const { length } = content
  const [first = 0xff, second = 0] = content
  const last = content[length - 1] ?? 0xff
  switch (tag) {
    case BOOLEAN:
      return length === 1 && (first === 0 || first === 0xff)
    case INTEGER:
    case ENUMERATED:
      return length > 0 && !(length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80))
    case BIT_STRING:
      return length === 1 ? first === 0 : first < 8 && (last & ((1 << first) - 1)) === 0
    case NULL:
      return length === 0
    case OBJECT_IDENTIFIER:
      // Base 128: the last byte of each arc is below 0x80, and none starts with padding.
      return last < 0x80 && content.every((byte, i) => byte !== 0x80 || (content[i - 1] ?? 0) >= 0x80)
    default:
      // Universal class: a sequence or a set is constructed, nothing else is. The low bits 1f announce a longer tag, which nothing here has.
      return tag > 0 && (tag & 0x1f) !== 0x1f && (tag >= 0x40 || (tag & 0x20) > 0 === ((tag & 0x1e) === 0x10))
  }
}
