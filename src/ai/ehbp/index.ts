/**
 * `veritee/ai/ehbp`: a channel that seals bodies, for `attestedFetch` and profiles of the kind
 * `ehbp-1`.
 */
export { AppraisalError, AttestationError, VerificationError } from '../../core/errors.ts'
export type { SealedChannel, SealedExchange } from '../../client/channel-kind.ts'
export { ehbp, type EhbpOptions } from './ehbp.ts'
