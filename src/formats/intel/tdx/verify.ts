/**
 * Intel TDX: from the bytes of a quote to a result that only an authentic, expected trust domain on
 * a platform in good state can produce.
 */
import { appraiseAllowance } from '../../../appraisal/allowance.ts'
import { appraiseReferenceValues } from '../../../appraisal/reference-values.ts'
import { type Bytes, equalBytes, isZero, toHex } from '../../../encoding/bytes.ts'
import { type AttestationResult, attestationResult } from '../../../core/result.ts'
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { appraiseDebug, appraisePlatform, appraiseReportData, validUntilOf } from '../appraise.ts'
import { verifyCollateral } from '../collateral/collateral.ts'
import { evaluateTcb } from '../evaluate.ts'
import { dcapClaims, decodeQuoteOf } from '../evidence.ts'
import type { TdxReport } from '../quote/report.ts'
import { copyEvidence } from '../../options.ts'
import { isDebug, type TdxClaims } from './evidence.ts'
import { readTdxOptions, type TdxOptions, type TdxPolicy } from './options.ts'
import { registersOf } from './reference-values.ts'

/** What {@link verifyTdx} returns. */
export type TdxResult = AttestationResult<'tdx', TdxClaims>

/**
 * Verifies a quote of an Intel TDX trust domain.
 *
 * Proves: a genuine Intel platform made this quote, and every endorsement of it is Intel's,
 * current, about this platform and not revoked; the platform is in an accepted state; the TD runs
 * one of the builds in `referenceValues`, it cannot be debugged, and it was made for `reportData`.
 * Does not prove: when it was made (a quote has no date: put your nonce into the report data), nor
 * where. An attacker on the memory bus of one such machine can make quotes that say anything:
 * `platforms` says whose machines you accept.
 *
 * @param evidence a quote of version 4 or 5, zeros behind it allowed, at most 65,536 bytes. Copied
 *   before anything is awaited
 * @throws VerificationError when the quote or an endorsement is not authentic: `code` says which
 *   check failed
 * @throws AppraisalError when it is authentic, but not what you expect: `failures` lists everything
 *   that differs
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const nonce = crypto.getRandomValues(new Uint8Array(64))
 * const { quote, endorsements } = await fetchQuote(nonce) // your way of asking your TD
 * const { claims } = await verifyTdx(quote, {
 *   endorsements,
 *   referenceValues: { mrTd: '91eb2…', rtmr0: '4bf33…', rtmr1: '7a5e0…', rtmr2: '0d7f1…' },
 *   reportData: nonce,
 * })
 * ```
 */
export async function verifyTdx(evidence: Uint8Array, options: TdxOptions): Promise<TdxResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read. Evidence and
  // options are copies from here on.
  const bytes = copyEvidence(evidence)
  const policy = await readTdxOptions(options)
  return verifyQuote(bytes, policy, recordChecks(policy.trace))
}

/**
 * {@link verifyTdx} when the options are read.
 * @param verifyCarrier verifies what the quote came in, when the quote is authentic and before it
 *   is appraised
 */
export async function verifyQuote(
  bytes: Bytes,
  policy: TdxPolicy,
  checks: CheckRecorder,
  verifyCarrier?: (report: TdxReport) => Promise<void>,
): Promise<TdxResult> {
  // 1. Evidence: shape and bounds. Nothing below is trusted yet.
  const quote = decodeQuoteOf('tdx', bytes, checks)
  const { report } = quote.body

  // 2. Endorsements and authenticity: certificates, lists and documents that lead to a pinned root,
  // and every signature down to that over the quote.
  const collateral = await verifyCollateral(quote, policy, checks)

  // 3. The platform: it is the one that Intel speaks of, the quoting enclave is Intel's, and this
  // is the state they are in.
  const tcb = evaluateTcb(quote, collateral, checks)
  await verifyCarrier?.(report)

  // 4. Appraisal: the quote is true. Is it what the caller expects? Failures are kept, so that all
  // of them are reported.
  appraisePlatform(tcb, collateral, policy, checks)
  appraiseDebug(isDebug(report) ? `TD attributes ${toHex(report.tdAttributes)}` : undefined, policy, checks)
  appraiseMigration(report, policy, checks)
  appraiseServiceTds(report, policy, checks)
  const matched = appraiseReferenceValues('policy-measurements', registersOf(report), policy.referenceValues, checks)
  appraiseReportData(report.reportData, policy, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  const claims = Object.freeze(Object.assign({ debug: isDebug(report) }, report, dcapClaims(quote, collateral, tcb)))
  return attestationResult('tdx', claims, checks, {
    clock: policy.clock,
    timestamp: undefined,
    validUntil: validUntilOf(collateral, policy),
    matched,
    publicKey: undefined,
  })
}

/** TD attributes, bit 29; fails with `policy-migration`. */
function appraiseMigration({ tdAttributes }: TdxReport, { migration }: TdxPolicy, checks: CheckRecorder): void {
  const isMigratable = ((tdAttributes[3] ?? 0) & 0x20) !== 0
  appraiseAllowance('policy-migration', { subject: 'migration', isAllowed: migration, isOn: isMigratable }, checks)
}

/** Service TDs can read what they are bound to; fails with `policy-service-td`. */
function appraiseServiceTds(
  { mrServiceTd, extension }: TdxReport,
  { serviceTds }: TdxPolicy,
  checks: CheckRecorder,
): void {
  const hashes = [mrServiceTd, extension?.initialServiceTdHash, extension?.currentServiceTdHash]
  const bound = hashes.filter((hash) => hash !== undefined && !isZero(hash))
  const strange = bound.find((hash) => hash !== undefined && !serviceTds.some((known) => equalBytes(known, hash)))
  checks.appraises('policy-service-td', 'service TDs', {
    holds: strange === undefined,
    expected: serviceTds.map((known) => toHex(known)).join(' or ') || 'none',
    found: strange === undefined ? `${bound.length} of them` : toHex(strange),
  })
}
