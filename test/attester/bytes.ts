/**
 * Bytes for the fake vendor: its own, so that it shares no mistake with what it tests.
 */
import type { Bytes } from './der.ts'

export function concat(...parts: readonly ArrayLike<number>[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16))
}

/**
 * A copy with one byte replaced by what `change` makes of it; negative positions count from the
 * end.
 */
export function withByte(bytes: Uint8Array, position: number, change: (byte: number) => number): Bytes {
  const copy = new Uint8Array(bytes)
  const at = position < 0 ? copy.length + position : position
  copy[at] = change(copy[at] ?? 0)
  return copy
}

/** `length` bytes that differ from position to position, told apart by `seed`. */
export function pattern(length: number, seed = 0): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i + seed) & 0xff)
}
