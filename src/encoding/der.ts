/**
 * DER (X.690): a strict reader of what certificates and revocation lists are made of.
 * {@link decodeDer} checks everything at once; what comes out is a tree whose shape is then
 * compared with the one that a standard prescribes.
 *
 * Accepted: single-byte tags, definite lengths in their shortest form, nesting down to 16. Refused:
 * BOOLEAN other than 00 and FF, padded or empty INTEGER, BIT STRING with unused bits set, malformed
 * OBJECT IDENTIFIER, primitive types in pieces, anything left over. Text is not decoded: names are
 * compared as bytes.
 */
import { type Bytes, toHex } from './bytes.ts'
import { type Cursor, cursor, end, malformed, skip, type Source, uint } from './reader.ts'

/** One element: its place in the bytes around it. */
export interface Element {
  readonly tag: number
  readonly bytes: Bytes
  /** Where its identifier begins, its content, and what follows it. */
  readonly at: number
  readonly from: number
  readonly to: number
}

/** An element that was checked, with what it consists of if it is constructed. */
export interface DerNode extends Element {
  readonly children: readonly DerNode[]
}

/**
 * A view of the content. Views are made when they are asked for: most never are, and making them
 * would cost more than all checks.
 */
export const contentOf = ({ bytes, from, to }: Element): Bytes => bytes.subarray(from, to)
/** A view of identifier, length and content, as received. */
export const rawOf = ({ bytes, at, to }: Element): Bytes => bytes.subarray(at, to)

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

/**
 * Reads the outside of one element, whose length is in DER; what it consists of is for others to
 * check. For lists too long to become a tree.
 */
export function readElement(input: Cursor, tag: number, field: string): Element {
  const { at, bytes, source } = input
  const found = uint(input, 1, field)
  if (found !== tag)
    throw malformed(source, `${field} must have the tag ${tag.toString(16)}, found ${found.toString(16)}`)
  const length = readLength(input, field)
  const from = input.at
  return { tag, bytes, at, from, to: skip(input, length, field) }
}

/** The length of an element, in its shortest form. */
export function readLength(input: Cursor, field: string): number {
  const first = uint(input, 1, `length of ${field}`)
  const size = first - 0x80
  // 0 is an indefinite length; nothing here is as long as 2^32.
  const length = first < 0x80 ? first : size > 0 && size <= 4 ? uint(input, size, `length of ${field}`) : 0
  if (first >= 0x80 && (length < 0x80 || length < 256 ** (size - 1)))
    throw malformed(input.source, `length of ${field} not in shortest form`)
  return length
}

/** One primitive element, checked in full. */
export function readPrimitive(input: Cursor, tag: number, field: string): Element {
  const element = readElement(input, tag, field)
  if (!isCanonical(tag, element.bytes, element.from, element.to)) throw malformed(input.source, `${field} is not DER`)
  return element
}

/**
 * The children of a SEQUENCE, which must have exactly these tags, in this order. @throws
 * VerificationError with the code of `source`
 */
export function childrenOf<const Tags extends readonly number[]>(
  node: DerNode,
  source: Source,
  field: string,
  tags: Tags,
): { readonly [Index in keyof Tags]: DerNode } {
  const found = node.children.map(({ tag }) => tag)
  if (node.tag !== SEQUENCE || found.length !== tags.length || !found.every((tag, i) => tag === tags[i])) {
    throw malformed(source, `${field} must have the tags ${toHex(tags)}, found ${toHex(found)}`)
  }
  return node.children as unknown as { readonly [Index in keyof Tags]: DerNode }
}

