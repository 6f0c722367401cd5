/**
 * DER by `asn1js`, made strict. The library takes BER: indefinite lengths, lengths and integers
 * that are longer than needed, BOOLEAN of any value. So the elements are walked first, without
 * recursion and within bounds, and what is not DER never reaches the library.
 */
import * as asn1js from 'asn1js'
import { demand, type Octets } from './bytes.ts'

/** An element as the library has it. */
export type Asn1 = asn1js.AsnType

const deepest = 16
/** A revocation list of a megabyte has about 100,000. */
const mostElements = 250_000

/** @throws Error for what is not exactly one element in DER */
export function readStrictDer(bytes: Octets): Asn1 {
  walk(bytes)
  const limits = { maxDepth: deepest + 1, maxNodes: mostElements, maxContentLength: bytes.length }
  const { offset, result } = readBy('asn1js', () => asn1js.fromBER(bytes, limits))
  demand(offset === bytes.length && result.error === '', result.error || 'the library reads less than all of it')
  return result
}

/** What a library throws is said to be its own. */
export function readBy<T>(library: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Error(`${library} cannot read it: ${(cause as Error).message}`, { cause })
  }
}

/** An element of which only the outside was read. */
export interface Outside {
  /** The identifier octet, or several where the number is 31 or above. */
  readonly identifier: Octets
  readonly whole: Octets
  readonly inside: Octets
}

/** Elements one after another, at most so many; their insides are not looked at. @throws Error */
export function splitElements(bytes: Octets, most: number): readonly Outside[] {
  const found: Outside[] = []
  for (let at = 0; at < bytes.length && found.length < most;) {
    let behind = at + 1
    if (((bytes[at] ?? 0) & 0x1f) === 0x1f) {
      while ((bytes[behind] ?? 0) >= 0x80) behind++
      behind++
    }
    const [from, length] = lengthAt(bytes, behind)
    demand(from + length <= bytes.length, 'an element beyond the end')
    const whole = bytes.slice(at, from + length)
    found.push({ identifier: whole.slice(0, behind - at), whole, inside: whole.slice(from - at) })
    at = from + length
  }
  return found
}

/** What an element consists of, where it is constructed. */
export function partsOf(element: Asn1): readonly Asn1[] {
  const { value } = element.valueBlock as unknown as { readonly value?: unknown }
  return element.idBlock.isConstructed && Array.isArray(value) ? (value as Asn1[]) : []
}

/** The identifier octet. */
export function tagOf({ idBlock: { tagClass, tagNumber, isConstructed } }: Asn1): number {
  return ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0) | tagNumber
}

/** Identifier, length and content, as received. */
export const wholeOf = ({ valueBeforeDecodeView }: Asn1): Octets => Uint8Array.from(valueBeforeDecodeView)

/** The content, as received. */
export function insideOf(element: Asn1): Octets {
  const whole = wholeOf(element)
  const first = whole[1] ?? 0
  return whole.slice(first < 0x80 ? 2 : 2 + (first & 0x7f))
}

/** The parts of a SEQUENCE that must have these tags, in this order. */
export function sequenceOf(element: Asn1, what: string, ...tags: readonly number[]): readonly Asn1[] {
  const parts = partsOf(element)
  const isRight =
    tagOf(element) === 0x30 && parts.length === tags.length && parts.every((part, i) => tagOf(part) === tags[i])
  demand(isRight, `${what} has another shape`)
  return parts
}

/** An OBJECT IDENTIFIER in dotted form. */
export function identifierOf(element: Asn1): string {
  demand(element instanceof asn1js.ObjectIdentifier, 'no OBJECT IDENTIFIER')
  return element.valueBlock.toString()
}

