/**
 * What `veritee/nitro` and `veritee/nitro-tpm` both export beside their verifier.
 */
export { skipFreshness } from '../../appraisal/freshness.ts'
export type { Hex } from '../../appraisal/expectations.ts'
export type { EndorsementCache } from '../../x509/endorsement-cache.ts'
export { atEvidenceTime, type CommonOptions, type Freshness } from '../options.ts'
export * from '../common.ts'
export type { NsmClaims, NsmEvidence, NsmKind, Pcrs, UnknownField } from './evidence.ts'
export type { NitroCliReferenceValues, PcrReferenceValues } from './reference-values.ts'
