/**
 * Azure's confidential VMs on AMD SEV-SNP: the report of boot time inside an HCL report, and a
 * fresh quote of the virtual TPM whose key that report vouches for.
 */
import { skipReportData } from '../../appraisal/expectations.ts'
import { requireOption, snapshotOf } from '../../core/options.ts'
import { recordChecks } from '../../core/record.ts'
import { appraise } from '../amd/sev-snp/appraise.ts'
import { authenticate } from '../amd/sev-snp/authenticate.ts'
import { decodeEvidence } from '../amd/sev-snp/evidence.ts'
import { readSevSnpOptions, type SevSnpOptions } from '../amd/sev-snp/options.ts'
import { resultOf, type SevSnpResult } from '../amd/sev-snp/verify.ts'
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
export interface AzureSevSnpEvidence {
  /** NV index 0x01400001 of the virtual TPM, as read. */
  readonly hclReport: Uint8Array
  readonly quote?: VtpmQuote
}

/**
 * Options of {@link verifyAzureSevSnp}: those of `verifySevSnp`, with the virtual TPM in place of
 * report data.
 */
export interface AzureSevSnpOptions extends Omit<SevSnpOptions, 'reportData'> {
  /**
   * The nonce and the registers that a quote of the virtual TPM must have. To go without, pass
   * {@link skipVtpm}.
   */
  readonly vtpm: VtpmExpectation | typeof skipVtpm
}

/**
 * Verifies a confidential VM of Azure's on AMD SEV-SNP.
 *
 * Proves what `verifySevSnp` proves of the report, which is that of Microsoft's paravisor at VMPL
 * 0: measurement, digests and identifiers are those of the paravisor. The report vouches for the
 * key of the virtual TPM, and that key signed a quote with your nonce: it is fresh. Does not prove
 * what the guest's system is, unless `vtpm.pcrs` names registers: the system is measured there
 * alone.
 *
 * @throws VerificationError `hcl-format`, `hcl-runtime-data`, `vtpm-…`, and what `verifySevSnp`
 *   throws
 * @throws AppraisalError as `verifySevSnp`, with `policy-nonce` and `policy-pcr` of the virtual TPM
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const result = await verifyAzureSevSnp(
 *   { hclReport, quote: { message, signature, pcrs } },
 *   { endorsements, referenceValues: { measurement: '…' }, vtpm: { nonce, pcrs: { 4: '…' } } },
 * )
 * ```
 */
export async function verifyAzureSevSnp(
  evidence: AzureSevSnpEvidence,
  options: AzureSevSnpOptions,
): Promise<SevSnpResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of evidence is read.
  const { hclReport, quote } = snapshotOf<AzureSevSnpEvidence>(evidence, 'evidence')
  const bytes = copyHclReport(hclReport)
  const quoted = readVtpmQuote(quote)
  const { vtpm, ...own } = snapshotOf<AzureSevSnpOptions>(options, 'options')
  requireOption('reportData', 'left out: it is the digest of the runtime data', !Object.hasOwn(own, 'reportData'))
  const expected = readVtpmPolicy(vtpm)
  const policy = await readSevSnpOptions({ ...(own as SevSnpOptions), reportData: skipReportData })
  const checks = recordChecks(policy.trace)

  // 1. The wrapper: shape and bounds. Nothing below is trusted yet.
  const { report, runtimeData, runtime } = checks.decodes('hcl-format', 'HCL report', () => {
    const parts = decodeHclReport(bytes, hclReportTypes.snp)
    return { ...parts, runtime: decodeRuntimeData(parts.runtimeData) }
  })

  // 2. The report inside, as any other.
  const authentic = await authenticate(decodeEvidence(report, checks), policy, checks)

  // 3. The report vouches for the runtime data, which names the key of the virtual TPM; that key
  // signed the quote.
  await verifyRuntimeData(authentic.report.reportData, runtimeData, checks)
  const verified = expected && (await verifyVtpmQuote(quoted, runtime, checks))

  // 4. Appraisal: the virtual TPM is fresh and has measured what the caller expects, and so is the
  // paravisor.
  if (verified !== undefined && expected !== undefined) appraiseVtpm(verified, expected, checks)
  else checks.omit('policy-nonce', 'skipped', 'virtual TPM skipped')
  const matched = appraise(authentic, policy, checks)

  // 5. Only here does a result exist, and only if no appraisal failed.
  return resultOf(authentic, matched, policy, checks)
}
