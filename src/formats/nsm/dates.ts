/**
 * The dates of a document: of its certificates, and its own.
 */
import { answersNonce, type Clock, type FreshnessClaims } from '../../appraisal/freshness.ts'
import { VerificationError } from '../../errors.ts'
import type { CheckRecorder } from '../../trace.ts'
import { type CertificationPath, findInvalid, iso } from '../../x509/path.ts'
import { atEvidenceTime, type CommonPolicy } from '../options.ts'

/** What the dates came to, and when. */
export interface Dates {
  /** The verifier's clock; `undefined` in archive mode. */
  readonly clock: Clock | undefined
  /**
   * Set when evidence that answers our nonce has dates that do not fit. It is the reason to refuse, once the signatures have shown that the
   * nonce is really in there: until then it would be a forger who tells us that our clock is wrong.
   */
  readonly doubt: VerificationError | undefined
}

/**
 * Every certificate is valid now, and was when the document was made. AWS dates both, so they fit in all genuine documents.
 * @throws VerificationError `cert-validity`
 */
export function checkDates(
  path: CertificationPath,
  claims: FreshnessClaims,
  { now, skewMs, freshness }: CommonPolicy,
  checks: CheckRecorder,
): Dates {
  const attestedAt = claims.timestamp.getTime()
  if (now === atEvidenceTime) {
    refuse(findInvalid(path, [attestedAt], 0), checks)
    return { clock: undefined, doubt: undefined }
  }
  const invalid = findInvalid(path, [now, attestedAt], skewMs)
  const clock = { now, skewMs }
  if (answersNonce(claims, freshness) && (invalid !== undefined || attestedAt > now + skewMs)) {
    const problem = `answers our nonce, but clocks are ${(attestedAt - now) / 1000} s apart`
    const doubt = new VerificationError('clock-suspect', problem, iso(now), iso(attestedAt), { cause: invalid })
    return { clock, doubt }
  }
  refuse(invalid, checks)
  return { clock, doubt: undefined }
}

/** Says what {@link checkDates} could not say before the signatures held. @throws VerificationError `clock-suspect` */
export function refuseDoubt({ doubt }: Dates, checks: CheckRecorder): void {
  if (doubt !== undefined) refuse(doubt, checks)
}

function refuse(error: VerificationError | undefined, checks: CheckRecorder): void {
  checks.run('verify', 'cert-validity', 'certificate dates', () => {
    if (error !== undefined) throw error
  })
}
