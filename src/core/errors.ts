/**
 * Everything that bad input can make this library throw. A caller's own mistake is a `TypeError` instead.
 */
import type { Check } from './check.ts'
import type { AttestationErrorCode } from './codes.ts'

/** The base of both kinds of refusal. Catch this one, then look at `code`. */
export abstract class AttestationError extends Error {
  /** Why, in a word that will not change. */
  declare readonly code: AttestationErrorCode
  /** What was wanted, where one text says it. */
  declare readonly expected: string | undefined
  /** What was found, where one text says it. */
  declare readonly actual: string | undefined
  /** Every check that was made until then, in order, the failed ones included. */
  readonly checks: readonly Check[] = []

  /** The message is `subject`, followed by what was expected and found where both are given. */
  constructor(code: AttestationErrorCode, subject: string, expected?: string, actual?: string, options?: ErrorOptions) {
    super(actual === undefined ? subject : `${subject}: expected ${expected}, found ${actual}`, options)
    this.code = code
    this.expected = expected
    this.actual = actual
  }
}

/** The evidence is not authentic or not well formed. Stop: nothing in it can be believed. */
export class VerificationError extends AttestationError {
  override readonly name: 'VerificationError' = 'VerificationError' as const
}

/** The evidence is authentic, but not what the caller expects: perhaps another build, or an old document. */
export class AppraisalError extends AttestationError {
  override readonly name: 'AppraisalError' = 'AppraisalError' as const
  /** Every appraisal that failed, in the order they were made; `code` and `message` are those of the first. */
  readonly failures: readonly Check[] = []
}
