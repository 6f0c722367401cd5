/**
 * `veritee/ear`: attestation results for others (EAR, draft-ietf-rats-ear), and those of others.
 *
 * A result that a page makes about what it talks to is a report, not a proof: others have no reason
 * to believe the page, under any key.
 */
export { skipFreshness } from '../appraisal/freshness.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { Check, CheckOutcome, CheckStage } from '../core/check.ts'
export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export type { JsonObject, JsonValue } from '../encoding/json.ts'
export { type AttestationResult, isAttestationResult } from '../core/result.ts'
export type { EarProfile, EarSubmodule } from './ear-claims.ts'
export { type EarResult, type EarResultClaims, verifyEar, type VerifyEarOptions } from './ear-verify.ts'
export { type EarAppraisal, type EarClaims, signEar, type SignEarOptions, toEar, type ToEarOptions } from './to-ear.ts'
export type { EarStatus, TrustClaim, TrustworthinessVector } from './trust-vector.ts'
