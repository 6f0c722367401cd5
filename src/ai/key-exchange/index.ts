/**
 * `veritee/ai/key-exchange`: a channel with one key for a session, which the attested enclave
 * chooses, and the evidence source that goes with it.
 */
export { AppraisalError, AttestationError, VerificationError } from '../../core/errors.ts'
export type { EvidenceAnswer, EvidenceQuestion } from '../../client/question.ts'
export type { SealedChannel, SealedExchange, SealingSession } from '../../client/channel-kind.ts'
export { attestationByNonce, keyExchange, type KeyExchangeOptions, nonceAsText } from './key-exchange.ts'
