/**
 * `veritee/tdx`: Intel TDX.
 */
export { decodeTdxEvidence, type TdxClaims, type TdxEvidence } from './evidence.ts'
export { allowMigration, anyValue } from '../../../appraisal/expectations.ts'
export type { TdxOptions } from './options.ts'
export type { TdxReferenceValues, TdxRegister } from './reference-values.ts'
export { type TdxResult, verifyTdx } from './verify.ts'
export * from '../common.ts'
export { warmUp } from '../../../crypto/warm-up.ts'
export type { TdxReport, TdxReportExtension } from '../quote/report.ts'
