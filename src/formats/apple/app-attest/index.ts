/**
 * `veritee/app-attest`: keys of applications on Apple's devices.
 */
export { skipReferenceValues } from '../../../appraisal/reference-values.ts'
export { AppraisalError, AttestationError, VerificationError } from '../../../core/errors.ts'
export type { AttestationErrorCode } from '../../../core/codes.ts'
export { type AttestationResult, isAttestationResult } from '../../../core/result.ts'
export type { Check, CheckOutcome, CheckStage } from '../../../core/check.ts'
export { allowDebug } from '../../options.ts'
export {
  type AppAttestClaims,
  type AppAttestEnvironment,
  type AppAttestEvidence,
  decodeAppAttestEvidence,
} from './evidence.ts'
export type { AppAttestAssertionOptions, AppAttestOptions, AppAttestReferenceValues } from './options.ts'
export {
  type AppAttestAssertionResult,
  type AppAttestResult,
  verifyAppAttest,
  verifyAppAttestAssertion,
} from './verify.ts'
