/**
 * `veritee/psa`: PSA attestation tokens, RFC 9783.
 */
export { decodePsaEvidence, type PsaClaims, type PsaEvidence } from './evidence.ts'
export type { PsaGeneration } from './generation.ts'
export type { PsaOptions, PsaReferenceValues, PsaTrustAnchor } from './options.ts'
export { type PsaResult, verifyPsa } from './verify.ts'
export * from '../common.ts'
export type { SecretAnchor } from '../anchors.ts'
