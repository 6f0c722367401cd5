/**
 * AMD SEV-SNP: reports of guests. With Azure's wrapping of them it is `veritee/sev-snp`.
 */
export { allowMigration, anyValue, type Hex, skipReportData, skipRevocation } from '../../../appraisal/expectations.ts'
export * from '../../common.ts'
export { allowDebug } from '../../options.ts'
export { advisoriesAsOf } from './advisories.ts'
export type { CertificateTableEntry } from './certificate-table.ts'
export type { SevSnpEndorsements } from './endorsements.ts'
export { decodeSevSnpEvidence, type SevSnpClaims, type SevSnpEvidence } from './evidence.ts'
export {
  allowProvisionalFirmware,
  allowUnknownBits,
  type Flag,
  type GuestPolicyExpectation,
  type MinimumTcb,
  type PlatformInfoExpectation,
  type SevSnpOptions,
} from './options.ts'
export type { SnpReferenceValues, SnpRegister } from './reference-values.ts'
export type { FirmwareVersion, SnpCpu, SnpGuestPolicy, SnpPlatformInfo, SnpReport } from './report.ts'
export type { SnpProduct, SnpTcb } from './tcb.ts'
export { type SevSnpResult, verifySevSnp } from './verify.ts'
