/**
 * `veritee/inspect`: showing evidence to people. Nothing here is verified, and nothing that it returns may decide anything.
 */
export { AttestationError, type AttestationErrorCode, VerificationError } from '../core/errors.ts'
export { printable } from '../x509/name.ts'
export { type CertificateDescription, describeCertificate } from './certificate.ts'
