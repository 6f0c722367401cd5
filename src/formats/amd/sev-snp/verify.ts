/**
 * AMD SEV-SNP: from the bytes of a report to a result that only an authentic, expected guest on an
 * accepted platform can produce.
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import type { Matched } from '../../../appraisal/reference-values.ts'
import { copyEvidence } from '../../options.ts'
import { advisoriesFor, notCovered } from './advisories.ts'
import { appraise } from './appraise.ts'
import { authenticate, type Authentic } from './authenticate.ts'
import { decodeEvidence, type SevSnpClaims } from './evidence.ts'
import { readSevSnpOptions, type SevSnpOptions, type SevSnpPolicy } from './options.ts'

/** What {@link verifySevSnp} returns. */
export type SevSnpResult = AttestationResult<'sev-snp', SevSnpClaims>

/**
 * Verifies a report of a guest on AMD SEV-SNP.
 *
 * Proves: AMD's root vouches for the key that signed this report; the key is of this chip (VCEK) or
 * this cloud (VLEK) and of the TCB that the report says; the platform is as you allow; the guest
 * was launched from what one of `referenceValues` measures, it cannot be debugged or moved, and it
 * asked for this report with `reportData`.
 *
 * Does not prove: when (a report has no date: put your nonce into the report data), nor where, nor
 * anything of `claims.notCovered`. Milan is refused unless you name it in `products`: the owner of
 * such a machine can forge its reports in software (arXiv 2605.12990, AMD-SB-3045). A device
 * between processor and memory can do the same on other machines: `platforms` says whose machines
 * you accept.
 *
 * @param evidence a report of 1184 bytes, with or without the certificate table of an extended
 *   report behind it, at most 65,536 bytes. Copied before anything is awaited
 * @throws VerificationError when the report or an endorsement is not authentic: `code` says which
 *   check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(64))
 * const { report, endorsements } = await fetchReport(nonce) // your way of asking your guest
 * const { claims } = await verifySevSnp(report, {
 *   endorsements,
 *   referenceValues: { measurement: '5c0d0…' },
 *   reportData: nonce,
 *   minimumTcb: { product: 'Genoa', model: 0x11, stepping: 1, snp: 27, microcode: 86 },
 * })
 * ```
 */
export async function verifySevSnp(evidence: Uint8Array, options: SevSnpOptions): Promise<SevSnpResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = await readSevSnpOptions(options)
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const decoded = decodeEvidence(bytes, checks)

  // 2. Authenticity: certificates, revocation, the key that is this report's, and every signature.
  const authentic = await authenticate(decoded, policy, checks)

  // 3. Appraisal: the report is true. Is it what the caller expects? Failures are kept, so that all
  // of them are reported.
  const matched = appraise(authentic, policy, checks)

  // 4. Only here does a result exist, and only if no appraisal failed.
  return resultOf(authentic, matched, policy, checks)
}

/** The result of an authentic report. @throws AppraisalError when an appraisal failed */
export function resultOf(
  authentic: Authentic,
  matched: Matched | undefined,
  { clock }: Pick<SevSnpPolicy, 'clock'>,
  checks: CheckRecorder,
): SevSnpResult {
  const { report, product, cspId, currentTcb, reportedTcb, committedTcb, launchTcb, validUntil } = authentic
  const claims: SevSnpClaims = Object.freeze(
    Object.assign({}, report, {
      policy: Object.freeze(report.policy),
      platformInfo: Object.freeze(report.platformInfo),
      cpu: report.cpu && Object.freeze(report.cpu),
      currentVersion: Object.freeze(report.currentVersion),
      committedVersion: Object.freeze(report.committedVersion),
      currentTcb,
      reportedTcb,
      committedTcb,
      launchTcb,
      product,
      cspId,
      chipId: report.signingKey === 'VCEK' ? report.chipId : undefined,
      debug: report.policy.debug,
      advisories: advisoriesFor({ report, product, tcb: reportedTcb }),
      notCovered,
    }),
  )
  return attestationResult('sev-snp', claims, checks, {
    clock,
    timestamp: undefined,
    validUntil,
    matched,
    publicKey: undefined,
  })
}
