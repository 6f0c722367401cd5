/**
 * Reading a TDX quote without verifying it.
 */
import { recordChecks } from '../../../core/record.ts'
import { type DcapClaims, type DcapEvidence, dcapEvidence, decodeQuoteOf } from '../evidence.ts'
import type { TdxReport } from '../quote/report.ts'
import { copyEvidence } from '../../options.ts'

/** What a verified quote of a trust domain says. */
export interface TdxClaims extends TdxReport, DcapClaims {
  /** Whether the host can read and change the TD, by any of the eight bits that allow it. */
  readonly debug: boolean
}

/** A decoded quote. Not verified: for display, and for asking Intel for endorsements. */
export interface TdxEvidence extends TdxReport, DcapEvidence {
  readonly debug: boolean
}

/**
 * Reads a TDX quote for display. **Nothing that it returns is verified**: anyone can write such a
 * quote. Use `verifyTdx` to decide anything.
 * @param evidence a quote of version 4 or 5, at most 65,536 bytes
 * @throws VerificationError `quote-format`, `quote-version-epid`, `quote-tee`; `cert-…`,
 *   `pck-cert-format` when its certificates cannot be read
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function decodeTdxEvidence(evidence: Uint8Array): TdxEvidence {
  const quote = decodeQuoteOf('tdx', copyEvidence(evidence), recordChecks())
  const { report } = quote.body
  return Object.freeze({ ...report, ...dcapEvidence(quote), debug: isDebug(report) })
}

/** TD attributes, bits 0 to 7 ("TUD"): each of them lets the host in. */
export function isDebug({ tdAttributes }: TdxReport): boolean {
  return tdAttributes[0] !== 0
}
