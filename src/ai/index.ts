/**
 * `veritee/ai`: private-AI providers, verified as their profiles say, and what AI clients need
 * beside `veritee/client`.
 */
export { AppraisalError, AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { Check, CheckOutcome, CheckStage } from '../core/check.ts'
export type { AttestationResult } from '../core/result.ts'
export type { Bytes } from '../encoding/bytes.ts'
export type { JsonObject, JsonValue } from '../encoding/json.ts'
export type { Suite } from '../channel/suite.ts'
export type { DstackExpectations } from '../dstack/accept.ts'
export type { DstackFindings } from '../dstack/appraise.ts'
export type {
  Encoding,
  Part,
  ProfileChannel,
  ProfileComponent,
  ProfileDocument,
  ProviderProfile,
  Selection,
} from '../profiles/types.ts'
export { readProviderProfile } from '../profiles/profile.ts'
export {
  type EvidenceContext,
  type GpuContext,
  type GpuResult,
  type ProviderReportOptions,
  skipGpus,
} from '../profiles/report-options.ts'
export {
  type ProviderChannel,
  type ProviderComponent,
  type ProviderReport,
  verifyProviderReport,
} from '../profiles/report.ts'
export { type ReceiptOptions, verifyReceipt } from './receipt.ts'
export { refusalOf, verifiedFirst } from './refusal.ts'
export { type AttestedKeyOptions, keySignedByAttestedKey } from '../client/attested-key.ts'
export { type AttestedProviderOptions, attestedProvider } from './provider.ts'
export { type ProviderContext, providerSource, type ProviderSourceOptions } from './source.ts'