/** An INTEGER that is not negative, of at most four bytes. */
export function countOf(element: Asn1): number {
  const content = insideOf(element)
  demand(
    element instanceof asn1js.Integer && content.length <= 4 && (content[0] ?? 0x80) < 0x80,
    'an integer out of range',
  )
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/**
 * UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 wants them: seconds, `Z`, the former
 * through 2049 and the latter from then on.
 * @returns Unix milliseconds
 */
export function momentOf(element: Asn1): number {
  const text = String.fromCharCode(...insideOf(element).subarray(0, 32))
  // By the tag: to the library, one of both is a kind of the other.
  const isShort = tagOf(element) === 0x17
  demand(isShort || tagOf(element) === 0x18, 'no time')
  const whole = isShort && /^\d{12}Z$/.test(text) ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const [, year = '', rest = ''] = /^(\d{4})(\d{10})Z$/.exec(whole) ?? []
  const [month, day, hour, minute, second] = rest.match(/../g) ?? []
  const moment = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  const again = Number.isNaN(moment) ? '' : new Date(moment).toISOString().replace(/[-:T]|\.\d+/g, '')
  demand(again === whole && (isShort || year >= '2050'), `${JSON.stringify(text)} is no time`)
  return moment
}

/**
 * An ECDSA signature as X.509 has it (RFC 3279 section 2.2.3): both libraries would take padded
 * numbers, and bytes behind them.
 */
export function checkEcdsaSignature(signature: Octets): void {
  for (const number of sequenceOf(readStrictDer(signature), 'a signature', 0x02, 0x02))
    demand((insideOf(number)[0] ?? 0x80) < 0x80, 'a signature with a negative number')
}

function walk(bytes: Octets): void {
  const ends: number[] = []
  let at = 0
  let seen = 0
  demand(bytes.length > 0, 'no element')
  while (at < bytes.length) {
    demand(at === 0 || ends.length > 0, `${bytes.length - at} bytes left over`)
    demand(++seen <= mostElements, 'too many elements')
    const tag = bytes[at] as number
    const [from, length] = lengthAt(bytes, at + 1)
    const to = from + length
    demand(to <= (ends.at(-1) ?? bytes.length), 'an element that reaches beyond what is around it')
    checkContent(tag, bytes.subarray(from, to))
    if ((tag & 0x20) === 0) at = to
    else {
      ends.push(to)
      demand(ends.length < deepest, 'nested too deep')
      at = from
    }
    while (ends.at(-1) === at) ends.pop()
  }
  demand(ends.length === 0, 'an element that does not end')
}

/** A definite length in its shortest form, and where the content begins. */
function lengthAt(bytes: Octets, at: number): readonly [from: number, length: number] {
  const first = bytes[at]
  demand(first !== undefined, 'an element without a length')
  if (first < 0x80) return [at + 1, first]
  const size = first & 0x7f
  demand(size > 0 && size <= 4 && at + size < bytes.length, 'an indefinite length, or one that is too long')
  const length = bytes.subarray(at + 1, at + 1 + size).reduce((value, byte) => value * 256 + byte, 0)
  demand(length >= 0x80 && length >= 2 ** (8 * (size - 1)), 'a length that is longer than needed')
  return [at + 1 + size, length]
}

/** X.690 sections 8, 10 and 11. */
function checkContent(tag: number, content: Octets): void {
  const [first = -1, second = -1] = content
  const last = content.at(-1) ?? -1
  demand((tag & 0x1f) !== 0x1f && tag !== 0, 'a tag that nothing here has')
  if (tag < 0x40)
    demand(
      ((tag & 0x20) !== 0) === ((tag & 0x1f) === 0x10 || (tag & 0x1f) === 0x11),
      'a type in pieces, or a list in one',
    )
  switch (tag) {
    case 0x01:
      demand(content.length === 1 && (first === 0 || first === 0xff), 'a BOOLEAN that is neither 00 nor FF')
      break
    case 0x02:
    case 0x0a:
      demand(content.length > 0, 'an INTEGER without content')
      demand(
        content.length === 1 || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)),
        'a padded INTEGER',
      )
      break
    case 0x03:
      demand(first >= 0 && first < 8 && (last & (2 ** first - 1)) === 0, 'a BIT STRING with unused bits that are set')
      demand(first === 0 || content.length > 1, 'a BIT STRING without the bits that it leaves unused')
      break
    case 0x05:
      demand(content.length === 0, 'a NULL with content')
      break
    case 0x06:
      demand(content.length > 0 && last < 0x80, 'an OBJECT IDENTIFIER that does not end')
      demand(
        content.every((byte, i) => byte !== 0x80 || (i > 0 && (content[i - 1] as number) >= 0x80)),
        'a padded OBJECT IDENTIFIER',
      )
      break
    default:
  }
}
