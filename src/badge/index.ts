/**
 * `veritee/badge`: an element that shows what an `attestedFetch` says of itself, without a
 * framework, under a strict Content-Security-Policy.
 */
export { AttestationError, VerificationError } from '../core/errors.ts'
export { type BadgeClient, type BadgeElement, defineBadge } from './element.ts'
