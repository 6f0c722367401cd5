/**
 * The record of a second opinion: the same kind of lines that the first one leaves, written by
 * other code. A check passes, or it throws; what a library throws becomes a refusal that says which
 * check it was.
 */
import type { Check, CheckStage } from '../core/check.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
import { elapsed } from './clock.ts'

/** What the readers of a format write to. */
export interface Notes {
  /** The checks so far, in order. */
  readonly made: readonly Check[]
  /** The bytes have the right shape. @throws VerificationError for whatever `read` throws */
  reads<T>(code: AttestationErrorCode, subject: string, read: () => T): T
  /** The evidence is authentic. @throws VerificationError with `code` unless `holds` */
  proves(code: AttestationErrorCode, subject: string, holds: boolean, otherwise?: string): void
  /**
   * A signature or a digest, which WebCrypto decides. @throws VerificationError with `code` unless
   * it resolves to `true`
   */
  awaits(code: AttestationErrorCode, subject: string, answer: Promise<boolean>): Promise<void>
  /** The evidence is what the caller expects. @throws AppraisalError with `code` unless `holds` */
  expects(code: AttestationErrorCode, subject: string, holds: boolean, otherwise?: string): void
}

/** What is asked, and since when. */
interface Asked {
  readonly stage: CheckStage
  readonly code: AttestationErrorCode
  readonly startedAt: number
}

/** Starts a record. */
export function takeNotes(): Notes {
  const made: Check[] = []

  function note({ stage, code: id, startedAt }: Asked, outcome: 'pass' | 'fail', summary: string): void {
    const durationMs = elapsed() - startedAt
    made.push(
      Object.freeze({ id, stage, outcome, summary, expected: undefined, actual: undefined, startedAt, durationMs }),
    )
  }

  function refuse(asked: Asked, problem: string, cause?: unknown): never {
    const { stage, code } = asked
    note(asked, 'fail', problem)
    const kind = stage === 'appraise' ? AppraisalError : VerificationError
    const error = cause === undefined ? new kind(code, problem) : new kind(code, problem, { cause })
    throw Object.assign(error, { checks: Object.freeze([...made]) })
  }

  /** What was thrown below: a refusal of this record's own goes on as it is. */
  function pass(error: unknown, asked: Asked, subject: string): never {
    if (error instanceof AttestationError && error.checks.length > 0) throw error
    const said = error instanceof Error ? error.message : String(error)
    return refuse(asked, `${subject}: ${said}`, error)
  }

  return {
    made,
    reads(code, subject, read) {
      const asked: Asked = { stage: 'decode', code, startedAt: elapsed() }
      try {
        const value = read()
        note(asked, 'pass', subject)
        return value
      } catch (error) {
        return pass(error, asked, subject)
      }
    },
    proves(code, subject, holds, otherwise = 'does not hold') {
      const asked: Asked = { stage: 'verify', code, startedAt: elapsed() }
      if (!holds) refuse(asked, `${subject}: ${otherwise}`)
      note(asked, 'pass', subject)
    },
    async awaits(code, subject, answer) {
      const asked: Asked = { stage: 'verify', code, startedAt: elapsed() }
      let isRight: unknown
      try {
        isRight = await answer
      } catch (error) {
        pass(error, asked, subject)
      }
      if (isRight !== true) refuse(asked, `${subject}: does not hold`)
      note(asked, 'pass', subject)
    },
    expects(code, subject, holds, otherwise = 'is not what is expected') {
      const asked: Asked = { stage: 'appraise', code, startedAt: elapsed() }
      if (!holds) refuse(asked, `${subject}: ${otherwise}`)
      note(asked, 'pass', subject)
    },
  }
}
