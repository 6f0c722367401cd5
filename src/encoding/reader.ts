/**
 * A bounds-checked cursor over bytes. Every read names its field, so that an error says where the input broke.
 */
import { type AttestationErrorCode, VerificationError } from '../errors.ts'
import type { Bytes } from './bytes.ts'

/** Whose bytes these are, for messages, and the code that a malformed one is refused with. */
export interface Source {
  readonly name: string
  readonly code: AttestationErrorCode
}

/** Reads front to back; integers are big-endian. Every method throws a `VerificationError` rather than read past the end. */
export interface Reader {
  /** Offset of the next byte. */
  offset(): number
  /** Bytes not read yet. */
  remaining(): number
  /** The next byte, left in place; `undefined` at the end. */
  peek(): number | undefined
  u8(field: string): number
  /** An unsigned integer of `size` bytes, at most 6: always exact. */
  uint(size: number, field: string): number
  /** A view of the next `length` bytes; `length` may be a claim of the input. */
  bytes(length: number | bigint, field: string): Bytes
  /** A view of what was read since `start`. */
  since(start: number): Bytes
  /** Refuses anything left over. */
  end(): void
}

/** The error of a malformed `source`, at `offset` where that helps. */
export function malformed({ name, code }: Source, problem: string, offset?: number): VerificationError {
  return new VerificationError(code, `${name}: ${problem}${offset === undefined ? '' : ` at byte ${offset}`}`)
}

export function reader(bytes: Bytes, source: Source): Reader {
  let offset = 0

  function take(length: number | bigint, field: string): Bytes {
    const left = bytes.length - offset
    if (length > left) {
      throw malformed(source, `${field} needs ${length} bytes, ${left} left`, offset)
    }
    const taken = bytes.subarray(offset, offset + Number(length))
    offset += Number(length)
    return taken
  }

  function uint(size: number, field: string): number {
    let value = 0
    for (const byte of take(size, field)) value = value * 256 + byte
    return value
  }

  return {
    offset: () => offset,
    remaining: () => bytes.length - offset,
    peek: () => bytes[offset],
    u8: (field) => uint(1, field),
    uint,
    bytes: take,
    since: (start) => bytes.subarray(start, offset),
    end: () => {
      if (offset < bytes.length) throw malformed(source, `${bytes.length - offset} bytes left over`, offset)
    },
  }
}
