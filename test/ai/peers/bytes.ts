/**
 * What the peers of channels are written with: nothing of the library, so that both ends are two
 * readings of one specification. For any runtime.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'

export type Bytes = Uint8Array<ArrayBuffer>

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
export const text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes)
export const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size))

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
export const unhex = (digits: string): Bytes =>
  Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
export const base64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
export const unbase64 = (digits: string): Bytes => Uint8Array.from(atob(digits), (char) => char.charCodeAt(0))

export function join(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** 32 bytes. */
export const derive = (secret: Uint8Array, salt: Uint8Array | undefined, info: string): Bytes =>
  new Uint8Array(hkdf(sha256, secret, salt, utf8(info), 32))
