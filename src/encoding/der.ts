/**
 * DER (X.690): a strict reader of what certificates and revocation lists are made of.
 *
 * Accepted: single-byte tags, definite lengths in their shortest form. {@link assertDer} walks a whole structure and also refuses
 * BOOLEAN other than 00 and FF, padded INTEGER, BIT STRING with unused bits set, malformed OBJECT IDENTIFIER, primitive types in pieces,
 * impossible dates, invalid UTF8String, nesting beyond 16, anything left over.
 */
import type { Bytes } from './bytes.ts'
import { malformed, reader, type Reader, type Source } from './reader.ts'

/** Identifier octets by their X.680 names. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[n] EXPLICIT`, or IMPLICIT on a constructed type. */
  context: (n: number): number => 0xa0 | n,
  /** `[n] IMPLICIT` on a primitive type. */
  contextPrimitive: (n: number): number => 0x80 | n,
} as const

/** One element: views of the input. */
export interface DerElement {
  readonly tag: number
  readonly content: Bytes
  /** Identifier, length and content, as received. */
  readonly raw: Bytes
}

/** A cursor over the elements of one constructed value. */
export interface DerReader {
  /** The tag of the next element; `undefined` at the end. */
  peek(): number | undefined
  /** The next element, whatever its tag. */
  any(field: string): DerElement
  /** The next element, which must have this tag. */
  next(tag: number, field: string): DerElement
  /** The next element if it has this tag. */
  optional(tag: number, field: string): DerElement | undefined
  /** A cursor into the next element, which must have this tag. */
  into(tag: number, field: string): DerReader
  /** Refuses anything left over. */
  end(): void
}

const maximumDepth = 16
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function derReader(bytes: Bytes, source: Source): DerReader {
  const input = reader(bytes, source)

  function next(tag: number, field: string): DerElement {
    const at = input.offset()
    const element = readElement(input, source, field)
    if (element.tag !== tag) {
      throw malformed(source, `${field} has tag ${hexByte(element.tag)}, expected ${hexByte(tag)}`, at)
    }
    return element
  }

  return {
    peek: input.peek,
    any: (field) => readElement(input, source, field),
    next,
    optional: (tag, field) => (input.peek() === tag ? next(tag, field) : undefined),
    into: (tag, field) => derReader(next(tag, field).content, { ...source, name: `${source.name} ${field}` }),
    end: input.end,
  }
}

/** Walks everything in `bytes`, which must be one element. @throws VerificationError with the code of `source`. */
export function assertDer(bytes: Bytes, source: Source): void {
  const input = reader(bytes, source)
  assertElement(input, source, maximumDepth)
  input.end()
}

/** A non-negative INTEGER that fits 32 bits. */
export function smallInteger(element: DerElement, source: Source): number {
  const { content } = element
  assertInteger(content, source)
  if ((content[0] as number) >= 0x80 || content.length > 4) throw malformed(source, 'integer out of range')
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/** An OBJECT IDENTIFIER in dotted form. */
export function objectIdentifier(content: Bytes, source: Source): string {
  const arcs: number[] = []
  let arc = 0
  let start = true
  for (const byte of content) {
    if (start && byte === 0x80) throw malformed(source, 'padded object identifier')
    arc = arc * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(arc)) throw malformed(source, 'object identifier out of range')
    start = byte < 0x80
    if (!start) continue
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)))
    else arcs.push(arc)
    arc = 0
  }
  if (!start || arcs.length === 0) throw malformed(source, 'truncated object identifier')
  return arcs.join('.')
}

/** The octets of a BIT STRING that must fill whole octets. */
export function bitStringOctets(element: DerElement, source: Source): Bytes {
  if (element.content[0] !== 0) throw malformed(source, 'bit string must fill whole octets')
  return element.content.subarray(1)
}

/**
 * UTCTime or GeneralizedTime as Unix milliseconds. RFC 5280 section 4.1.2.5: seconds present, `Z`, no fraction, UTCTime through 2049
 * and GeneralizedTime from 2050 on.
 */
