/**
 * `veritee/cca`: realms on Arm CCA.
 */
export { type CcaEvidence, type CcaPlatformClaims, type CcaRealmClaims, decodeCcaEvidence } from './evidence.ts'
export {
  type CcaOptions,
  type CcaPlatformReferenceValues,
  type CcaReferenceValues,
  type CcaTrustAnchor,
  skipPlatformReferenceValues,
} from './options.ts'
export { type CcaClaims, type CcaResult, verifyCca } from './verify.ts'
export * from '../common.ts'
