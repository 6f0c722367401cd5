/**
 * `veritee/ai/aci-e2ee`: a channel that seals the fields of a request that hold content, for
 * `attestedFetch` and profiles of the kind `aci-e2ee-2`.
 */
export { AppraisalError, AttestationError, VerificationError } from '../../core/errors.ts'
export type { SealedChannel, SealedExchange, SealingSession } from '../../client/channel-kind.ts'
export { aciE2ee, type AciE2eeOptions } from './aci-e2ee.ts'
