/**
 * X.509 v3 certificates (RFC 5280 section 4), read strictly: DER throughout, no field left unread
 * that could change a verdict.
 */
import { type Bytes, equalBytes, toHex } from '../encoding/bytes.ts'
import {
  BIT_STRING,
  bitStringOctets,
  BOOLEAN,
  childrenOf,
  contentOf,
  context,
  decodeDer,
  type DerNode,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  rawOf,
  SEQUENCE,
  smallInteger,
  time,
} from '../encoding/der.ts'
import { malformed, type Source } from '../encoding/reader.ts'

/** An extension as it is written; `value` is the DER inside the OCTET STRING. */
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
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Bytes
  /** By the content of their OBJECT IDENTIFIER, in hexadecimal. */
  readonly extensions: ReadonlyMap<string, Extension>
  /** RFC 5280 section 4.2.1.9; absent when the extension is. */
  readonly basicConstraints: BasicConstraints | undefined
  /**
   * The named bits of RFC 5280 section 4.2.1.3, the first one as 0x8000; 0 when the extension is
   * absent.
   */
  readonly keyUsage: number
}

export interface BasicConstraints {
  readonly cA: boolean
  /** How many CAs may be below; unlimited when absent. */
  readonly pathLength: number | undefined
}

// Extensions that decide something here (RFC 5280 section 4.2.1): the content of their OBJECT
// IDENTIFIER, 551d is 2.5.29.
export const KEY_USAGE = '551d0f'
export const BASIC_CONSTRAINTS = '551d13'
export const NAME_CONSTRAINTS = '551d1e'

// Named bits of KeyUsage: bit 0 of the BIT STRING is the most significant of 16 here.
export const DIGITAL_SIGNATURE = 0x8000
export const KEY_CERT_SIGN = 0x0400
export const CRL_SIGN = 0x0200

/**
 * What a vendor's genuine certificates do although RFC 5280 or DER forbids it. Each changes nothing
 * of what a certificate means.
 */
export interface Quirks {
  /** The serial number 0. */
  readonly zeroSerial?: boolean
  /** Zero bits at the end of KeyUsage, which DER leaves out. */
  readonly paddedKeyUsage?: boolean
}

/**
 * @throws VerificationError `cert-parse`, `cert-algorithm` when the two signature algorithms
 *   differ, `cert-extension` for malformed or repeated extensions
 */
export function decodeCertificate(der: Bytes, name: string, { zeroSerial, paddedKeyUsage }: Quirks = {}): Certificate {
  const source: Source = { name, code: 'cert-parse' }
  const [tbs, algorithm, signature] = childrenOf(decodeDer(der, source), source, 'Certificate', [
    SEQUENCE,
    SEQUENCE,
    BIT_STRING,
  ])
  // Versions before v3 have no version or no extensions; the unique identifiers that RFC 5280
  // forbids would come before the extensions.
  const [version, serial, innerAlgorithm, issuer, validity, subject, spki, wrapper] = childrenOf(
    tbs,
    source,
    'TBSCertificate',
    [context(0), INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, context(3)],
  )
  // INTEGER 2 is v3.
  if (toHex(contentOf(version)) !== '020102') throw malformed(source, 'not an X.509 v3 certificate')
  // RFC 5280 section 4.1.2.2: at most 20 octets without the zero in front that only says that it is
  // not negative.
  const serialNumber = contentOf(serial)
  const size = serialNumber.length - (serialNumber[0] === 0 ? 1 : 0)
  if ((serialNumber[0] as number) >= 0x80 || size < (zeroSerial === true ? 0 : 1) || size > 20)
    throw malformed(source, 'serialNumber out of range')
  if (!equalBytes(rawOf(innerAlgorithm), rawOf(algorithm))) {
    throw malformed({ name, code: 'cert-algorithm' }, 'two signature algorithms')
  }
  if (issuer.children.length === 0) throw malformed(source, 'empty issuer')
  if (validity.children.length !== 2) throw malformed(source, 'malformed validity')
  const [notBefore, notAfter] = validity.children.map((node) => time(node, source)) as [number, number]
  const extensionSource: Source = { name, code: 'cert-extension' }
  const extensions = decodeExtensions(wrapper, extensionSource)
  return {
    name,
    der,
    tbs: rawOf(tbs),
    serialNumber,
    signatureAlgorithm: rawOf(algorithm),
    signature: bitStringOctets(signature, source),
    issuer: rawOf(issuer),
    subject: rawOf(subject),
    notBefore,
    notAfter,
    spki: rawOf(spki),
    extensions,
    basicConstraints: decodeBasicConstraints(extensions.get(BASIC_CONSTRAINTS), extensionSource),
    keyUsage: decodeKeyUsage(extensions.get(KEY_USAGE), paddedKeyUsage === true, extensionSource),
  }
}

/**
 * `[n] EXPLICIT SEQUENCE SIZE (1..MAX) OF Extension`; certificates and revocation lists share it.
 */
export function decodeExtensions(wrapper: DerNode, source: Source): ReadonlyMap<string, Extension> {
  const [list, more] = wrapper.children
  if (list?.tag !== SEQUENCE || list.children.length === 0 || more) throw malformed(source, 'malformed extensions')
  const extensions = new Map<string, Extension>()
  for (const extension of list.children) {
    const critical = extension.children.length > 2
    const tags = critical ? [OBJECT_IDENTIFIER, BOOLEAN, OCTET_STRING] : [OBJECT_IDENTIFIER, OCTET_STRING]
    const [oid, flag, value = flag] = childrenOf(extension, source, 'extension', tags) as readonly [
      DerNode,
      DerNode,
      DerNode?,
    ]
    const id = toHex(contentOf(oid))
    // DER leaves out a DEFAULT: critical FALSE is never encoded.
    if (critical && contentOf(flag)[0] === 0) throw malformed(source, `extension ${id} encodes FALSE`)
    if (extensions.has(id)) throw malformed(source, `extension ${id} is there twice`)
    extensions.set(id, { critical, value: contentOf(value) })
  }
  return extensions
}

function decodeBasicConstraints(extension: Extension | undefined, source: Source): BasicConstraints | undefined {
  if (extension === undefined) return undefined
  const node = decodeDer(extension.value, source)
  const tags = [BOOLEAN, INTEGER].slice(0, node.children.length)
  const [cA, pathLength] = childrenOf(node, source, 'basicConstraints', tags)
  // A pathLenConstraint without cA does not get here: the first element must be a BOOLEAN, and DER
  // leaves FALSE out.
  if (cA && contentOf(cA)[0] === 0) throw malformed(source, 'malformed basicConstraints')
  return { cA: cA !== undefined, pathLength: pathLength && smallInteger(pathLength, source) }
}

function decodeKeyUsage(extension: Extension | undefined, mayBePadded: boolean, source: Source): number {
  if (extension === undefined) return 0
  const node = decodeDer(extension.value, source)
  const content = contentOf(node)
  const [unused = 0, first = 0, second = 0] = content
  const bits = (first << 8) | second
  // A named bit list drops trailing zero bits, hence its last bit is set, and one of the nine that
  // there are.
  const lastBit = 1 << (unused + 8 * (3 - content.length))
  const isTrimmed = (bits & lastBit) !== 0 || (mayBePadded && bits !== 0 && (bits & (lastBit - 1)) === 0)
  if (node.tag !== BIT_STRING || content.length > 3 || (bits & 0x7f) !== 0 || !isTrimmed) {
    throw malformed(source, 'malformed keyUsage')
  }
  return bits
}
