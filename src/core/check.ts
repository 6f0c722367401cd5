/**
 * One line of the record that a verification leaves: what was checked, and how that came out.
 */
import type { AttestationErrorCode } from './codes.ts'

/**
 * - `decode`: the bytes have the right shape; nothing is trusted yet.
 * - `verify`: the evidence is authentic.
 * - `appraise`: the authentic evidence is what the caller expects.
 */
export type CheckStage = 'decode' | 'verify' | 'appraise'

/**
 * `not-requested`: the caller gave no expectation. `skipped`: the caller named the skip with one of
 * the exported symbols.
 */
export type CheckOutcome = 'pass' | 'fail' | 'not-requested' | 'skipped'

/** One check, as it was made. */
export interface Check {
  /** The reason code that a failure of this check carries. */
  readonly id: AttestationErrorCode
  readonly stage: CheckStage
  readonly outcome: CheckOutcome
  /** What was checked, or for a failure what is wrong, in a sentence for people. */
  readonly summary: string
  readonly expected: string | undefined
  readonly actual: string | undefined
  /**
   * Milliseconds on the clock of `performance.now()`; add `performance.timeOrigin` for Unix time.
   */
  readonly startedAt: number
  readonly durationMs: number
}
