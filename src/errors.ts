/**
 * Everything that bad input can make this library throw. A caller's own mistake is a `TypeError` instead.
 */
import type { Check } from './trace.ts'

/**
 * The reason codes, stable across releases. Each names the check that failed: `Check.id` uses the same words.
 * The vendor documents behind them are cited where the check is made.
 */
export type AttestationErrorCode =
  // The runtime, and the front door of `veritee`.
  | 'unsupported'
  | 'format-unknown'
  | 'format-refused'
  // COSE_Sign1, RFC 9052.
  | 'outer-cbor'
  | 'cose-tag'
  | 'cose-shape'
  | 'cose-protected'
  | 'cose-alg'
  | 'cose-unprotected'
  | 'cose-signature-length'
  | 'cose-signature'
  // The payload of a Nitro document.
  | 'payload-size'
  | 'payload-cbor'
  | 'payload-field-missing'
  | 'payload-field-type'
  | 'payload-field-size'
  | 'payload-digest'
  | 'payload-pcr'
  // Certificates, RFC 5280.
  | 'root-mismatch'
  | 'cert-parse'
  | 'cert-algorithm'
  | 'cert-extension'
  | 'cert-path-length'
  | 'cert-path'
  | 'cert-chain-name'
  | 'cert-chain-signature'
  | 'cert-validity'
  | 'clock-suspect'
  // Certificate revocation lists, RFC 5280 section 5.
  | 'crl-parse'
  | 'crl-algorithm'
  | 'crl-extension'
  | 'crl-issuer'
  | 'crl-validity'
  | 'crl-signature'
  | 'crl-revoked'
  // Signed reference values (CoRIM).
  | 'reference-size'
  | 'reference-cbor'
  | 'reference-unsigned'
  | 'reference-algorithm'
  | 'reference-untrusted'
  | 'reference-signature'
  | 'reference-validity'
  | 'reference-threshold'
  | 'reference-mismatch'
  | 'reference-product'
  | 'reference-rollback'
  | 'reference-profile'
  | 'reference-environment'
  | 'reference-content'
  | 'reference-revoked'
  // Enclave Image Files.
  | 'eif-read'
  | 'eif-truncated'
  | 'eif-trailing'
  | 'eif-magic'
  | 'eif-version'
  | 'eif-header'
  | 'eif-section-offset'
  | 'eif-section-type'
  | 'eif-section-flags'
  | 'eif-section-size'
  | 'eif-sections'
  | 'eif-crc'
  | 'eif-metadata'
  | 'eif-signature'
  // Certificates that carry evidence (RA-TLS).
  | 'ra-tls-evidence'
  | 'ra-tls-binding'
  // Event logs, and endorsements as vendor services answer them.
  | 'event-log-format'
  | 'event-log-digest'
  | 'endorsement-fetch'
  | 'endorsement-format'
  // Intel DCAP: the quote.
  | 'quote-format'
  | 'quote-version-epid'
  | 'quote-tee'
  | 'quote-signature'
  | 'qe-report-signature'
  | 'attestation-key-binding'
  // Intel DCAP: endorsements, and what they say of the platform.
  | 'endorsement-missing'
  | 'pck-chain-missing'
  | 'pck-cert-format'
  | 'tcb-info-format'
  | 'tcb-info-validity'
  | 'tcb-info-signature'
  | 'tcb-info-mismatch'
  | 'qe-identity-format'
  | 'qe-identity-validity'
  | 'qe-identity-signature'
  | 'qe-identity-mismatch'
  | 'tdx-module-mismatch'
  | 'tcb-not-supported'
  | 'tcb-revoked'
  // The channel: oblivious HTTP, and binary HTTP inside it.
  | 'ohttp-key-config'
  | 'ohttp-key-unknown'
  | 'ohttp-format'
  | 'ohttp-size'
  | 'ohttp-open'
  | 'ohttp-incomplete'
  | 'ohttp-limit'
  | 'bhttp-format'
  | 'bhttp-size'
  // The client.
  | 'client-transport'
  | 'client-timeout'
  | 'client-evidence'
  | 'client-verifier'
  | 'client-freshness'
  | 'client-key'
  | 'client-key-rotated'
  | 'client-response'
  | 'client-date'
  | 'client-repeated'
  | 'client-expired'
  | 'client-superseded'
  | 'client-random'
  | 'client-closed'
  // The gate of a page: its worker, and what it refuses by itself.
  | 'gate-install'
  | 'gate-policy'
  | 'gate-expired'
  | 'gate-timeout'
  | 'gate-address'
  | 'gate-request'
  | 'gate-redirect'
  | 'gate-failed'
  // The gateway: how the body of a request or response broke off.
  | 'gateway-body'
  | 'gateway-size'
  | 'gateway-slow'
  // Appraisal: authentic, but not what the caller expects.
  | 'policy-kind'
  | 'policy-debug'
  | 'policy-pcr'
  | 'policy-nonce'
  | 'policy-freshness'
  | 'policy-user-data'
  | 'policy-public-key'
  | 'policy-event'
  | 'policy-rtmr'
  | 'policy-tcb-status'
  | 'policy-tcb-evaluation'
  | 'policy-endorsement-age'
  | 'policy-migration'
  | 'policy-service-td'
  | 'policy-measurements'
  | 'policy-report-data'
  | 'policy-platform'

/** The base of both kinds of refusal. Catch this one, then look at `code`. */
export abstract class AttestationError extends Error {
  /** Why, in a word that will not change. */
  declare readonly code: AttestationErrorCode
  /** What was wanted, where one text says it. */
  declare readonly expected: string | undefined
  /** What was found, where one text says it. */
  declare readonly actual: string | undefined
  /** Every check that was made until then, in order, the failed ones included. */
  readonly checks: readonly Check[] = []

  /** The message is `subject`, followed by what was expected and found where both are given. */
  constructor(code: AttestationErrorCode, subject: string, expected?: string, actual?: string, options?: ErrorOptions) {
    super(actual === undefined ? subject : `${subject}: expected ${expected}, found ${actual}`, options)
    this.code = code
    this.expected = expected
    this.actual = actual
  }
}

/** The evidence is not authentic or not well formed. Stop: nothing in it can be believed. */
export class VerificationError extends AttestationError {
  override readonly name: 'VerificationError' = 'VerificationError' as const
}

/** The evidence is authentic, but not what the caller expects: perhaps another build, or an old document. */
export class AppraisalError extends AttestationError {
  override readonly name: 'AppraisalError' = 'AppraisalError' as const
  /** Every appraisal that failed, in the order they were made; `code` and `message` are those of the first. */
  readonly failures: readonly Check[] = []
}
