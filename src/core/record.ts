/**
 * The record of what was checked. Verifiers write one {@link Check} per rule, in the order the rules were applied, so that
 * a verdict can be explained line by line and a slow or failing step can be seen from outside.
 */
import type { Check, CheckOutcome, CheckStage } from './check.ts'
import type { AttestationErrorCode } from './codes.ts'
import { AppraisalError, AttestationError, VerificationError } from './errors.ts'

/** The record of one verification. */
export interface CheckRecorder {
  /** The checks made so far, in order. */
  readonly made: readonly Check[]
  /** Runs a check that returns what it proved, or throws. @throws what `body` throws, with the record so far */
  run<T>(stage: 'decode' | 'verify', id: AttestationErrorCode, summary: string, body: () => T): T
  /**
   * Makes a check that `holds` or not. In the appraise stage a failure is kept for {@link CheckRecorder.conclude}, so that all of them are reported.
   * @throws VerificationError with the code `id` in the other stages
   */
  judge(
    stage: CheckStage,
    id: AttestationErrorCode,
    subject: string,
    holds: boolean,
    expected: string,
    actual: string,
    startedAt?: number,
  ): void
  /** Notes an appraisal that was not made, and who decided so. */
  omit(id: AttestationErrorCode, outcome: 'not-requested' | 'skipped', summary: string): void
  /** @throws AppraisalError for every appraisal that failed, if any did */
  conclude(): void
}

/** What checks that only pass or throw need of a record. */
export type CheckRunner = Pick<CheckRecorder, 'run' | 'judge'>

/** Milliseconds from a clock that does not jump. */
export const stopwatch = (): number => performance.now()

/** Starts the record of one verification; `trace` is called with each check as soon as it was made. */
export function recordChecks(trace?: (check: Check) => void): CheckRecorder {
  const made: Check[] = []
  const failed: AppraisalError[] = []

  function record(
    stage: CheckStage,
    id: AttestationErrorCode,
    outcome: CheckOutcome,
    begunAt: number | undefined,
    summary: string,
    expected?: string,
    actual?: string,
  ): void {
    // Asked for once: it costs more than what many a check does.
    const endedAt = stopwatch()
    const startedAt = begunAt ?? endedAt
    const check = Object.freeze({
      id,
      stage,
      outcome,
      summary,
      expected,
      actual,
      startedAt,
      durationMs: endedAt - startedAt,
    })
    made.push(check)
    trace?.(check)
  }

  function fail(stage: CheckStage, error: AttestationError, startedAt: number | undefined): void {
    record(stage, error.code, 'fail', startedAt, error.message, error.expected, error.actual)
    Object.assign(error, { checks: Object.freeze([...made]) })
  }

  return {
    made,
    run(stage, id, summary, body) {
      const startedAt = stopwatch()
      try {
        const proved = body()
        record(stage, id, 'pass', startedAt, summary)
        return proved
      } catch (error) {
        if (error instanceof AttestationError) fail(stage, error, startedAt)
        throw error
      }
    },
    judge(stage, id, subject, holds, expected, actual, startedAt) {
      if (holds) {
        record(stage, id, 'pass', startedAt, subject, expected, actual)
        return
      }
      const error = new (stage === 'appraise' ? AppraisalError : VerificationError)(id, subject, expected, actual)
      fail(stage, error, startedAt)
      if (error instanceof VerificationError) throw error
      failed.push(error)
    },
    omit(id, outcome, summary) {
      record('appraise', id, outcome, undefined, summary)
    },
    conclude() {
      const [first] = failed
      if (first === undefined) return
      throw Object.assign(first, {
        checks: Object.freeze([...made]),
        failures: Object.freeze(made.filter(({ outcome }) => outcome === 'fail')),
      })
    },
  }
}
