/**
 * Everything that bad input can make this library throw. A caller's own mistake is a `TypeError`
 * instead.
 */
import type { Check } from './check.ts'
import type { AttestationErrorCode } from './codes.ts'

/** What was wrong, where it is one value that differs from another. */
export interface Mismatch {
  /** The field or the rule, as a person would call it. */
  readonly subject: string
  readonly expected: string
  readonly found: string
}

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

  /** @param problem a sentence, or what the message says of two values that differ */
  constructor(code: AttestationErrorCode, problem: string | Mismatch, options?: ErrorOptions) {
    const { expected, found }: Partial<Mismatch> = typeof problem === 'string' ? {} : problem
    super(typeof problem === 'string' ? problem : `${problem.subject}: expected ${expected}, found ${found}`, options)
    this.code = code
    this.expected = expected
    this.actual = found
  }
}

/** The evidence is not authentic or not well formed. Stop: nothing in it can be believed. */
export class VerificationError extends AttestationError {
  override readonly name: 'VerificationError' = 'VerificationError' as const
}

/**
 * The evidence is authentic, but not what the caller expects: perhaps another build, or an old
 * document.
 */
export class AppraisalError extends AttestationError {
  override readonly name: 'AppraisalError' = 'AppraisalError' as const
  /**
   * Every appraisal that failed, in the order they were made; `code` and `message` are those of the
   * first.
   */
  readonly failures: readonly Check[] = []
}
