/**
 * The reason codes, stable across releases. Each names the check that failed: `Check.id` uses the
 * same words. The vendor documents behind them are cited where the check is made.
 */

/** Any reason: one union for the whole library, by the part that gives it. */
export type AttestationErrorCode =
  | RuntimeErrorCode
  | CoseErrorCode
  | CertificateErrorCode
  | CrlErrorCode
  | PolicyErrorCode
  | AwsErrorCode
  | IntelErrorCode
  | AmdErrorCode
  | ArmErrorCode
  | AzureErrorCode
  | WebAuthnErrorCode
  | AndroidErrorCode
  | AppleErrorCode
  | EndorsementErrorCode
  | RaTlsErrorCode
  | SecondOpinionErrorCode
  | ReferenceErrorCode
  | RatsErrorCode
  | ImageErrorCode
  | ProviderErrorCode
  | ChannelErrorCode
  | ClientErrorCode
  | GateErrorCode
  | GatewayErrorCode

/** The runtime, and the front door of `veritee`. */
export type RuntimeErrorCode = 'unsupported' | 'format-unknown' | 'format-refused'

/** Messages that are signed with COSE, RFC 9052. */
export type CoseErrorCode =
  | 'outer-cbor'
  | 'cose-tag'
  | 'cose-shape'
  | 'cose-protected'
  | 'cose-alg'
  | 'cose-unprotected'
  | 'cose-signature-length'
  | 'cose-signature'

/** Certificates and their paths, RFC 5280. */
export type CertificateErrorCode =
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

/** Certificate revocation lists, RFC 5280 section 5. */
export type CrlErrorCode =
  'crl-parse' | 'crl-algorithm' | 'crl-extension' | 'crl-issuer' | 'crl-validity' | 'crl-signature' | 'crl-revoked'

/** What several formats are appraised for: authentic, but not what the caller expects. */
export type PolicyErrorCode =
  | 'policy-debug'
  | 'policy-nonce'
  | 'policy-freshness'
  | 'policy-migration'
  | 'policy-measurements'
  | 'policy-report-data'
  | 'policy-platform'
  | 'policy-pcr'

/** Documents of the Nitro Security Module. */
export type AwsErrorCode =
  // The payload of a Nitro document.
  | 'payload-size'
  | 'payload-cbor'
  | 'payload-field-missing'
  | 'payload-field-type'
  | 'payload-field-size'
  | 'payload-digest'
  | 'payload-pcr'
  // Appraisal.
  | 'policy-kind'
  | 'policy-user-data'
  | 'policy-public-key'

/** Intel DCAP: quotes of SGX and TDX, and the event logs beside them. */
export type IntelErrorCode =
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
  // Event logs.
  | 'event-log-format'
  | 'event-log-digest'
  // Appraisal.
  | 'policy-event'
  | 'policy-rtmr'
  | 'policy-tcb-status'
  | 'policy-tcb-evaluation'
  | 'policy-endorsement-age'
  | 'policy-service-td'

/** AMD SEV-SNP: the report, and the key that signed it. */
export type AmdErrorCode =
  | 'report-size'
  | 'report-version'
  | 'report-algorithm'
  | 'report-reserved'
  | 'report-signing-key'
  | 'report-product'
  | 'report-tcb'
  | 'report-signature'
  | 'cert-table'
  | 'vek-cert-format'
  | 'vek-product-mismatch'
  | 'vek-tcb-mismatch'
  | 'vek-chip-id-mismatch'
  // Appraisal.
  | 'policy-product'
  | 'policy-csp'
  | 'policy-vmpl'
  | 'policy-guest-policy'
  | 'policy-platform-info'
  | 'policy-tcb'
  | 'policy-firmware'
  | 'policy-provisional-firmware'
  | 'policy-mitigations'
  | 'policy-guest-svn'

