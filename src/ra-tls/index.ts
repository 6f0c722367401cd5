/**
 * `veritee/ra-tls`: certificates that carry evidence for their own key. Which evidence that is, the
 * caller's verifier decides.
 */
export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export { type AttestationResult, isAttestationResult } from '../core/result.ts'
export type { Check, CheckOutcome, CheckStage } from '../core/check.ts'
export {
  decodeRaTlsEvidence,
  provenByHandshake,
  type RaTlsOptions,
  type RaTlsResult,
  type ReportDataResult,
  verifyRaTls,
} from './verify.ts'
export type { RaTlsConvention, RaTlsEvidence } from './evidence.ts'
