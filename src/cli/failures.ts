/**
 * What can go wrong, and the exit code of each class: 0 ok, 1 usage, 2 not authentic, 3 authentic
 * but not as expected.
 */
import { AppraisalError, AttestationError } from '../core/errors.ts'

/** The user of the command asked for something that cannot be done. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A failure that a command can end in. */
export type Failure = UsageError | AttestationError

export function isFailure(error: unknown): error is Failure {
  return error instanceof UsageError || error instanceof AttestationError
}

/**
 * The library and the runtime say with a TypeError that their caller is wrong: here that is the
 * user of the command.
 */
export function failureOf(error: unknown): Failure {
  if (isFailure(error)) return error
  if (error instanceof TypeError) return new UsageError(error.message, { cause: error })
  throw error
}

export function exitCodeOf(failure: Failure): number {
  if (failure instanceof UsageError) return 1
  return failure instanceof AppraisalError ? 3 : 2
}
