/**
 * Trust anchors as a name and a key (RFC 5280 section 6.1.1 (d)), for vendors that issue several
 * certificates of one root key, or none with the evidence.
 */
import { itemsOf, readOwn, requireOption } from '../core/options.ts'
import { copyBytes, fromBase64, isBytes } from '../encoding/bytes.ts'
import { type Certificate, decodeCertificate } from './certificate.ts'

/** Who is trusted: a certificate is this anchor when name and key are equal. */
export type TrustAnchor = Pick<Certificate, 'subject' | 'spki'>

/**
 * A pinned anchor.
 * @param subject DER Name, base64.
 * @param spki DER SubjectPublicKeyInfo, base64
 */
export const pinned = (subject: string, spki: string): TrustAnchor => ({
  subject: fromBase64(subject),
  spki: fromBase64(spki),
})

/**
 * The option `trustAnchors`: certificates, of which name and key count.
 * @throws TypeError for an empty list, and for what is no certificate
 */
export function readAnchors(trustAnchors: unknown): readonly TrustAnchor[] {
  const list = itemsOf(trustAnchors)
  requireOption('trustAnchors', 'certificates in DER, at least one', list.length > 0 && list.every(isBytes))
  return list.map((der, i) => readOwn(() => decodeCertificate(copyBytes(der as Uint8Array), `trustAnchors[${i}]`)))
}
