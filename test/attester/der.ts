/**
 * A small DER writer: what certificate libraries refuse to make (duplicate extensions, X.509 v1,
 * BER) is put together here. It checks nothing.
 */
import { concat } from './bytes.ts'

export type Bytes = Uint8Array<ArrayBuffer>

/** One element: identifier octet, shortest length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Bytes {
  const body = concat(...content)
  return concat([tag], lengthOf(body.length), body)
}

export const sequence = (...content: readonly Uint8Array[]): Bytes => element(0x30, ...content)
export const set = (...content: readonly Uint8Array[]): Bytes => element(0x31, ...content)
export const explicit = (n: number, ...content: readonly Uint8Array[]): Bytes => element(0xa0 | n, ...content)
export const octetString = (content: Uint8Array): Bytes => element(0x04, content)
export const boolean = (value: boolean): Bytes => element(0x01, Uint8Array.of(value ? 0xff : 0))
/** The octets of the number as they shall stand: padding and sign are the caller's. */
export const integer = (...octets: readonly number[]): Bytes => element(0x02, Uint8Array.from(octets))
export const bitString = (content: Uint8Array, unusedBits = 0): Bytes =>
  element(0x03, Uint8Array.of(unusedBits), content)
export const time = (text: string): Bytes => element(text.length > 13 ? 0x18 : 0x17, new TextEncoder().encode(text))

export function objectIdentifier(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Uint8Array.from([40 * first + second, ...rest].flatMap(base128)))
}

/**
 * An unsigned big-endian number as INTEGER: leading zeros off, a zero in front where the sign bit
 * is set.
 */
export function unsigned(bytes: Uint8Array): Bytes {
  const start = bytes.findIndex((byte) => byte !== 0)
  const magnitude = start < 0 ? Uint8Array.of(0) : bytes.subarray(start)
  return element(0x02, concat((magnitude[0] ?? 0) >= 0x80 ? [0] : [], magnitude))
}

/** An ECDSA signature r || s as X.509 has it. */
export function ecdsaSignature(raw: Uint8Array): Bytes {
  const size = raw.length / 2
  return sequence(unsigned(raw.subarray(0, size)), unsigned(raw.subarray(size)))
}

/** The elements that a constructed element consists of; `der` must be sound. */
export function elementsOf(der: Uint8Array): Bytes[] {
  const elements: Bytes[] = []
  for (let at = headSize(der, 0); at < der.length;) {
    const size = headSize(der, at) + contentLength(der, at)
    elements.push(new Uint8Array(der.subarray(at, at + size)))
    at += size
  }
  return elements
}

/** What stands inside an element. */
export function contentOf(der: Uint8Array): Bytes {
  return new Uint8Array(der.subarray(headSize(der, 0)))
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

function headSize(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0
  return length < 0x80 ? 2 : 2 + (length & 0x7f)
}

function contentLength(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0
  if (length < 0x80) return length
  return der.subarray(at + 2, at + headSize(der, at)).reduce((value, byte) => value * 256 + byte, 0)
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
