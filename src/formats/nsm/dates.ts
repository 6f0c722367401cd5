/**
 * The dates of a document: of its certificates, and its own.
 */
import { answersNonce, type Clock, type FreshnessClaims } from '../../appraisal/freshness.ts'
import { VerificationError } from '../../errors.ts'
import type { CheckRecorder } from '../../trace.ts'
import { type CertificationPath, checkValidity } from '../../x509/path.ts'
import { atEvidenceTime, type CommonPolicy } from '../options.ts'

/** What the dates came to, and when. */
export interface Dates {
  /** The verifier's clock; `undefined` in archive mode. */
  readonly clock: Clock | undefined
  /** The time that certificates were checked at, Unix milliseconds. */
  readonly verifiedAt: number
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
  policy: CommonPolicy,
  checks: CheckRecorder,
): Dates {
  const { attestedAt } = claims
  const { now, skewMs, freshness } = policy
  const count = path.certificates.length
  if (now === atEvidenceTime) {
    checks.run(
      'verify',
      'cert-validity',
      `${count} certificates were valid when the evidence was made; nothing is said about now`,
      () => {
        checkValidity(path, { at: attestedAt, toleranceMs: 0, label: 'the time of the evidence' })
      },
    )
    return { clock: undefined, verifiedAt: attestedAt, doubt: undefined }
  }
  const clock = { now, skewMs }
  const body = (): void => {
    checkValidity(path, { at: now, toleranceMs: skewMs, label: 'now' })
    checkValidity(path, { at: attestedAt, toleranceMs: skewMs, label: 'the time of the evidence' })
  }
  const doubt = answersNonce(claims, freshness) ? clockDoubt(body, claims, clock) : undefined
  if (doubt === undefined) checks.run('verify', 'cert-validity', `${count} certificates are valid now`, body)
  return { clock, verifiedAt: now, doubt }
}

/** Says what {@link checkDates} could not say before the signatures held. @throws VerificationError `clock-suspect` */
export function refuseDoubt(doubt: VerificationError | undefined, checks: CheckRecorder): void {
  if (doubt === undefined) return
  checks.run('verify', 'clock-suspect', '', () => {
    throw doubt
  })
}

function clockDoubt(
  body: () => void,
  { attestedAt }: FreshnessClaims,
  { now, skewMs }: Clock,
): VerificationError | undefined {
  const offset = Math.round((attestedAt - now) / 1000)
  let problem = attestedAt - now > skewMs ? 'it is dated in the future' : undefined
  let cause: unknown
  try {
    body()
  } catch (error) {
    cause = error
    problem = (error as Error).message
  }
  if (problem === undefined) return undefined
  const apart = `${Math.abs(offset)} seconds ${offset < 0 ? 'behind' : 'ahead of'} ours`
  return new VerificationError(
    'clock-suspect',
    `the evidence is authentic and answers our nonce, but ${problem}. A clock is wrong: the attester's is ${apart}`,
    {
      expected: `within ${skewMs / 1000} s of ${new Date(now).toISOString()}`,
      actual: new Date(attestedAt).toISOString(),
      cause,
    },
  )
}
