/**
 * Bytes, hexadecimal and base64.
 *
 * Accepted: hexadecimal in either case, with or without `0x`; base64 (RFC 4648 section 4) with its padding, and base64url
 * (section 5) without; both canonical. No white space, no other alphabet.
 */

/** Bytes in memory of our own: what WebCrypto takes, and what `SharedArrayBuffer` is not. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Whether `value` is a `Uint8Array` (a Node `Buffer` is one too), of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
}

/** A private copy in memory that nobody else can write to: `slice` would share memory for a `Buffer`. */
export function copyBytes(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes)
}

/** Whether both hold the same bytes. Not constant-time: everything compared here is public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
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
export function toHex(bytes: Uint8Array): string {
  let text = ''
  // 256 to 511 are the 3 digits from 100 to 1ff.
  for (const byte of bytes) text += (byte + 256).toString(16).slice(1)
  return text
}

/** @throws TypeError when `text` is not hexadecimal; `name` says whose it is. */
export function fromHex(text: string, name = 'hex'): Bytes {
  const [, digits] = /^(?:0x)?((?:[0-9a-f]{2})*)$/i.exec(text) ?? []
  if (digits === undefined) throw new TypeError(`${name} must be hexadecimal`)
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

/** @throws TypeError when `text` is neither canonical base64 nor canonical base64url; `name` says whose it is */
export function fromBase64(text: string, name = 'base64'): Bytes {
  const isUrl = /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1
  const standard = isUrl ? text.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat(-text.length & 3) : text
  // atob drops the unused bits of the last digit; encoding again shows whether they were zero.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(standard) || standard.length % 4 !== 0 || btoa(atob(standard)) !== standard) {
    throw new TypeError(`${name} must be canonical base64 or base64url`)
  }
  return Uint8Array.from(atob(standard), (digit) => digit.charCodeAt(0))
}
