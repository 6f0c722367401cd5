/**
 * The record of what was checked. Verifiers write one {@link Check} per rule, in the order the
 * rules were applied, so that a verdict can be explained line by line and a slow or failing step
 * can be seen from outside.
 */
import type { Check, CheckStage } from './check.ts'
import type { AttestationErrorCode } from './codes.ts'
import { AppraisalError, AttestationError, VerificationError } from './errors.ts'

/** What a check compared. */
export interface Comparison {
  readonly holds: boolean
  readonly expected: string
  readonly found: string
}

/** What a check asked, where the answer is yes or no: no value was expected, and none was found. */
export interface Statement {
  readonly holds: boolean
  /** What is wrong when it does not hold: a sentence for people, behind the subject. */
  readonly otherwise: string
}

/** What a check is decided by. */
export type Facts = (Comparison | Statement) & {
  /**
   * When the work began, on the clock of `performance.now()`; left out where there was hardly any.
   */
  readonly startedAt?: number
}

/**
 * The record of one verification. A check reads as a sentence: this verb, that code, the subject,
 * and the facts that decide. Where a reader decides, it returns what it proved, or throws.
 */
export interface CheckRecorder {
  /** The checks made so far, in order. */
  readonly made: readonly Check[]
  /** The bytes have the right shape. @throws what `read` throws, with the record so far */
  decodes<T>(code: AttestationErrorCode, subject: string, read: () => T): T
  /** @throws VerificationError with `code` where it does not hold */
  decodes(code: AttestationErrorCode, subject: string, facts: Facts): void
  /** The evidence is authentic. @throws what `prove` throws, with the record so far */
  verifies<T>(code: AttestationErrorCode, subject: string, prove: () => T): T
  /** @throws VerificationError with `code` where it does not hold */
  verifies(code: AttestationErrorCode, subject: string, facts: Facts): void
  /**
   * The evidence is what the caller expects. A failure is kept for {@link CheckRecorder.conclude},
   * so that all of them are reported.
   */
  appraises(code: AttestationErrorCode, subject: string, facts: Facts): void
  /** Notes an appraisal that was not made, and who decided so. */
  omit(id: AttestationErrorCode, outcome: 'not-requested' | 'skipped', summary: string): void
  /** @throws AppraisalError for every appraisal that failed, if any did */
  conclude(): void
}

/** What checks that only pass or throw need of a record. */
export type CheckRunner = Pick<CheckRecorder, 'decodes' | 'verifies'>

/** Milliseconds from a clock that does not jump. */
export const stopwatch = (): number => performance.now()

/**
 * Starts the record of one verification; `trace` is called with each check as soon as it was made.
 */
export function recordChecks(trace?: (check: Check) => void): CheckRecorder {
  const made: Check[] = []
  const failed: AppraisalError[] = []

  function record(
    { id, stage, outcome, summary, expected, actual }: Omit<Check, 'durationMs' | 'startedAt'>,
    begunAt?: number,
  ): void {
    // Asked for once: it costs more than what many a check does.
    const endedAt = stopwatch()
    const startedAt = begunAt ?? endedAt
    const durationMs = endedAt - startedAt
    // Written out: V8 freezes what it spread ten times as slowly.
    const timed = Object.freeze({ id, stage, outcome, summary, expected, actual, startedAt, durationMs })
    made.push(timed)
    trace?.(timed)
  }

  function passes(stage: CheckStage, id: AttestationErrorCode, summary: string, facts: Partial<Facts>): void {
    const { expected, found }: Partial<Comparison> = 'expected' in facts ? facts : {}
    record({ id, stage, outcome: 'pass', summary, expected, actual: found }, facts.startedAt)
  }

  function fails(stage: CheckStage, error: AttestationError, startedAt?: number): void {
    const { code, message, expected, actual } = error
    record({ id: code, stage, outcome: 'fail', summary: message, expected, actual }, startedAt)
    Object.assign(error, { checks: Object.freeze([...made]) })
  }

  function judge(stage: CheckStage, code: AttestationErrorCode, subject: string, facts: Facts): void {
    if (facts.holds) {
      passes(stage, code, subject, facts)
      return
    }
    const problem = 'otherwise' in facts ? `${subject}: ${facts.otherwise}` : { subject, ...facts }
    const error = new (stage === 'appraise' ? AppraisalError : VerificationError)(code, problem)
    fails(stage, error, facts.startedAt)
    if (error instanceof VerificationError) throw error
    failed.push(error)
  }

  const verb =
    (stage: 'decode' | 'verify') =>
    <T>(code: AttestationErrorCode, subject: string, decider: Facts | (() => T)): T | undefined => {
      if (typeof decider !== 'function') {
        judge(stage, code, subject, decider)
        return
      }
      const startedAt = stopwatch()
      try {
        const proved = decider()
        passes(stage, code, subject, { startedAt })
        return proved
      } catch (error) {
        if (error instanceof AttestationError) fails(stage, error, startedAt)
        throw error
      }
    }

  return {
    made,
    decodes: verb('decode'),
    verifies: verb('verify'),
    appraises: (code, subject, facts) => {
      judge('appraise', code, subject, facts)
    },
    omit(id, outcome, summary) {
      record({ id, stage: 'appraise', outcome, summary, expected: undefined, actual: undefined })
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