/** Arm: CCA and PSA tokens, in the order of the checks. */
export type ArmErrorCode =
  | 'token-wrapper'
  | 'token-profile'
  | 'payload-field-value'
  | 'realm-key'
  | 'anchor-unknown'
  | 'platform-signature'
  | 'realm-signature'
  | 'cose-mac-refused'
  | 'cose-mac'
  // Appraisal.
  | 'policy-lifecycle'

/** A virtual TPM beside a report, in the wrapping of Azure. */
export type AzureErrorCode =
  'hcl-format' | 'hcl-runtime-data' | 'vtpm-quote-format' | 'vtpm-quote-signature' | 'vtpm-pcr-digest'

/** Attestation objects of WebAuthn. */
export type WebAuthnErrorCode = 'webauthn-format' | 'webauthn-client-data' | 'webauthn-key' | 'webauthn-signature'

/** Android key attestation: the chain, its status list, what the leaf says of the key. */
export type AndroidErrorCode =
  | 'chain-shape'
  | 'status-revoked'
  | 'status-expired'
  | 'key-description'
  // Appraisal, of which Apple's applications share one.
  | 'policy-security-level'
  | 'policy-key'
  | 'policy-boot'
  | 'policy-application'
  | 'policy-patch-level'

/** Apple App Attest. */
export type AppleErrorCode =
  'app-attest-format' | 'app-attest-nonce' | 'app-attest-key' | 'app-attest-counter' | 'app-attest-signature'

/** Endorsements, as vendor services answer them. */
export type EndorsementErrorCode = 'endorsement-fetch' | 'endorsement-format'

/** Certificates that carry evidence (RA-TLS). */
export type RaTlsErrorCode = 'ra-tls-evidence' | 'ra-tls-binding'

/** A second, independent implementation that must agree. */
export type SecondOpinionErrorCode = 'second-opinion-disagrees' | 'second-opinion-unavailable'

/** Signed reference values (CoRIM). */
export type ReferenceErrorCode =
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

/** Messages of RATS: wrappers (CMW), and attestation results of other verifiers (EAR). */
export type RatsErrorCode =
  | 'cmw-size'
  | 'cmw-format'
  | 'ear-format'
  | 'ear-alg'
  | 'ear-signature'
  | 'ear-profile'
  | 'ear-validity'
  | 'policy-ear-status'

/** Images that are measured: reading them, OVMF firmware, Enclave Image Files. */
export type ImageErrorCode =
  | 'image-read'
  | 'ovmf-format'
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

/**
 * Providers of private AI: the compose file of an application, a provider's report, its receipts.
 */
export type ProviderErrorCode =
  | 'compose-format'
  | 'report-json'
  | 'report-field'
  | 'report-select'
  | 'report-nonce'
  | 'report-binding'
  | 'report-key'
  | 'receipt-format'
  | 'receipt-signature'
  | 'receipt-mismatch'
  // Appraisal.
  | 'policy-compose'
  | 'policy-images'
  | 'policy-os-image'
  | 'policy-key-provider'
  | 'policy-app-id'
  | 'policy-gpu'
  | 'policy-expired'
  | 'policy-unproven'

/** The channel: oblivious HTTP, and binary HTTP inside it. */
export type ChannelErrorCode =
  | 'ohttp-key-config'
  | 'ohttp-key-unknown'
  | 'ohttp-format'
  | 'ohttp-size'
  | 'ohttp-open'
  | 'ohttp-incomplete'
  | 'ohttp-limit'
  | 'bhttp-format'
  | 'bhttp-size'

/** The client. */
export type ClientErrorCode =
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

/** The gate of a page: its worker, and what it refuses by itself. */
export type GateErrorCode =
  | 'gate-install'
  | 'gate-policy'
  | 'gate-expired'
  | 'gate-timeout'
  | 'gate-address'
  | 'gate-request'
  | 'gate-redirect'
  | 'gate-failed'

/** The gateway: how the body of a request or response broke off. */
export type GatewayErrorCode = 'gateway-body' | 'gateway-size' | 'gateway-slow'
