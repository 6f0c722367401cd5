/**
 * From what went wrong while a request was read to the answer that its sender gets.
 */
import { AttestationError } from '../core/errors.ts'
import type { RefusalReason } from './answers.ts'

/** Why a request that could not be read is refused. */
export function reasonOf(error: unknown): RefusalReason {
  if (!(error instanceof AttestationError)) return 'malformed'
  switch (error.code) {
    case 'ohttp-key-unknown':
      return 'key-unknown'
    case 'ohttp-size':
    case 'gateway-size':
      return 'too-large'
    case 'bhttp-size':
      return 'head-too-large'
    case 'gateway-slow':
      return 'slow'
    default:
      return 'malformed'
  }
}

/** The same for a request of which nothing could be opened yet. */
export function reasonBeforeOpen(error: unknown): RefusalReason {
  // Numbers of keys are one byte: a gateway that was started again, or another one, may have given
  // this one to another key.
  const isOtherKey = error instanceof AttestationError && error.code === 'ohttp-open'
  return isOtherKey ? 'key-unknown' : reasonOf(error)
}

/**
 * Whether the seal held, and what was inside is wrong: this is said inside a seal (RFC 9458 section
 * 5.2).
 */
export function isInside(error: unknown): boolean {
  return error instanceof AttestationError && error.code.startsWith('bhttp-')
}
