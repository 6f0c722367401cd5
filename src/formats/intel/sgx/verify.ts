/**
 * Intel SGX: from the bytes of a DCAP quote to a result that only an authentic, expected enclave on
 * a platform in good state can produce.
 */
import { appraiseReferenceValues } from '../../../appraisal/reference-values.ts'
import { toHex } from '../../../encoding/bytes.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { recordChecks } from '../../../core/record.ts'
import { appraiseDebug, appraisePlatform, appraiseReportData, validUntilOf } from '../appraise.ts'
import { verifyCollateral } from '../collateral/collateral.ts'
import { evaluateTcb } from '../evaluate.ts'
import { dcapClaims, decodeQuoteOf } from '../evidence.ts'
import { copyEvidence } from '../../options.ts'
import { isDebug, type SgxClaims } from './evidence.ts'
import { readSgxOptions, type SgxOptions } from './options.ts'
import { registersOf } from './reference-values.ts'

/** What {@link verifySgx} returns. */
export type SgxResult = AttestationResult<'sgx', SgxClaims>

/**
 * Verifies a DCAP quote of an Intel SGX enclave.
 *
 * Proves: a genuine Intel platform made this quote, and every endorsement of it is Intel's,
 * current, about this platform and not revoked; the platform is in an accepted state; the enclave
 * runs one of the builds in `referenceValues`, not in debug mode, and it was made for `reportData`.
 * Does not prove: when it was made (a quote has no date: put your nonce into the report data), nor
 * where. An attacker on the memory bus of one such machine can make quotes that say anything:
 * `platforms` says whose machines you accept.
 *
 * @param evidence an ECDSA quote of version 3, 4 or 5, zeros behind it allowed, at most 65,536
 *   bytes. Copied before anything is awaited
 * @throws VerificationError when the quote or an endorsement is not authentic: `code` says which
 *   check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(64))
 * const { quote, endorsements } = await fetchQuote(nonce) // your way of asking your enclave
 * const { claims } = await verifySgx(quote, { endorsements, referenceValues: { mrEnclave: 'd0876…' }, reportData: nonce })
 * ```
 */
export async function verifySgx(evidence: Uint8Array, options: SgxOptions): Promise<SgxResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = await readSgxOptions(options)
  const checks = recordChecks(policy.trace)

  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const quote = decodeQuoteOf('sgx', bytes, checks)
  const { report } = quote.body

  // 2. Endorsements and authenticity: certificates, lists and documents that lead to a pinned root,
  // and every signature down to that over the quote.
  const collateral = await verifyCollateral(quote, policy, checks)

  // 3. The platform: it is the one that Intel speaks of, the quoting enclave is Intel's, and this
  // is the state they are in.
  const tcb = evaluateTcb(quote, collateral, checks)

  // 4. Appraisal: the quote is true. Is it what the caller expects? Failures are kept, so that all
  // of them are reported.
  appraisePlatform(tcb, collateral, policy, checks)
  appraiseDebug(isDebug(report) ? `attributes ${toHex(report.attributes)}` : undefined, policy, checks)
  const matched = appraiseReferenceValues('policy-measurements', registersOf(report), policy.referenceValues, checks)
  appraiseReportData(report.reportData, policy, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  const claims = Object.freeze(Object.assign({ debug: isDebug(report) }, report, dcapClaims(quote, collateral, tcb)))
  return attestationResult('sgx', claims, checks, {
    clock: policy.clock,
    timestamp: undefined,
    validUntil: validUntilOf(collateral, policy),
    matched,
    publicKey: undefined,
  })
}
