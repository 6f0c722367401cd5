/**
 * The dates of a document: of its certificates, and its own.
 */
import { answersNonce, type FreshnessClaims } from '../../appraisal/freshness.ts'
import { VerificationError } from '../../core/errors.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { iso } from '../../core/time.ts'
import { type CertificationPath, findInvalid } from '../../x509/path.ts'
import type { CommonPolicy } from '../options.ts'

/**
 * Every certificate is valid now, and was when the document was made. AWS dates both, so they fit
 * in all genuine documents.
 * @returns a doubt, when evidence that answers our nonce has dates that do not fit: the reason to
 *   refuse, once the signatures have shown that the nonce is really in there. Until then it would
 *   be a forger who tells us that our clock is wrong.
 * @throws VerificationError `cert-validity`
 */
export function checkDates(
  path: CertificationPath,
  claims: FreshnessClaims,
  { clock, freshness }: CommonPolicy,
  checks: CheckRecorder,
): VerificationError | undefined {
  const attestedAt = claims.timestamp.getTime()
  const invalid = clock ? findInvalid(path, [clock.now, attestedAt], clock.skewMs) : findInvalid(path, [attestedAt], 0)
  if (clock && answersNonce(claims, freshness) && (invalid !== undefined || attestedAt > clock.now + clock.skewMs)) {
    const problem = `answers our nonce, but clocks are ${(attestedAt - clock.now) / 1000} s apart`
    return new VerificationError(
      'clock-suspect',
      { subject: problem, expected: iso(clock.now), found: iso(attestedAt) },
      { cause: invalid },
    )
  }
  refuse(invalid, checks)
  return undefined
}

/**
 * Says what {@link checkDates} could not say before the signatures held. @throws VerificationError
 * `clock-suspect`
 */
export function refuseDoubt(doubt: VerificationError | undefined, checks: CheckRecorder): void {
  if (doubt !== undefined) refuse(doubt, checks)
}

function refuse(error: VerificationError | undefined, checks: CheckRecorder): void {
  checks.verifies('cert-validity', 'certificate dates', () => {
    if (error !== undefined) throw error
  })
}
