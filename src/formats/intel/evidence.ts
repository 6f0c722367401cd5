/**
 * What a quote says beside its report, before or after it is verified.
 */
import { type Bytes, copyBytes, toHex } from '../../encoding/bytes.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { decodeCertificate } from '../../x509/certificate.ts'
import type { Collateral } from './collateral/collateral.ts'
import type { DcapTcb } from './evaluate.ts'
import { certificatesIn } from './collateral/paths.ts'
import { type DcapPlatform, decodePck } from './collateral/pck.ts'
import { type DcapTee, decodeQuote, type Quote, type QuoteBody } from './quote/quote.ts'
import type { SgxReport } from './quote/report.ts'

/** What a verified quote says of the platform, and Intel of it. */
export interface DcapClaims extends DcapTcb {
  readonly quoteVersion: 3 | 4 | 5
  /**
   * That of version 5, also for the others: 1 SGX, 2 TDX 1.0, 3 TDX 1.5, 4 TDX 1.5 with its
   * extension.
   */
  readonly bodyType: 1 | 2 | 3 | 4
  readonly platform: DcapPlatform
  /**
   * Of the PCK certificate, lower-case hexadecimal; Intel keeps it when it issues the certificate
   * again.
   */
  readonly pckSerialNumber: string
  readonly qeIsvSvn: number
  /** When Intel issued what was said here. */
  readonly tcbInfoIssueDate: Date
  readonly qeIdentityIssueDate: Date
}

/**
 * What a quote carries beside its report. Not verified: for display, and for asking Intel for
 * endorsements.
 */
export interface DcapEvidence {
  readonly quoteVersion: 3 | 4 | 5
  readonly bodyType: 1 | 2 | 3 | 4
  /** 20 bytes of the header that tell quoting enclaves apart. */
  readonly userData: Uint8Array
  readonly qeReport: SgxReport
  /**
   * 5: the PCK certificate chain. 1 to 4: less than that, so that endorsements need
   * `pckCertificateChain`.
   */
  readonly certificationDataType: number
  readonly certificationData: Uint8Array
  /** The PCK certificate, its CA and the root, DER; empty when the quote has no chain. */
  readonly certificates: readonly Uint8Array[]
  /**
   * FMSPC and CA are what endorsements are asked for by; `undefined` when the quote has no chain.
   */
  readonly platform: DcapPlatform | undefined
}

/** A quote of one kind of TEE. */
export type QuoteOf<Tee extends DcapTee> = Quote & { readonly body: Extract<QuoteBody, { tee: Tee }> }

/** @throws VerificationError `quote-format`, `quote-version-epid`, `quote-tee` */
export function decodeQuoteOf<Tee extends DcapTee>(tee: Tee, bytes: Bytes, checks: CheckRecorder): QuoteOf<Tee> {
  const quote = decodeQuote(bytes, checks)
  const found: DcapTee = quote.body.tee
  checks.decodes('quote-tee', 'TEE of the quote', { holds: found === tee, expected: tee, found })
  return quote as QuoteOf<Tee>
}

/** Claims beside those of the report, for a frozen whole. */
export function dcapClaims(
  { header, body, qeReport }: Quote,
  { platform, pck, tcbInfo, qeIdentity }: Collateral,
  tcb: DcapTcb,
): DcapClaims {
  // V8 takes many times as long for a spread among so many properties.
  return Object.assign(
    {
      quoteVersion: header.version,
      bodyType: body.type,
      platform,
      pckSerialNumber: toHex(pck.serialNumber),
      qeIsvSvn: qeReport.isvSvn,
      tcbInfoIssueDate: new Date(tcbInfo.issueDate),
      qeIdentityIssueDate: new Date(qeIdentity.issueDate),
    },
    tcb,
  )
}

/**
 * @throws VerificationError `cert-parse`, `pck-cert-format` for a chain that is there and cannot be
 *   read
 */
export function dcapEvidence(quote: Quote): DcapEvidence {
  const { header, body, qeReport, certificationDataType, certificationData } = quote
  const certificates = certificatesIn(quote)
  const [pck] = certificates
  return {
    quoteVersion: header.version,
    bodyType: body.type,
    userData: copyBytes(header.userData),
    qeReport: Object.freeze(qeReport),
    certificationDataType,
    certificationData: copyBytes(certificationData),
    certificates: Object.freeze(certificates),
    platform: pck && decodePck(decodeCertificate(pck, 'PCK certificate')),
  }
}
