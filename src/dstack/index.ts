/**
 * `veritee/dstack`: what runs in a guest of dstack, on top of claims that a verifier of its
 * hardware proved.
 */
export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { Check, CheckOutcome, CheckStage } from '../core/check.ts'
export type { DstackExpectations } from './accept.ts'
export {
  appraiseDstack,
  type DstackClaims,
  type DstackServed,
  type DstackSnpClaims,
  type DstackTdxClaims,
} from './appraise.ts'
export { type ComposeImage, composeHash, composeImages, normalizeAppCompose } from './compose.ts'
