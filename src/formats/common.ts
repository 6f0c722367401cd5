/**
 * What every format's entry point exports beside its verifier.
 */
export { skipFreshness } from '../appraisal/freshness.ts'
export { skipReferenceValues } from '../appraisal/reference-values.ts'
export { AppraisalError, AttestationError, type AttestationErrorCode, VerificationError } from '../errors.ts'
export { type AttestationResult, isAttestationResult } from '../result.ts'
export type { Check, CheckOutcome, CheckStage } from '../trace.ts'
export type { EndorsementCache } from '../x509/endorsement-cache.ts'
export { allowDebug, atEvidenceTime, type CommonOptions, type Freshness } from './options.ts'
