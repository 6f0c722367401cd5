/**
 * What a verifier refuses unless the caller allows it by a symbol: debug mode, migration, SMT.
 */
import type { AttestationErrorCode } from '../core/codes.ts'
import type { CheckRecorder } from '../core/record.ts'

/** What evidence says of something that callers have to allow. */
export interface Allowance {
  /** For messages. */
  readonly subject: string
  /** Whether the caller passed the symbol. */
  readonly isAllowed: boolean
  /** Whether the evidence has it. */
  readonly isOn: boolean
  /** More than "on", where the evidence says more. */
  readonly found?: string | undefined
}

/** Fails with `code` where it is on and not allowed. */
export function appraiseAllowance(
  code: AttestationErrorCode,
  { subject, isAllowed, isOn, found = 'on' }: Allowance,
  checks: CheckRecorder,
): void {
  checks.appraises(code, subject, {
    holds: isAllowed || !isOn,
    expected: isAllowed ? 'allowed' : 'off',
    found: isOn ? found : 'off',
  })
}
