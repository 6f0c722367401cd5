/**
 * `veritee/client`: nothing is sent until the enclave is proven, and then only to its key.
 */
export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export { type AttestationResult, isAttestationResult } from '../core/result.ts'
export type { Bytes } from '../encoding/bytes.ts'
export { selectKeyConfig } from '../channel/select-key-config.ts'
export type { Suite } from '../channel/suite.ts'
export { type AttestedFetch, attestedFetch } from './attested-fetch.ts'
export {
  type Challenge,
  type KeyBinding,
  keyHashInReportData,
  keyHashInUserData,
  keyInPublicKey,
  type ReportDataBinding,
  type ReportDataChallenge,
} from './binding.ts'
export type { ClientMeter, ClientSpan, ClientTracer } from './observe.ts'
export type { SealedChannel, SealedExchange, SealingSession } from './channel-kind.ts'
export type { EvidenceAnswer, EvidenceQuestion } from './question.ts'
export type {
  AttestedFetchOptions,
  ClientChallenge,
  ClientEvent,
  ClientState,
  ReportDataOptions,
  Verify,
} from './options.ts'