/** A non-negative INTEGER of at most 4 bytes. */
export function smallInteger(element: Element, source: Source): number {
  const content = contentOf(element)
  if ((content[0] as number) >= 0x80 || content.length > 4) throw malformed(source, 'integer out of range')
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/** An OBJECT IDENTIFIER in dotted form. */
export function objectIdentifier(element: Element): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of contentOf(element)) {
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
export function bitStringOctets(node: DerNode, source: Source): Bytes {
  const content = contentOf(node)
  if (content[0] !== 0) throw malformed(source, 'bit string with unused bits')
  return content.subarray(1)
}

/**
 * UTCTime or GeneralizedTime as Unix milliseconds. RFC 5280 section 4.1.2.5: seconds present, `Z`,
 * no fraction, UTCTime through 2049 and GeneralizedTime from 2050 on.
 */
export function time(node: Element, source: Source): number {
  let text = ''
  for (const byte of contentOf(node).subarray(0, 16)) text += String.fromCharCode(byte)
  const digits = node.tag === UTC_TIME ? (text < '50' ? '20' : '19') + text : text
  const at = (i: number): number => Number(digits.slice(i, i + 2))
  const moment = Date.UTC(100 * at(0) + at(2), at(4) - 1, at(6), at(8), at(10), at(12))
  const isTime = /^\d{4}(0[1-9]|1[0-2])\d\d([01]\d|2[0-3])[0-5]\d[0-5]\dZ$/.test(digits)
  // February 30 becomes a day of March.
  if (
    isTime &&
    new Date(moment).getUTCDate() === at(6) &&
    (node.tag === UTC_TIME || (node.tag === GENERALIZED_TIME && digits >= '2050'))
  )
    return moment
  throw malformed(source, `${JSON.stringify(text)} is no time`)
}

function readNode(input: Cursor, depth: number): DerNode {
  const { bytes, source, at } = input
  if (depth === 0) throw malformed(source, `nested too deep at ${at}`)
  const tag = uint(input, 1, 'tag')
  const first = uint(input, 1, 'length')
  const size = first - 0x80
  // 0 is an indefinite length; nothing here is as long as 2^32.
  const length = first < 0x80 ? first : size > 0 && size <= 4 ? uint(input, size, 'length') : 0
  if (first >= 0x80 && (length < 0x80 || length < 256 ** (size - 1)))
    throw malformed(source, `length at ${input.at} not in shortest form`)
  const from = input.at
  const to = skip(input, length, 'content')
  const children: DerNode[] = []
  if ((tag & 0x20) !== 0) for (input.at = from; input.at < to;) children.push(readNode(input, depth - 1))
  // A child that reaches beyond its parent is none of it.
  if (input.at > to || !isCanonical(tag, bytes, from, to))
    throw malformed(source, `tag ${toHex([tag])} at ${at} is not DER`)
  return { tag, children, bytes, at, from, to }
}

/**
 * What X.690 sections 8, 10 and 11 ask of the content; constructed elements are the sum of their
 * children.
 */
function isCanonical(tag: number, bytes: Bytes, from: number, to: number): boolean {
  const length = to - from
  const first = bytes[from] as number
  const second = bytes[from + 1] as number
  const last = bytes[to - 1] as number
  let i = from
  switch (tag) {
    case BOOLEAN:
      return length === 1 && (first === 0 || first === 0xff)
    case INTEGER:
    case ENUMERATED:
      // The first nine bits must not all be the same.
      return length > 0 && !(length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80))
    case BIT_STRING:
      return length > 0 && first < 8 && (last & ((1 << first) - 1)) === 0
    case NULL:
      return length === 0
    case OBJECT_IDENTIFIER:
      // Base 128: the last byte of each arc is below 0x80, and none starts with padding.
      while (i < to && (bytes[i] !== 0x80 || (i > from && (bytes[i - 1] as number) >= 0x80))) i++
      return length > 0 && last < 0x80 && i === to
    default:
      // Universal class: a sequence or a set is constructed, nothing else is. The low bits 1f
      // announce a longer tag, which nothing here has.
      return tag > 0 && (tag & 0x1f) !== 0x1f && (tag >= 0x40 || (tag & 0x20) > 0 === ((tag & 0x1e) === 0x10))
  }
}
