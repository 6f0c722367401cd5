/**
 * What the certificates of one vendor look like, as data: one profile for each position in a chain.
 * `path.ts` reads it and knows no vendor.
 */
import type { KeyAlgorithm, SignatureAlgorithm } from '../crypto/algorithms.ts'
import type { Bytes } from '../encoding/bytes.ts'
import type { Quirks } from './certificate.ts'

/** One certificate. */
export interface CertificateProfile {
  /**
   * How its issuer signs it: one algorithm, in each encoding that the vendor has written. The first
   * one is what messages call it by.
   */
  readonly signatures: readonly [SignatureAlgorithm, ...SignatureAlgorithm[]]
  /** The type of its own key. */
  readonly key: KeyAlgorithm
  /**
   * A CA: critical basic constraints say so, and KeyUsage has keyCertSign. Anything else is an end
   * entity: it must have neither, and its KeyUsage must have digitalSignature.
   */
  readonly isCa: boolean
  /**
   * Whether an end entity may lack KeyUsage as a whole. RFC 5280 section 4.2.1.3 then allows every
   * use.
   */
  readonly mayLackKeyUsage?: boolean
  /** What the vendor does although it is forbidden. Default: nothing. */
  readonly quirks?: Quirks
  /**
   * The only subject that is accepted. Default: any, as long as the certificate below names it as
   * its issuer.
   */
  readonly subject?: SubjectName
  /**
   * Whether an endorsement cache may remember it. Certificates that live no longer than the
   * evidence would only fill it.
   */
  readonly isRemembered: boolean
}

/** A name. */
export interface SubjectName {
  /** For messages. */
  readonly text: string
  /** DER Name, compared as bytes. */
  readonly der: Bytes
}

/**
 * A chain: root first, end entity last. How many CAs are between is for their path lengths to say,
 * and for the vendor's names.
 */
export interface PathProfile {
  readonly root: CertificateProfile
  /** Every CA between. */
  readonly ca: CertificateProfile
  readonly leaf: CertificateProfile
}

/** A CA that signs and is signed with one algorithm. */
export const caOf = (algorithm: SignatureAlgorithm): CertificateProfile => ({
  signatures: [algorithm],
  key: algorithm.key,
  isCa: true,
  isRemembered: true,
})

/** An end entity of the same that signs evidence. */
export const leafOf = (algorithm: SignatureAlgorithm): CertificateProfile => ({
  signatures: [algorithm],
  key: algorithm.key,
  isCa: false,
  isRemembered: false,
})

/** A chain of one algorithm and any number of CAs. */
export const uniformProfile = (algorithm: SignatureAlgorithm): PathProfile => ({
  root: caOf(algorithm),
  ca: caOf(algorithm),
  leaf: leafOf(algorithm),
})

/**
 * The profile of one position. @param length of the chain; a chain of one certificate is an end
 * entity
 */
export function profileAt({ root, ca, leaf }: PathProfile, i: number, length: number): CertificateProfile {
  if (i === length - 1) return leaf
  return i === 0 ? root : ca
}
