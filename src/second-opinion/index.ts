/**
 * `veritee/second-opinion`: a verifier that accepts only what an independent implementation accepts
 * as well. Needs the packages `cbor-x`, `asn1js`, `pkijs`, `@peculiar/x509` and `reflect-metadata`,
 * which are loaded when they are first used.
 */
export { askSecondOpinion, secondOpinionFormats, type SecondOpinionQuestion } from './ask.ts'
export { type Opinion, SecondOpinionError } from './error.ts'
export { type SecondOpinionSettings, withSecondOpinion } from './with-second-opinion.ts'
export { AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { AttestationResult } from '../core/result.ts'
export type { Check } from '../core/check.ts'
