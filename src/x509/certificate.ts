/**
 * X.509 v3 certificates (RFC 5280 section 4), read strictly: DER throughout, no field left unread that could change a verdict.
 */
import { type Bytes, equalBytes } from '../encoding/bytes.ts'
import {
  assertDer,
  bitStringOctets,
  derReader,
  type DerReader,
  objectIdentifier,
  smallInteger,
  tags,
  time,
} from '../encoding/der.ts'
import { malformed, type Source } from '../encoding/reader.ts'

/** An extension as it stands; `value` is the DER inside the OCTET STRING. */
export interface Extension {
  readonly critical: boolean
  readonly value: Bytes
}

/** A decoded certificate. Nothing in it is verified; all bytes are views of `der`. */
export interface Certificate {
  /** Where it was found, for messages: `cabundle[1]`. */
  readonly name: string
  readonly der: Bytes
  /** TBSCertificate as received: what the issuer signed. */
  readonly tbs: Bytes
  readonly serialNumber: Bytes
  /** DER AlgorithmIdentifier; the copy inside TBSCertificate is equal. */
  readonly signatureAlgorithm: Bytes
  readonly signature: Bytes
  /** DER Name. Names are compared as bytes. */
  readonly issuer: Bytes
  readonly subject: Bytes
  /** Unix milliseconds; both ends belong to the validity (RFC 5280 section 4.1.2.5). */
  readonly notBefore: number
  readonly notAfter: number
  /** DER SubjectPublicKeyInfo, and its two parts. */
  readonly spki: Bytes
  readonly publicKeyAlgorithm: Bytes
  readonly publicKey: Bytes
  readonly extensions: ReadonlyMap<string, Extension>
  /** RFC 5280 section 4.2.1.9; absent when the extension is. */
  readonly basicConstraints?: { readonly cA: boolean; readonly pathLength?: number }
  /** Bit n is the n-th named bit of RFC 5280 section 4.2.1.3; absent when the extension is. */
  readonly keyUsage?: number
}

/** Object identifiers of the extensions that this library processes. */
export const extensionIds = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
} as const

/** Named bits of KeyUsage. */
export const keyUsages = { digitalSignature: 0x01, keyCertSign: 0x20, cRLSign: 0x40 } as const

/** version [0] EXPLICIT INTEGER 2, which is v3. */
const v3 = 'a003020102'
const emptyName = 2

/** @throws VerificationError `cert-parse`, and `cert-extension` for extensions that are malformed or stand twice. */
export function decodeCertificate(der: Bytes, name: string): Certificate {
  const source: Source = { name, code: 'cert-parse' }
  assertDer(der, source)
  const certificate = derReader(der, source).into(tags.sequence, 'Certificate')
  const { raw: tbs, content } = certificate.next(tags.sequence, 'TBSCertificate')
  const { raw: signatureAlgorithm } = certificate.next(tags.sequence, 'signatureAlgorithm')
  const signature = bitStringOctets(certificate.next(tags.bitString, 'signatureValue'), source)
  certificate.end()

  const fields = derReader(content, source)
  const version = fields.optional(tags.context(0), 'version')
  if (version === undefined || !isV3(version.raw)) throw malformed(source, 'not an X.509 v3 certificate')
  const serialNumber = fields.next(tags.integer, 'serialNumber').content
  // RFC 5280 section 4.1.2.2: positive, at most 20 octets (and one more for the sign).
  if ((serialNumber[0] as number) >= 0x80 || serialNumber.length > 21 || serialNumber.every((byte) => byte === 0)) {
    throw malformed(source, 'serialNumber must be positive and at most 20 octets')
  }
  if (!equalBytes(fields.next(tags.sequence, 'signature').raw, signatureAlgorithm)) {
    throw malformed(
      { name, code: 'cert-algorithm' },
      'signature algorithm differs inside and outside of what is signed',
    )
  }
  const issuer = fields.next(tags.sequence, 'issuer').raw
  if (issuer.length === emptyName) throw malformed(source, 'issuer is empty')
  const validity = fields.into(tags.sequence, 'validity')
  const notBefore = time(validity.any('notBefore'), source)
  const notAfter = time(validity.any('notAfter'), source)
  validity.end()
  const subject = fields.next(tags.sequence, 'subject').raw
  const { raw: spki, content: spkiContent } = fields.next(tags.sequence, 'subjectPublicKeyInfo')
  const key = derReader(spkiContent, source)
  const publicKeyAlgorithm = key.next(tags.sequence, 'algorithm').raw
  const publicKey = bitStringOctets(key.next(tags.bitString, 'subjectPublicKey'), source)
  key.end()
  // issuerUniqueID and subjectUniqueID would stand here: RFC 5280 forbids them, and end() below refuses them.
  const list = fields.peek() === tags.context(3) ? fields.into(tags.context(3), 'extensions') : undefined
  fields.end()
  const extensions =
    list === undefined ? new Map<string, Extension>() : decodeExtensions(list, { name, code: 'cert-extension' })

  return {
    name,
    der,
    tbs,
    serialNumber,
    signatureAlgorithm,
    signature,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    publicKeyAlgorithm,
    publicKey,
    extensions,
    ...decodeKnownExtensions(extensions, { name, code: 'cert-extension' }),
  }
}

