/**
 * `veritee/ai/chutes-e2e`: a channel that seals bodies with ML-KEM-768 and ChaCha20-Poly1305, for
 * `attestedFetch` and profiles of the kind `chutes-e2e-1`.
 */
export { AppraisalError, AttestationError, VerificationError } from '../../core/errors.ts'
export type { SealedChannel, SealedExchange, SealingSession } from '../../client/channel-kind.ts'
export { chutesE2e, type ChutesE2eOptions } from './chutes-e2e.ts'
