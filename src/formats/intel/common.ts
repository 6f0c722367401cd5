/**
 * What `veritee/tdx` and `veritee/sgx` both export beside their verifier.
 */
export * from '../common.ts'
export type { EndorsementCache } from '../../x509/endorsement-cache.ts'
export { allowDebug, type VerifierOptions } from '../options.ts'
export type { DatedEndorsement, DcapEndorsements } from './collateral/endorsements.ts'
export type { DcapTcb } from './evaluate.ts'
export type { DcapClaims, DcapEvidence } from './evidence.ts'
export { type Hex, skipReportData } from '../../appraisal/expectations.ts'
export type { DcapEndorsementAges, DcapOptions } from './options.ts'
export type { DcapConfiguration, DcapPlatform, PckCa } from './collateral/pck.ts'
export type { SgxReport } from './quote/report.ts'
export type { ComponentTcbStatus, PlatformTcbStatus, TcbStatus } from './collateral/tcb-level.ts'
