/**
 * The record of what was checked. Verifiers write one {@link Check} per rule, in the order the rules were applied, so that
 * a verdict can be explained line by line and a slow or failing step can be seen from outside.
 */
import { AppraisalError, AttestationError, type AttestationErrorCode } from './errors.ts'

/**
 * - `decode`: the bytes have the right shape; nothing is trusted yet.
 * - `verify`: the evidence is authentic.
 * - `appraise`: the authentic evidence is what the caller expects.
 */
export type CheckStage = 'decode' | 'verify' | 'appraise'

/** `not-requested`: the caller gave no expectation. `skipped`: the caller named the skip with one of the exported symbols. */
export type CheckOutcome = 'pass' | 'fail' | 'not-requested' | 'skipped'

/** One check, as it was made. */
export interface Check {
  /** The reason code that a failure of this check carries. */
  readonly id: AttestationErrorCode
  readonly stage: CheckStage
  readonly outcome: CheckOutcome
  /** One sentence for people. */
  readonly summary: string
  readonly expected?: string
  readonly actual?: string
  /** Milliseconds on the clock of `performance.now()`; add `performance.timeOrigin` for Unix time. */
  readonly startedAt: number
  readonly durationMs: number
}

/** What a passed check says of itself. */
export interface CheckReport {
  readonly summary: string
  readonly expected?: string
  readonly actual?: string
}

/** The record of one verification. Each method writes checks; none of them decides anything. */
export interface CheckRecorder {
  /** The checks made so far, in order. */
  readonly made: readonly Check[]
  /** Runs one check. `body` returns what it proved or throws; the failure is recorded and thrown on with the record so far. */
  run<T>(
    stage: CheckStage,
    id: AttestationErrorCode,
    report: string | CheckReport | ((proved: T) => string | CheckReport),
    body: () => T,
    startedAt?: number,
  ): T
  /** Notes a check that was not made, and who decided so. */
  omit(stage: CheckStage, id: AttestationErrorCode, outcome: 'not-requested' | 'skipped', summary: string): void
  /** Runs every appraisal, then throws one {@link AppraisalError} for all that failed. */
  appraise(appraisals: readonly (() => void)[]): void
}

/** Milliseconds from a clock that does not jump. */
export const stopwatch = (): number => performance.now()

/** Starts the record of one verification; `trace` is called with each check as soon as it was made. */
export function recordChecks(trace?: (check: Check) => void): CheckRecorder {
  const checks: Check[] = []

  function record(
    stage: CheckStage,
    id: AttestationErrorCode,
    outcome: CheckOutcome,
    report: CheckReport,
    startedAt: number,
  ): void {
    const { summary, expected, actual } = report
    const check: Check = Object.freeze({
      id,
      stage,
      outcome,
      summary,
      ...(expected !== undefined && { expected }),
      ...(actual !== undefined && { actual }),
      startedAt,
      durationMs: stopwatch() - startedAt,
    })
    checks.push(check)
    trace?.(check)
  }

  function run<T>(
    stage: CheckStage,
    id: AttestationErrorCode,
    report: string | CheckReport | ((proved: T) => string | CheckReport),
    body: () => T,
    startedAt: number = stopwatch(),
  ): T {
    let proved: T
    try {
      proved = body()
    } catch (error) {
      if (error instanceof AttestationError) {
        const { code, message, expected, actual } = error
        record(stage, code, 'fail', { summary: message, expected, actual } as CheckReport, startedAt)
        error.checks = Object.freeze([...checks])
      }
      throw error
    }
    const said = typeof report === 'function' ? report(proved) : report
    record(stage, id, 'pass', typeof said === 'string' ? { summary: said } : said, startedAt)
    return proved
  }

  function appraise(appraisals: readonly (() => void)[]): void {
    const failed: AppraisalError[] = []
    for (const appraisal of appraisals) {
      try {
        appraisal()
      } catch (error) {
        if (!(error instanceof AppraisalError)) throw error
        failed.push(error)
      }
    }
    const [first] = failed
    if (first === undefined) return
    first.checks = Object.freeze([...checks])
    first.failures = Object.freeze(checks.filter(({ outcome }) => outcome === 'fail'))
    throw first
  }

  return {
    made: checks,
    run,
    appraise,
    omit: (stage, id, outcome, summary) => {
      record(stage, id, outcome, { summary }, stopwatch())
    },
  }
}
