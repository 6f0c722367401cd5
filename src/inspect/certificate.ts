/**
 * A certificate as a person wants to see it.
 */
import { copyBytes, toHex } from '../encoding/bytes.ts'
import { copyEvidence } from '../formats/options.ts'
import { decodeCertificate } from '../x509/certificate.ts'
import { nameToText } from '../x509/name.ts'

/** What a person wants to see of a certificate. Not verified. */
export interface CertificateDescription {
  /** `CN=…, O=…`, control characters escaped. */
  readonly subject: string
  readonly issuer: string
  /** Lower-case hexadecimal. */
  readonly serialNumber: string
  /** First and last moment of validity. */
  readonly notBefore: Date
  readonly notAfter: Date
  /**
   * How many CAs it allows below itself; `undefined` for no limit, and for certificates that are no
   * CA.
   */
  readonly pathLength: number | undefined
  readonly isCa: boolean
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
}

/**
 * Reads one certificate for display.
 * @param der an X.509 v3 certificate, DER
 * @throws VerificationError `cert-parse`, `cert-algorithm` or `cert-extension` when it is malformed
 * @throws TypeError when `der` is not a `Uint8Array`
 */
export function describeCertificate(der: Uint8Array): CertificateDescription {
  const { subject, issuer, serialNumber, notBefore, notAfter, basicConstraints, spki } = decodeCertificate(
    copyEvidence(der),
    'certificate',
  )
  return Object.freeze({
    subject: nameToText(subject),
    issuer: nameToText(issuer),
    serialNumber: toHex(serialNumber),
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    pathLength: basicConstraints?.pathLength,
    isCa: basicConstraints?.cA === true,
    spki: copyBytes(spki),
  })
}
