/**
 * Base64 with the alphabet for addresses and without padding (RFC 4648 section 5).
 */
import { type Bytes, fromBase64 } from './bytes.ts'

export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** With the alphabet of section 4, and padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  // In pieces, because arguments are on the stack.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** `undefined` for what is not canonical base64url without padding. */
export function fromBase64Url(text: unknown): Bytes | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  try {
    return fromBase64(text)
  } catch {
    return undefined
  }
}
