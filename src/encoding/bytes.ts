/**
 * Bytes, hexadecimal and base64.
 *
 * Accepted: hexadecimal in either case, with or without `0x`; base64 (RFC 4648 section 4) with its padding, and base64url
 * (section 5) without; both canonical. No white space, no other alphabet.
 */

/** Bytes in memory of our own: what WebCrypto takes, and what `SharedArrayBuffer` is not. */
export type Bytes = Uint8Array<ArrayBuffer>

// The getter of %TypedArray%.prototype[@@toStringTag] reads an internal slot: it knows a Uint8Array of any realm, and cannot be fooled.
const typedArrayTag = /* @__PURE__ */ Object.getOwnPropertyDescriptor(
  /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined

/** Whether `value` is a `Uint8Array` (a Node `Buffer` is one too), of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayTag.call(value) === 'Uint8Array'
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
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
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
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** At most `limit` bytes as hexadecimal, then how many there are: for messages, where evidence decides the length. */
export function toShortHex(bytes: Uint8Array, limit = 48): string {
  if (bytes.length <= limit) return bytes.length === 0 ? '(empty)' : toHex(bytes)
  return `${toHex(bytes.subarray(0, limit))}… (${bytes.length} bytes)`
}

/** @throws TypeError when `text` is not hexadecimal; `name` says whose it is. */
export function fromHex(text: string, name = 'hex'): Bytes {
  const digits = /^0x/i.test(text) ? text.slice(2) : text
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new TypeError(`${name} must be an even number of hexadecimal digits`)
  }
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** @throws TypeError when `text` is neither canonical base64 nor canonical base64url; `name` says whose it is. */
export function fromBase64(text: string, name = 'base64'): Bytes {
  const standard = /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0
  const url = /^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1
  const padded = standard
    ? text
    : text
        .replaceAll('-', '+')
        .replaceAll('_', '/')
        .padEnd(text.length + ((4 - (text.length % 4)) % 4), '=')
  // atob drops the unused bits of the last digit; encoding again shows whether they were zero.
  if (!(standard || url) || btoa(atob(padded)) !== padded) {
    throw new TypeError(`${name} must be canonical base64 or base64url`)
  }
  return Uint8Array.from(atob(padded), (digit) => digit.charCodeAt(0))
}
