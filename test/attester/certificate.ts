/**
 * One certificate of the fake vendor. `@peculiar/x509` makes the sound one; a plan can then change
 * any element of what is signed, sign again, and change what comes after the signature, so that
 * exactly one thing is wrong and everything else, signatures included, is right.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { type Bytes, bitString, ecdsaSignature, elementsOf, sequence } from './der.ts'

export type Curve = 'P-256' | 'P-384' | 'P-521'
export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** A key pair, and the curve and hash that it signs with. */
export interface Signer {
  readonly curve: Curve
  readonly hash: Hash
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** A distinguished name, one object a relative name, in order: `[{ C: ['US'] }, { CN: ['…'] }]`. */
export type DistinguishedName = x509.JsonName

/** Everything about a certificate. Override one field to break one thing. */
export interface CertificatePlan {
  /** Where its key is kept and what other plans call it. */
  readonly id: string
  readonly subject: DistinguishedName
  /** Default: the subject of the issuer's plan. */
  readonly issuer?: DistinguishedName
  readonly notBefore: Date
  readonly notAfter: Date
  /** Hexadecimal; must be positive here, see `tbs` for others. */
  readonly serialNumber: string
  /** The curve of its own key. Default P-384. */
  readonly curve?: Curve
  /** The hash that it is signed with. Default SHA-384. */
  readonly hash?: Hash
  readonly extensions: readonly x509.Extension[]
  /** Add subject and authority key identifiers. */
  readonly keyIdentifiers?: 'subject' | 'both'
  /** Signs instead of the issuer's key. */
  readonly signedBy?: Signer
  /**
   * Changes the elements of TBSCertificate: version, serialNumber, signature, issuer, validity,
   * subject, subjectPublicKeyInfo, extensions.
   */
  readonly tbs?: (elements: Bytes[]) => readonly Uint8Array[]
  /** Changes TBSCertificate, signatureAlgorithm and signatureValue after signing. */
  readonly outer?: (elements: Bytes[]) => readonly Uint8Array[]
  /** Changes the finished certificate. */
  readonly der?: (der: Bytes) => Bytes
}

export async function createSigner(curve: Curve = 'P-384'): Promise<Signer> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: curve }, true, [
    'sign',
    'verify',
  ])
  return {
    curve,
    hash: { 'P-256': 'SHA-256', 'P-384': 'SHA-384', 'P-521': 'SHA-512' }[curve] as Hash,
    privateKey,
    publicKey,
  }
}

/** r || s. */
export async function sign(
  { privateKey, hash }: Pick<Signer, 'privateKey' | 'hash'>,
  data: Uint8Array,
): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash }, privateKey, new Uint8Array(data)))
}

/**
 * Makes the certificate that `plan` describes, for the key `subject`, signed with the key `issuer`.
 */
export async function issue(
  plan: CertificatePlan,
  subject: Signer,
  issuerName: DistinguishedName,
  issuer: Signer,
): Promise<Bytes> {
  const signer = plan.signedBy ?? issuer
  const hash = plan.hash ?? 'SHA-384'
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: plan.serialNumber,
    subject: new x509.Name(plan.subject),
    issuer: new x509.Name(plan.issuer ?? issuerName),
    notBefore: plan.notBefore,
    notAfter: plan.notAfter,
    publicKey: subject.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: { name: 'ECDSA', hash, namedCurve: signer.curve } as EcdsaParams,
    extensions: [
      ...plan.extensions,
      ...(plan.keyIdentifiers === undefined
        ? []
        : [await x509.SubjectKeyIdentifierExtension.create(subject.publicKey)]),
      ...(plan.keyIdentifiers === 'both' ? [await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)] : []),
    ],
  })
  let der = new Uint8Array(made.rawData)
  const { tbs, outer } = plan
  if (tbs !== undefined) {
    const [signed = der, algorithm = der] = elementsOf(der)
    const changed = sequence(...tbs(elementsOf(signed)))
    const signature = ecdsaSignature(await sign({ privateKey: signer.privateKey, hash }, changed))
    der = sequence(changed, algorithm, bitString(signature))
  }
  if (outer !== undefined) der = sequence(...outer(elementsOf(der)))
  return plan.der?.(der) ?? der
}
