/**
 * A bounds-checked cursor over bytes. Every read names its field, so that an error says where the
 * input broke.
 */
import { VerificationError } from '../core/errors.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import type { Bytes } from './bytes.ts'

/** Whose bytes these are, for messages, and the code that a malformed one is refused with. */
export interface Source {
  readonly name: string
  readonly code: AttestationErrorCode
}

/** The position of reading: the functions that read move it. */
export interface Cursor {
  readonly bytes: Bytes
  readonly source: Source
  at: number
}

/** A cursor at the first byte. */
export function cursor(bytes: Bytes, source: Source): Cursor {
  return { bytes, source, at: 0 }
}

/** The error of a malformed source. */
export function malformed({ name, code }: Source, problem: string): VerificationError {
  return new VerificationError(code, `${name}: ${problem}`)
}

/** How many bytes are left. */
export function remaining({ bytes, at }: Cursor): number {
  return bytes.length - at
}

/** A view of the next `length` bytes; `length` may be a claim of the input. */
export function take(input: Cursor, length: number, field: string): Bytes {
  return input.bytes.subarray(input.at, skip(input, length, field))
}

/** An unsigned big-endian integer; above 2^53 it is not exact any more, but still above 2^53. */
export function uint(input: Cursor, size: number, field: string): number {
  let { at } = input
  let value = 0
  for (const end = skip(input, size, field); at < end; at++) value = value * 256 + (input.bytes[at] as number)
  return value
}

/** An unsigned little-endian integer of at most 6 bytes. */
export function uintLe(input: Cursor, size: number, field: string): number {
  return take(input, size, field).reduceRight((value, byte) => value * 256 + byte, 0)
}

/** Moves on, and says where to. */
export function skip(input: Cursor, length: number, field: string): number {
  if (length > remaining(input)) {
    throw malformed(input.source, `${field} at ${input.at} needs ${length} bytes, found ${remaining(input)}`)
  }
  return (input.at += length)
}

/** Refuses anything left over. */
export function end(input: Cursor): void {
  if (remaining(input) > 0) throw malformed(input.source, `${remaining(input)} bytes left over at ${input.at}`)
}
