/**
 * Evidence of a guest on SEV-SNP: a report, alone or with the certificate table of an extended
 * report.
 */
import { VerificationError } from '../../../core/errors.ts'
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import { copyEvidence } from '../../options.ts'
import { type CertificateTableEntry, decodeCertificateTable } from './certificate-table.ts'
import { type DecodedReport, decodeReport, hintFor, reportSize, type SnpReport } from './report.ts'
import { productOf, type SnpProduct, type SnpTcb } from './tcb.ts'

const maximumSize = 65_536

/** What a verified report says, and its certificates with it. Frozen. */
export interface SevSnpClaims extends Omit<
  SnpReport,
  'currentTcb' | 'reportedTcb' | 'committedTcb' | 'launchTcb' | 'chipId'
> {
  readonly currentTcb: SnpTcb
  /** What the key that signed was derived for: the certificate says the same. */
  readonly reportedTcb: SnpTcb
  /** What the host cannot go below. */
  readonly committedTcb: SnpTcb
  readonly launchTcb: SnpTcb
  readonly product: SnpProduct
  /** The cloud provider, for a VLEK. */
  readonly cspId: string | undefined
  /** The chip, for a VCEK: 64 bytes. A VLEK does not vouch for it: `undefined`. */
  readonly chipId: Uint8Array | undefined
  /** The host may read the guest's memory. */
  readonly debug: boolean
  /** Ids of advisories that this report gives a sign of; `advisoriesAsOf` dates the table. */
  readonly advisories: readonly string[]
  /** What no report of SEV-SNP covers, in words for people. */
  readonly notCovered: readonly string[]
}

/** What evidence says. Not verified: for display, and for asking AMD for endorsements. */
export interface SevSnpEvidence extends SnpReport {
  /**
   * By the processor's numbers; `undefined` for version 2, which has none, and for processors that
   * are not known here.
   */
  readonly product: SnpProduct | undefined
  /** What the host put behind the report; empty without a table. */
  readonly certificates: readonly CertificateTableEntry[]
}

/** Evidence, read. */
export interface DecodedEvidence extends DecodedReport {
  readonly certificates: readonly CertificateTableEntry[]
}

/**
 * @throws VerificationError `report-size`, `cert-table`, `report-version`, `report-algorithm`,
 *   `report-reserved`, `report-signing-key`
 */
export function decodeEvidence(bytes: Bytes, checks: CheckRecorder): DecodedEvidence {
  checks.decodes('report-size', `${bytes.length} bytes`, () => {
    if (bytes.length >= reportSize && bytes.length <= maximumSize) return
    throw new VerificationError('report-size', {
      subject: 'evidence',
      expected: `a report of ${reportSize} bytes, at most ${maximumSize} with its certificate table`,
      found: `${bytes.length} bytes`,
    })
  })
  const certificates = decodeCertificateTable(bytes.subarray(reportSize), hintFor(bytes), checks)
  return { ...decodeReport(bytes.subarray(0, reportSize), checks), certificates }
}

/**
 * Reads evidence of SEV-SNP without verifying it: anyone can write such a thing.
 * @param evidence a report of 1184 bytes, alone or with a certificate table behind it
 * @throws VerificationError when it is malformed
 * @throws TypeError when `evidence` is no `Uint8Array`
 */
export function decodeSevSnpEvidence(evidence: Uint8Array): SevSnpEvidence {
  const { report, certificates } = decodeEvidence(copyEvidence(evidence), recordChecks())
  const product = report.cpu && productOf(report.cpu)
  return Object.freeze({ ...report, product, certificates: Object.freeze(certificates) })
}
