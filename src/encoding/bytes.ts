/**
 * Bytes, hexadecimal and base64.
 *
 * Accepted: hexadecimal in either case, with or without `0x`; base64 (RFC 4648 section 4) with its
 * padding, and base64url (section 5) without; both canonical. No white space, no other alphabet.
 */

/** Bytes in memory of our own: what WebCrypto takes, and what `SharedArrayBuffer` is not. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Whether `value` is a `Uint8Array` (a Node `Buffer` is one too), of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as DataView | Uint8Array)[Symbol.toStringTag] === 'Uint8Array'
}

/** A private copy in memory of its own: `slice` would share memory for a `Buffer`. */
export function copyBytes(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes)
}

/** Whether both hold the same bytes. Not constant-time: everything compared here is public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i === a.length && i === b.length
}

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  return !bytes.some(Boolean)
}

/** One array out of several. */
export function concatBytes(...parts: readonly ArrayLike<number>[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array | readonly number[]): string {
  let text = ''
  for (const byte of bytes) text += hexadecimal[byte] as string
  return text
}

/** The digits of each byte: 256 to 511 are the 3 digits from 100 to 1ff. */
const hexadecimal = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1))

/** @throws TypeError when `text` is not hexadecimal; `name` says whose it is. */
export function fromHex(text: string, name = 'hex'): Bytes {
  const [, digits] = /^(?:0x)?((?:[0-9a-f]{2})*)$/i.exec(text) ?? []
  if (digits === undefined) throw new TypeError(`${name} must be hexadecimal`)
  // Of letters in either case, the low bits count from 1.
  const digit = (at: number): number => (digits.charCodeAt(at) & 15) + 9 * (digits.charCodeAt(at) >> 6)
  return new Uint8Array(digits.length / 2).map((_, i) => 16 * digit(2 * i) + digit(2 * i + 1))
}

/** A copy of bytes that a caller gave; no bytes where it gave something else. */
export function givenBytes(value: unknown): Bytes {
  return isBytes(value) ? copyBytes(value) : new Uint8Array()
}

/** The same, also by their hexadecimal digits. @throws TypeError for text that is something else */
export function givenHex(value: unknown, name: string): Bytes {
  return typeof value === 'string' ? fromHex(value, name) : givenBytes(value)
}

/**
 * @throws TypeError when `text` is neither canonical base64 nor canonical base64url; `name` says
 *   whose it is
 */
export function fromBase64(text: string, name = 'base64'): Bytes {
  const isUrl = text.length % 4 !== 0 || text.includes('-') || text.includes('_')
  const digits = isUrl ? text.replaceAll('-', '+').replaceAll('_', '/') : text
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const length = text.length - padding
  // In whole groups: A means zero. `atob` does the same, many times slower in Node, and does not
  // look at what is left over.
  const codes = new TextEncoder().encode(`${digits.slice(0, length)}AAA`)
  const digit = (at: number): number => base64[codes[at] as number] as number
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let group = 0
  let groups = 0
  for (let i = 0, at = 0; i < length; i += 4) {
    group = (digit(i) << 18) | (digit(i + 1) << 12) | (digit(i + 2) << 6) | digit(i + 3)
    groups |= group
    bytes[at++] = group >> 16
    bytes[at++] = group >> 8
    bytes[at++] = group
  }
  // What is no digit makes its group negative. Behind the last byte there is nothing but zeros, and
  // a digit by itself is no byte.
  const unused = [0, 0, 0xffff, 0xff][length % 4] as number
  if (groups < 0 || length % 4 === 1 || (group & unused) !== 0 || (isUrl && /[+/=]/.test(text)))
    throw new TypeError(`${name} must be canonical base64 or base64url`)
  return bytes
}

/** RFC 4648 table 1, by a byte of UTF-8; negative for what is not in it. */
const base64 = /* @__PURE__ */ Int8Array.from({ length: 256 }, (_, code) =>
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(String.fromCharCode(code)),
)
