/**
 * `veritee/inspect`: showing evidence to people. Nothing here is verified, and nothing that it
 * returns may decide anything.
 */
export { AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export { printable } from '../x509/name.ts'
export { type CertificateDescription, describeCertificate } from './certificate.ts'
