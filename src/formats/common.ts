/**
 * What every format's entry point exports beside its verifier.
 */
export { skipReferenceValues } from '../appraisal/reference-values.ts'
export { AppraisalError, AttestationError, type Mismatch, VerificationError } from '../core/errors.ts'
export type * from '../core/codes.ts'
export { type AttestationResult, isAttestationResult } from '../core/result.ts'
export type { Check, CheckOutcome, CheckStage } from '../core/check.ts'
