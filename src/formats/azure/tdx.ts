/**
 * Azure's confidential VMs on Intel TDX: an HCL report of boot time, the quote that Intel's
 * platform made for it, and a fresh quote of the virtual TPM whose key the HCL report names.
 */
import { skipReportData } from '../../appraisal/expectations.ts'
import { requireOption, snapshotOf } from '../../core/options.ts'
import { recordChecks } from '../../core/record.ts'
import { copyBytes, isBytes } from '../../encoding/bytes.ts'
import { type TdxOptions, readTdxOptions } from '../intel/tdx/options.ts'
import { type TdxResult, verifyQuote } from '../intel/tdx/verify.ts'
import { copyHclReport } from './evidence.ts'
import { decodeHclReport, decodeRuntimeData, hclReportTypes } from './hcl.ts'
import {
  appraiseVtpm,
  readVtpmPolicy,
  readVtpmQuote,
  type skipVtpm,
  verifyRuntimeData,
  verifyVtpmQuote,
  type VtpmExpectation,
  type VtpmQuote,
} from './vtpm.ts'

/** What a confidential VM of Azure's shows. */
export interface AzureTdxEvidence {
  /** NV index 0x01400001 of the virtual TPM, as read. */
  readonly hclReport: Uint8Array
  /**
   * The quote of the platform, which the metadata service makes from the report inside `hclReport`
   * (`/acc/tdquote`). That report itself can be checked on its own machine only: the quote takes
   * its place.
   */
  readonly tdxQuote: Uint8Array
  readonly quote?: VtpmQuote
}

/**
 * Options of {@link verifyAzureTdx}: those of `verifyTdx`, with the virtual TPM in place of report
 * data.
 */
export interface AzureTdxOptions extends Omit<TdxOptions, 'reportData'> {
  /**
   * The nonce and the registers that a quote of the virtual TPM must have. To go without, pass
   * {@link skipVtpm}.
   */
  readonly vtpm: VtpmExpectation | typeof skipVtpm
}

/**
 * Verifies a confidential VM of Azure's on Intel TDX.
 *
 * Proves what `verifyTdx` proves of the quote, whose measurements are those of Microsoft's
 * paravisor. The quote vouches for the key of the virtual TPM, and that key signed a quote with
 * your nonce: it is fresh. Does not prove what the guest's system is, unless `vtpm.pcrs` names
 * registers: the system is measured there alone.
 *
 * @throws VerificationError `hcl-format`, `hcl-runtime-data`, `vtpm-…`, and what `verifyTdx` throws
 * @throws AppraisalError as `verifyTdx`, with `policy-nonce` and `policy-pcr` of the virtual TPM
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const result = await verifyAzureTdx(
 *   { hclReport, tdxQuote, quote: { message, signature, pcrs } },
 *   { endorsements, referenceValues: { mrTd, rtmr0, rtmr1, rtmr2 }, vtpm: { nonce, pcrs: { 4: '…' } } },
 * )
 * ```
 */
export async function verifyAzureTdx(evidence: AzureTdxEvidence, options: AzureTdxOptions): Promise<TdxResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read.
  const { hclReport, tdxQuote, quote } = snapshotOf<AzureTdxEvidence>(evidence, 'evidence')
  const bytes = copyHclReport(hclReport)
  if (!isBytes(tdxQuote)) throw new TypeError('tdxQuote must be a Uint8Array')
  const quoteBytes = copyBytes(tdxQuote)
  const quoted = readVtpmQuote(quote)
  const { vtpm, ...own } = snapshotOf<AzureTdxOptions>(options, 'options')
  requireOption('reportData', 'left out: it is the digest of the runtime data', !Object.hasOwn(own, 'reportData'))
  const expected = readVtpmPolicy(vtpm)
  const policy = await readTdxOptions({ ...(own as TdxOptions), reportData: skipReportData })
  const checks = recordChecks(policy.trace)

  // 1. The wrapper: shape and bounds. Nothing below is trusted yet.
  const { runtimeData, runtime } = checks.decodes('hcl-format', 'HCL report', () => {
    const parts = decodeHclReport(bytes, hclReportTypes.tdx)
    return { ...parts, runtime: decodeRuntimeData(parts.runtimeData) }
  })

  // 2. The quote of the platform, as any other; between its authenticity and its appraisal:
  return verifyQuote(quoteBytes, policy, checks, async ({ reportData }) => {
    // 3. It vouches for the runtime data, which names the key of the virtual TPM; that key signed
    // the quote.
    await verifyRuntimeData(reportData, runtimeData, checks)
    const verified = expected && (await verifyVtpmQuote(quoted, runtime, checks))

    // 4. Appraisal: the virtual TPM is fresh and has measured what the caller expects.
    if (verified !== undefined && expected !== undefined) appraiseVtpm(verified, expected, checks)
    else checks.omit('policy-nonce', 'skipped', 'virtual TPM skipped')
  })
}
