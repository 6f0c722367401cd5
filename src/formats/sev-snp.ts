/**
 * `veritee/sev-snp`: guests on AMD SEV-SNP, their reports bare or in Azure's wrapping.
 */
export { allowMigration, anyValue, type Hex, skipReportData } from '../appraisal/expectations.ts'
export { skipReferenceValues } from '../appraisal/reference-values.ts'
export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export { isAttestationResult } from '../core/result.ts'
export { allowDebug } from './options.ts'
export { advisoriesAsOf } from './amd/sev-snp/advisories.ts'
export type { CertificateTableEntry } from './amd/sev-snp/certificate-table.ts'
export type { SevSnpEndorsements } from './amd/sev-snp/endorsements.ts'
export { decodeSevSnpEvidence, type SevSnpClaims, type SevSnpEvidence } from './amd/sev-snp/evidence.ts'
export {
  allowProvisionalFirmware,
  allowUnknownBits,
  type Flag,
  type GuestPolicyExpectation,
  type MinimumTcb,
  type PlatformInfoExpectation,
  type SevSnpOptions,
  skipRevocation,
} from './amd/sev-snp/options.ts'
export type { SnpReferenceValues, SnpRegister } from './amd/sev-snp/reference-values.ts'
export type { FirmwareVersion, SnpCpu, SnpGuestPolicy, SnpPlatformInfo, SnpReport } from './amd/sev-snp/report.ts'
export type { SnpProduct, SnpTcb } from './amd/sev-snp/tcb.ts'
export { type SevSnpResult, verifySevSnp } from './amd/sev-snp/verify.ts'
export * from './azure/index.ts'
