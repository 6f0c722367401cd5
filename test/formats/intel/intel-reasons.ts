/**
 * Why vectors of Intel are refused: the manifest's words in ours.
 */
import type { AttestationErrorCode } from '../../../src/core/codes.ts'

/**
 * Where this library decided other than the manifest's verdict, which its tag `ambiguous` allows.
 */
export const decisions: Readonly<Record<string, readonly [AttestationErrorCode, RegExp]>> = {
  // Trailing bytes other than zeros are refused: nothing that pads writes them.
  'mut-tdx4-trailing-garbage': ['quote-format', /80 bytes after the quote that are not all zero/],
}

/** The manifest's reasons in our words: our code, and what the message must say besides. */
export const reasons: Readonly<Record<string, readonly (readonly [AttestationErrorCode, RegExp])[]>> = {
  QUOTE_FORMAT: [['quote-format', /./]],
  QUOTE_VERSION_EPID: [['quote-version-epid', /EPID .*not supported/]],
  QUOTE_SIGNATURE: [['quote-signature', /quote: signature does not match its attestation key/]],
  NO_PCK_CHAIN: [['pck-chain-missing', /certification data of type 3.*pckCertificateChain/]],
  PCK_CHAIN_UNTRUSTED: [['root-mismatch', /SHA-256 of the root/]],
  PCK_CHAIN_FORMAT: [['cert-path', /certificates in the chain of PCK certificate: expected 3/]],
  PCK_CHAIN_INVALID: [['cert-chain-signature', /PCK/]],
  PCK_CHAIN_EXPIRED: [['cert-validity', /PCK certificate has expired/]],
  PCK_CHAIN_NOT_YET_VALID: [['cert-validity', /PCK certificate is not valid yet/]],
  PCK_CERT_FORMAT: [['pck-cert-format', /SGX extension/]],
  CRL_EXPIRED: [['crl-validity', /validity of (pckCrl|rootCaCrl)/]],
  CRL_NOT_YET_VALID: [['crl-validity', /validity of (pckCrl|rootCaCrl)/]],
  CRL_UNKNOWN_ISSUER: [['crl-issuer', /is not of/]],
  CRL_SIGNATURE: [
    ['crl-signature', /pckCrl: signature does not match CA of the PCK/],
    // It says itself which key signed it.
    ['crl-issuer', /pckCrl names another key than that of CA of the PCK/],
  ],
  PCK_REVOKED: [['crl-revoked', /PCK certificate: revoked since/]],
  INTERMEDIATE_REVOKED: [['crl-revoked', /CA of the PCK: revoked since/]],
  TCB_SIGNER_REVOKED: [['crl-revoked', /signer of tcbInfoIssuerChain: revoked since/]],
  TCB_SIGNING_CHAIN_EXPIRED: [['cert-validity', /signer of tcbInfoIssuerChain has expired/]],
  TCB_SIGNING_CHAIN_UNTRUSTED: [['root-mismatch', /SHA-256 of the root/]],
  TCB_SIGNING_CHAIN_FORMAT: [['cert-extension', /signer of tcbInfoIssuerChain must not be a CA/]],
  TCB_INFO_SIGNATURE: [['tcb-info-signature', /every byte as served/]],
  TCB_INFO_EXPIRED: [['tcb-info-validity', /TCB Info has expired/]],
  TCB_INFO_NOT_YET_VALID: [['tcb-info-validity', /TCB Info is not valid yet/]],
  TCB_INFO_FORMAT: [['tcb-info-format', /unknown tcb(Status|Type)/]],
  TCB_INFO_MISMATCH: [['tcb-info-mismatch', /(FMSPC|PCE-ID|TEE) of TCB Info: expected/]],
  QE_IDENTITY_SIGNATURE: [['qe-identity-signature', /every byte as served/]],
  QE_IDENTITY_EXPIRED: [['qe-identity-validity', /QE identity has expired/]],
  QE_IDENTITY_NOT_YET_VALID: [['qe-identity-validity', /QE identity is not valid yet/]],
  QE_IDENTITY_MISMATCH: [['qe-identity-mismatch', /QE (identity|MRSIGNER|ISVPRODID|ATTRIBUTES): expected/]],
  QE_REPORT_SIGNATURE: [['qe-report-signature', /QE report: signature does not match the PCK/]],
  ATTESTATION_KEY_BINDING: [['attestation-key-binding', /attestation key in the report data of the QE/]],
  TDX_MODULE_MISMATCH: [['tdx-module-mismatch', /TCB Info says nothing of TDX_|MRSIGNERSEAM: expected/]],
  TCB_NOT_SUPPORTED: [['tcb-not-supported', /below every TCB level/]],
  TCB_REVOKED: [['tcb-revoked', /Revoked/]],
}
