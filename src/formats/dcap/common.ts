/**
 * What `veritee/tdx` and `veritee/sgx` both export beside their verifier.
 */
export { skipReferenceValues } from '../../appraisal/reference-values.ts'
export { AppraisalError, AttestationError, type AttestationErrorCode, VerificationError } from '../../errors.ts'
export { type AttestationResult, isAttestationResult } from '../../result.ts'
export type { Check, CheckOutcome, CheckStage } from '../../trace.ts'
export type { EndorsementCache } from '../../x509/endorsement-cache.ts'
export { allowDebug, type VerifierOptions } from '../options.ts'
export type { DcapEndorsements } from './endorsements.ts'
export type { DcapTcb } from './evaluate.ts'
export type { DcapClaims, DcapEvidence } from './evidence.ts'
export { type DcapEndorsementAges, type DcapOptions, type Hex, skipReportData } from './options.ts'
export type { DcapConfiguration, DcapPlatform, PckCa } from './pck.ts'
export type { SgxReport } from './report.ts'
export {
  dstackReportData,
  openEnclaveReportData,
  paddedReportData,
  sha256ReportData,
  sha384ReportData,
  sha512ReportData,
  tinfoilReportData,
} from './report-data.ts'
export type { ComponentTcbStatus, PlatformTcbStatus, TcbStatus } from './tcb-level.ts'
