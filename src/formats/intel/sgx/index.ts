/**
 * `veritee/sgx`: Intel SGX, by DCAP (ECDSA) quotes.
 */
export { decodeSgxEvidence, type SgxClaims, type SgxEvidence } from './evidence.ts'
export type { SgxOptions } from './options.ts'
export type {
  SgxCodeReferenceValues,
  SgxKeySeparation,
  SgxReferenceValues,
  SgxSettings,
  SgxSignerReferenceValues,
} from './reference-values.ts'
export { type SgxResult, verifySgx } from './verify.ts'
export * from '../common.ts'
