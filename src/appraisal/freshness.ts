/**
 * Is the evidence from now? A nonce of the caller proves it without trusting any clock. A maximum
 * age is for evidence that was fetched without one, or comes on top.
 */
import { type Bytes, equalBytes } from '../encoding/bytes.ts'
import type { CheckRecorder } from '../core/record.ts'
import type { Clock } from '../core/time.ts'
import { appraiseBinding } from './binding.ts'

/**
 * Pass it as `freshness` to accept evidence of any age, a replayed one too, within the dates of its
 * certificates.
 */
export const skipFreshness: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipFreshness')

/**
 * What the caller expects of freshness, checked and copied: a nonce, an age, both, or neither when
 * the caller skips it.
 */
export interface FreshnessPolicy {
  readonly nonce: Bytes | undefined
  readonly maxAgeSeconds: number | undefined
}

/** When the evidence was made and what it answers. */
export interface FreshnessClaims {
  readonly nonce: Bytes | undefined
  readonly timestamp: Date
}

/** Whether the evidence carries exactly the nonce that this caller chose. */
export function answersNonce(found: Pick<FreshnessClaims, 'nonce'>, expected: Pick<FreshnessPolicy, 'nonce'>): boolean {
  return found.nonce !== undefined && expected.nonce !== undefined && equalBytes(found.nonce, expected.nonce)
}

/**
 * The nonce, and the age: not older than asked for, and never from the future beyond the skew.
 * Fails with `policy-nonce`, `policy-freshness` or both.
 * @param clock `undefined` in archive mode
 */
export function appraiseFreshness(
  claims: FreshnessClaims,
  { nonce, maxAgeSeconds = Infinity }: FreshnessPolicy,
  clock: Clock | undefined,
  checks: CheckRecorder,
): void {
  appraiseBinding('policy-nonce', 'nonce', { found: claims.nonce, expected: nonce }, checks)
  const code = 'policy-freshness'
  if (clock === undefined) {
    checks.omit(code, 'skipped', 'archive: this proves the past only')
    return
  }
  const age = (clock.now - claims.timestamp.getTime()) / 1000
  const youngest = -clock.skewMs / 1000
  if (nonce === undefined && maxAgeSeconds === Infinity && age >= youngest) {
    checks.omit(code, 'skipped', `freshness skipped, age ${age} s`)
    return
  }
  checks.appraises(code, 'age in seconds', {
    holds: age >= youngest && age <= maxAgeSeconds,
    expected: `${youngest} to ${maxAgeSeconds}`,
    found: `${age}`,
  })
}

/** What answers the caller's nonce. */
export interface NonceFacts {
  /** For messages, where the vendor has another word. */
  readonly subject?: string
  readonly found: Bytes | undefined
  /** `undefined` when the caller skips freshness. */
  readonly expected: Bytes | undefined
  /** What a check that was skipped says. */
  readonly skipped?: string
}

/** The nonce alone, for evidence that has no date. Fails with `policy-nonce`. */
export function appraiseNonce(
  { subject = 'nonce', found, expected, skipped = 'freshness skipped' }: NonceFacts,
  checks: CheckRecorder,
): void {
  if (expected === undefined) checks.omit('policy-nonce', 'skipped', skipped)
  else appraiseBinding('policy-nonce', subject, { found, expected }, checks)
}
