/**
 * `veritee/ra-tls`: certificates that carry evidence for their own key. Which evidence that is, the caller's verifier decides.
 */
export { AppraisalError, AttestationError, type AttestationErrorCode, VerificationError } from './errors.ts'
export { type AttestationResult, isAttestationResult } from './result.ts'
export type { Check, CheckOutcome, CheckStage } from './trace.ts'
export {
  decodeRaTlsEvidence,
  provenByHandshake,
  type RaTlsOptions,
  type RaTlsResult,
  type ReportDataResult,
  verifyRaTls,
} from './x509/ra-tls.ts'
export type { RaTlsConvention, RaTlsEvidence } from './x509/ra-tls-evidence.ts'