export function time(element: DerElement, source: Source): number {
  const { tag, content } = element
  if (tag !== tags.utcTime && tag !== tags.generalizedTime) throw malformed(source, `time has tag ${hexByte(tag)}`)
  const text = String.fromCharCode(...content.subarray(0, 16))
  const year = tag === tags.utcTime ? (text < '50' ? '20' : '19') : ''
  const [, date, clock] = /^(\d{8})(\d{6})Z$/.exec(year + text) ?? []
  if (date === undefined || clock === undefined) {
    throw malformed(source, `time ${JSON.stringify(text)} is not of the form that RFC 5280 asks for`)
  }
  if (tag === tags.generalizedTime && text < '2050')
    throw malformed(source, `${text}: years before 2050 must be UTCTime`)
  const iso = `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${clock.replace(/(..)(..)(..)/, '$1:$2:$3')}.000Z`
  const milliseconds = Date.parse(iso)
  // Some engines carry 30 February over into March: such a date does not come back as it was.
  if (Number.isNaN(milliseconds) || new Date(milliseconds).toISOString() !== iso)
    throw malformed(source, `${text} is not a date`)
  return milliseconds
}

function readElement(input: Reader, source: Source, field: string): DerElement {
  const start = input.offset()
  const tag = input.u8(field)
  if ((tag & 0x1f) === 0x1f) throw malformed(source, `${field} has a tag of several bytes`, start)
  const content = input.bytes(readLength(input, source, field), field)
  return { tag, content, raw: input.since(start) }
}

function readLength(input: Reader, source: Source, field: string): number {
  const at = input.offset()
  const first = input.u8(`${field} length`)
  if (first < 0x80) return first
  const size = first & 0x7f
  if (size === 0 || size > 4)
    throw malformed(source, `${field} has ${size === 0 ? 'an indefinite' : 'an oversized'} length`, at)
  const length = input.uint(size, `${field} length`)
  if (length < 0x80 || length < 2 ** (8 * (size - 1)))
    throw malformed(source, `${field} length is not in its shortest form`, at)
  return length
}

function assertElement(input: Reader, source: Source, depth: number): void {
  if (depth === 0) throw malformed(source, `nested deeper than ${maximumDepth}`, input.offset())
  const element = readElement(input, source, 'element')
  const { tag, content } = element
  const constructed = (tag & 0x20) !== 0
  // Universal class: a sequence or a set is constructed, nothing else is.
  if (tag < 0x40 && constructed !== ((tag | 0x20) === tags.sequence || (tag | 0x20) === tags.set)) {
    throw malformed(source, `tag ${hexByte(tag)} is not DER`, input.offset())
  }
  if (constructed) {
    const children = reader(content, source)
    while (children.remaining() > 0) assertElement(children, source, depth - 1)
    return
  }
  switch (tag) {
    case tags.boolean:
      if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
        throw malformed(source, 'BOOLEAN must be 00 or FF')
      return
    case tags.integer:
    case tags.enumerated:
      assertInteger(content, source)
      return
    case tags.bitString:
      assertBitString(content, source)
      return
    case tags.null:
      if (content.length > 0) throw malformed(source, 'NULL with content')
      return
    case tags.oid:
      objectIdentifier(content, source)
      return
    case tags.utf8String:
      try {
        utf8.decode(content)
      } catch {
        throw malformed(source, 'UTF8String is not UTF-8')
      }
      return
    case tags.utcTime:
    case tags.generalizedTime:
      time(element, source)
      return
    default:
  }
}

function assertInteger(content: Bytes, source: Source): void {
  const [first, second] = content
  if (first === undefined) throw malformed(source, 'empty INTEGER')
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw malformed(source, 'INTEGER is not in its shortest form')
  }
}

function assertBitString(content: Bytes, source: Source): void {
  const [unused] = content
  if (unused === undefined || unused > 7 || (content.length === 1 && unused > 0))
    throw malformed(source, 'BIT STRING without a valid count')
  if (((content.at(-1) as number) & ((1 << unused) - 1)) !== 0 && content.length > 1) {
    throw malformed(source, 'BIT STRING with unused bits set')
  }
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
