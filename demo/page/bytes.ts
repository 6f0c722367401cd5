/**
 * Bytes to text and back, as lenient about white space as a person who pastes is.
 */
export type Bytes = Uint8Array<ArrayBuffer>

export const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Hexadecimal, with or without `0x`, colons or white space; `undefined` when it is something else.
 */
export function fromHex(text: string): Bytes | undefined {
  const digits = text.replace(/[\s:]/g, '').replace(/^0x/i, '')
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) return undefined
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

/**
 * Base64 or base64url, with or without padding and white space; `undefined` when it is something
 * else.
 */
export function fromBase64(text: string): Bytes | undefined {
  const digits = text.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined
  return Uint8Array.from(atob(digits), (digit) => digit.charCodeAt(0))
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** For the fragment of an address. */
export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/**
 * Bytes that someone pasted: hexadecimal when it can be that, which base64 never is by accident,
 * else base64.
 */
export function fromPasted(text: string): Bytes | undefined {
  const trimmed = text.trim().replace(/^(["'])(.*)\1$/s, '$2')
  return trimmed === '' ? undefined : (fromHex(trimmed) ?? fromBase64(trimmed))
}

/** A certificate, PEM or DER in hexadecimal or base64; `undefined` when it is something else. */
export function fromCertificate(text: string): Bytes | undefined {
  const bytes = fromPasted(text.replace(/-----(?:BEGIN|END) CERTIFICATE-----/g, ''))
  return bytes?.[0] === 0x30 ? bytes : undefined
}

export const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)
