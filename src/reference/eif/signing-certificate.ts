/**
 * The certificate that an enclave image is signed with. It is normally self-signed, and nothing
 * vouches for it but the PCR8 that the relying party expects; so all that is read is the key and
 * the dates.
 *
 * Accepted: X.509 v1 as well as v3, because the commands in AWS's guide make v1 with OpenSSL before
 * 3.2; DER throughout; keys on P-256, P-384 and P-521, which are those that `nitro-cli` signs with.
 * Extensions are not looked at, neither does AWS.
 */
import { ES256, ES384, ES512, isKeyOf, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { BIT_STRING, childrenOf, context, decodeDer, INTEGER, rawOf, SEQUENCE, time } from '../../encoding/der.ts'
import { decodePem } from '../../encoding/pem.ts'
import { malformed, type Source } from '../../encoding/reader.ts'

export interface SigningCertificate {
  /** As it came: what PCR8 is made of. */
  readonly der: Bytes
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Bytes
  /** What a key on this curve signs with. */
  readonly algorithm: SignatureAlgorithm
  /** Unix milliseconds; both ends belong to the validity. */
  readonly notBefore: number
  readonly notAfter: number
}

/** @throws VerificationError with the code of `source` */
export function decodeSigningCertificate(der: Bytes, source: Source): SigningCertificate {
  const [tbs] = childrenOf(decodeDer(der, source), source, 'Certificate', [SEQUENCE, SEQUENCE, BIT_STRING])
  // v1 has no version in front, and ends with the key.
  const fields = tbs.children.slice(tbs.children[0]?.tag === context(0) ? 1 : 0).slice(0, 6)
  // serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
  const [, , , validity, , spki] = childrenOf({ ...tbs, children: fields }, source, 'TBSCertificate', [
    INTEGER,
    SEQUENCE,
    SEQUENCE,
    SEQUENCE,
    SEQUENCE,
    SEQUENCE,
  ])
  const [notBefore, notAfter, more] = validity.children.map((node) => time(node, source))
  if (notBefore === undefined || notAfter === undefined || more !== undefined)
    throw malformed(source, 'malformed validity')
  const algorithm = [ES256, ES384, ES512].find(({ key }) => isKeyOf(rawOf(spki), key))
  if (algorithm === undefined) throw malformed(source, 'key must be on P-256, P-384 or P-521')
  return { der, spki: rawOf(spki), algorithm, notBefore, notAfter }
}

/**
 * The one certificate in a PEM text. Readers differ in what they make of several. @throws
 * VerificationError with the code of `source`
 */
export function decodeSigningPem(text: string, source: Source): SigningCertificate {
  const [der, ...more] = decodePem(text, 'CERTIFICATE', source) as [Bytes, ...Bytes[]]
  if (more.length > 0) throw malformed(source, `PEM must hold 1 certificate, found ${more.length + 1}`)
  return decodeSigningCertificate(der, source)
}
