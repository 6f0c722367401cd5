/**
 * Is the evidence from now? A nonce of the caller proves it without trusting any clock; a maximum age is for evidence that was fetched without one.
 */
import { type Bytes, equalBytes, toShortHex } from '../encoding/bytes.ts'
import { AppraisalError } from '../errors.ts'
import type { CheckRecorder } from '../trace.ts'

/** Pass it as `freshness` to accept evidence of any age, a replayed one too, within the dates of its certificates. */
export const skipFreshness: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipFreshness')

/** What the caller expects of freshness, checked and copied. */
export type FreshnessPolicy = { readonly nonce: Bytes } | { readonly maxAgeSeconds: number } | typeof skipFreshness

/** When the evidence was made and what it answers. */
export interface FreshnessClaims {
  readonly nonce: Bytes | undefined
  /** Unix milliseconds. */
  readonly attestedAt: number
}

/** The verifier's clock, Unix milliseconds, and how far a clock may be off; `undefined` in archive mode, where there is none. */
export interface Clock {
  readonly now: number
  readonly skewMs: number
}

/** Whether the evidence carries exactly the nonce that this caller chose. */
export function answersNonce({ nonce }: FreshnessClaims, freshness: FreshnessPolicy): boolean {
  return (
    freshness !== skipFreshness && 'nonce' in freshness && nonce !== undefined && equalBytes(nonce, freshness.nonce)
  )
}

/** @throws AppraisalError `policy-nonce` */
export function appraiseNonce(claims: FreshnessClaims, freshness: FreshnessPolicy, checks: CheckRecorder): void {
  if (freshness === skipFreshness || !('nonce' in freshness)) {
    checks.omit('appraise', 'policy-nonce', 'not-requested', 'no nonce was expected')
    return
  }
  const expected = toShortHex(freshness.nonce)
  checks.run(
    'appraise',
    'policy-nonce',
    { summary: 'the evidence answers our nonce', expected, actual: expected },
    () => {
      if (answersNonce(claims, freshness)) return
      const actual = claims.nonce === undefined ? '(none)' : toShortHex(claims.nonce)
      throw new AppraisalError(
        'policy-nonce',
        'the evidence does not answer our nonce: it was made for somebody else, or before',
        {
          expected,
          actual,
        },
      )
    },
  )
}

/** Not older than asked for, and never from the future beyond the skew. @throws AppraisalError `policy-freshness` */
export function appraiseAge(
  { attestedAt }: FreshnessClaims,
  freshness: FreshnessPolicy,
  clock: Clock | undefined,
  checks: CheckRecorder,
): void {
  if (clock === undefined) {
    checks.omit(
      'appraise',
      'policy-freshness',
      'skipped',
      'age was not checked: the caller passed atEvidenceTime, so this proves the past only',
    )
    return
  }
  const age = (clock.now - attestedAt) / 1000
  const limit = freshness !== skipFreshness && 'maxAgeSeconds' in freshness ? freshness.maxAgeSeconds : Infinity
  const skew = clock.skewMs / 1000
  const expected = `${seconds(-skew)} to ${seconds(limit)} old`
  if (freshness === skipFreshness && age >= -skew) {
    checks.omit(
      'appraise',
      'policy-freshness',
      'skipped',
      `made ${seconds(age)} ago; whether that is too old was not checked: the caller passed skipFreshness`,
    )
    return
  }
  const summary = `made ${seconds(age)} ago by its own account`
  checks.run('appraise', 'policy-freshness', { summary, expected, actual: seconds(age) }, () => {
    if (age < -skew) {
      throw new AppraisalError(
        'policy-freshness',
        `the evidence is dated ${seconds(-age)} ahead of our clock, at most ${seconds(skew)} is tolerated`,
        {
          expected,
          actual: seconds(age),
        },
      )
    }
    if (age > limit) {
      throw new AppraisalError(
        'policy-freshness',
        `the evidence is ${seconds(age)} old, at most ${seconds(limit)} was asked for`,
        {
          expected,
          actual: seconds(age),
        },
      )
    }
  })
}

function seconds(value: number): string {
  return Number.isFinite(value) ? `${Math.round(value * 1000) / 1000} s` : 'any age'
}
