/**
 * Reading an SGX quote without verifying it.
 */
import { recordChecks } from '../../../core/record.ts'
import { type DcapClaims, type DcapEvidence, dcapEvidence, decodeQuoteOf } from '../evidence.ts'
import type { SgxReport } from '../quote/report.ts'
import { copyEvidence } from '../../options.ts'

/** What a verified quote of an enclave says. */
export interface SgxClaims extends SgxReport, DcapClaims {
  /** Whether the host can read and change the enclave: bit 1 of its attributes. */
  readonly debug: boolean
}

/** A decoded quote. Not verified: for display, and for asking Intel for endorsements. */
export interface SgxEvidence extends SgxReport, DcapEvidence {
  readonly debug: boolean
}

/**
 * Reads an SGX quote for display. **Nothing that it returns is verified**: anyone can write such a
 * quote. Use `verifySgx` to decide anything.
 * @param evidence an ECDSA quote of version 3, 4 or 5, at most 65,536 bytes
 * @throws VerificationError `quote-format`, `quote-version-epid`, `quote-tee`; `cert-…`,
 *   `pck-cert-format` when its certificates cannot be read
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function decodeSgxEvidence(evidence: Uint8Array): SgxEvidence {
  const quote = decodeQuoteOf('sgx', copyEvidence(evidence), recordChecks())
  const { report } = quote.body
  return Object.freeze({ ...report, ...dcapEvidence(quote), debug: isDebug(report) })
}

/** ATTRIBUTES.FLAGS, bit 1. */
export function isDebug({ attributes }: SgxReport): boolean {
  return ((attributes[0] ?? 0xff) & 2) !== 0
}
