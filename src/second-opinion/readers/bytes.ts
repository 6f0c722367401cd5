/**
 * Bytes and their digits, for the second opinion alone: nothing here is shared with the readers
 * that it checks.
 */

/** Bytes in memory of their own. */
export type Octets = Uint8Array<ArrayBuffer>

/** Says what is wrong; the check that was under way adds its code. */
export function demand(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Error(problem)
}

export function isOctets(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
}

/** Lower-case digits. */
export function digitsOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Digits without `0x`, lower case, of a value that callers may write as digits or as bytes. */
export function digitsOfEither(value: unknown): string {
  if (isOctets(value)) return digitsOf(value)
  demand(typeof value === 'string', 'neither bytes nor hexadecimal digits')
  return value.replace(/^0x/i, '').toLowerCase()
}

export function octetsOf(digits: string): Octets {
  demand(/^(?:[0-9a-f]{2})*$/i.test(digits), 'no hexadecimal digits')
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

export const areZeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

export function joined(...parts: readonly Uint8Array[]): Octets {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Base64 with its padding, or base64url without: what encodes to the same text again. `atob` alone
 * takes white space, and bits that are left over.
 */
export function octetsOfBase64(text: string): Octets {
  const isUrl = /[-_]/.test(text) || text.length % 4 !== 0
  const standard = isUrl ? text.replace(/-/g, '+').replace(/_/g, '/') : text
  let binary: string
  try {
    binary = atob(standard)
  } catch {
    throw new Error('no base64')
  }
  const again = btoa(binary)
  const canonical = isUrl ? again.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') : again
  demand(canonical === text, 'base64 that is not canonical')
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/** Little-endian, from where the last one ended. */
export class Fields {
  readonly #bytes: Octets
  #at = 0

  constructor(bytes: Octets) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  get read(): number {
    return this.#at
  }

  /** A copy. */
  octets(length: number): Octets {
    demand(length <= this.left, `${length} bytes wanted at ${this.#at}, ${this.left} are left`)
    this.#at += length
    return this.#bytes.slice(this.#at - length, this.#at)
  }

  number(length: 1 | 2 | 4): number {
    return this.octets(length).reduceRight((value, byte) => value * 256 + byte, 0)
  }
}