/** `SEQUENCE OF Extension`, the content of an EXPLICIT tag; certificates and revocation lists share it. */
export function decodeExtensions(wrapper: DerReader, source: Source): Map<string, Extension> {
  const list = wrapper.into(tags.sequence, 'extensions')
  wrapper.end()
  const extensions = new Map<string, Extension>()
  do {
    const extension = list.into(tags.sequence, 'extension')
    const id = objectIdentifier(extension.next(tags.oid, 'extnID').content, source)
    const flag = extension.optional(tags.boolean, 'critical')
    // DER leaves out a DEFAULT: FALSE is never encoded.
    if (flag?.content[0] === 0) throw malformed(source, `extension ${id} encodes critical FALSE`)
    const value = extension.next(tags.octetString, 'extnValue').content
    extension.end()
    if (extensions.has(id)) throw malformed(source, `extension ${id} stands twice`)
    extensions.set(id, { critical: flag !== undefined, value })
  } while (list.peek() !== undefined)
  return extensions
}

function decodeKnownExtensions(
  extensions: ReadonlyMap<string, Extension>,
  source: Source,
): Pick<Certificate, 'basicConstraints' | 'keyUsage'> {
  const basicConstraints = extensions.get(extensionIds.basicConstraints)
  const keyUsage = extensions.get(extensionIds.keyUsage)
  return {
    ...(basicConstraints && { basicConstraints: decodeBasicConstraints(basicConstraints.value, source) }),
    ...(keyUsage && { keyUsage: decodeKeyUsage(keyUsage.value, source) }),
  }
}

function decodeBasicConstraints(value: Bytes, source: Source): { cA: boolean; pathLength?: number } {
  assertDer(value, source)
  const fields = derReader(value, source).into(tags.sequence, 'basicConstraints')
  const flag = fields.optional(tags.boolean, 'cA')
  if (flag?.content[0] === 0) throw malformed(source, 'basicConstraints encodes cA FALSE')
  const length = fields.optional(tags.integer, 'pathLenConstraint')
  fields.end()
  const cA = flag !== undefined
  if (length === undefined) return { cA }
  if (!cA) throw malformed(source, 'pathLenConstraint on a certificate that is no CA')
  return { cA, pathLength: smallInteger(length, source) }
}

function decodeKeyUsage(value: Bytes, source: Source): number {
  assertDer(value, source)
  const [unused, ...octets] = derReader(value, source).next(tags.bitString, 'keyUsage').content
  if (octets.length === 0 || octets.length > 2 || octets.at(-1) === 0)
    throw malformed(source, 'keyUsage is empty or padded')
  // Named bit lists number their bits from the most significant one, and DER drops trailing zero bits.
  if (((octets.at(-1) as number) >> (unused as number)) % 2 === 0)
    throw malformed(source, 'keyUsage keeps trailing zero bits')
  return octets.reduce((bits, octet, i) => bits | (reverse(octet) << (8 * i)), 0)
}

function reverse(octet: number): number {
  let bits = 0
  for (let i = 0; i < 8; i++) bits |= ((octet >> i) & 1) << (7 - i)
  return bits
}

function isV3(raw: Bytes): boolean {
  return raw.every((byte, i) => byte === parseInt(v3.slice(2 * i, 2 * i + 2), 16)) && raw.length === v3.length / 2
}
