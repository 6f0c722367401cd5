/**
 * Certificate revocation lists (RFC 5280 section 5), for vendors that use them: complete lists,
 * signed by the issuer of the certificates they are about.
 *
 * Accepted: v1 and v2, DER throughout, with nextUpdate. Refused: delta lists, indirect lists, lists
 * about a part of the certificates, every critical extension that is not listed here, of the list
 * or of any entry: what it says could be what matters.
 *
 * Lists grow to megabytes, so entries never become objects that stay: they are checked one by one,
 * and walked again for each question.
 */
import { isKeyOf, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { type SignatureRow, startSignatures } from '../crypto/signatures.ts'
import { type Bytes, concatBytes, equalBytes, toHex } from '../encoding/bytes.ts'
import {
  BIT_STRING,
  bitStringOctets,
  contentOf,
  context,
  decodeDer,
  type DerNode,
  type Element,
  ENUMERATED,
  GENERALIZED_TIME,
  INTEGER,
  OCTET_STRING,
  rawOf,
  readElement,
  readPrimitive,
  SEQUENCE,
  time,
  UTC_TIME,
} from '../encoding/der.ts'
import { type Cursor, cursor, end, malformed, remaining, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import type { CheckRecorder } from '../core/record.ts'
import { type Clock, iso, isInForce, period } from '../core/time.ts'
import { type Certificate, CRL_SIGN, decodeExtensions, type Extension } from './certificate.ts'

/** A decoded list. Nothing in it is verified; all bytes are views of `der`. */
export interface Crl {
  /** Where it was found, for messages. */
  readonly name: string
  readonly der: Bytes
  /** TBSCertList as received: what the issuer signed. */
  readonly tbs: Bytes
  /** DER AlgorithmIdentifier; the copy inside TBSCertList is equal. */
  readonly signatureAlgorithm: Bytes
  readonly signature: Bytes
  /** DER Name. Names are compared as bytes. */
  readonly issuer: Bytes
  /** Unix milliseconds. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** The entries as received, one after another; every one of them is well formed. */
  readonly revokedCertificates: Bytes
  /** By the content of their OBJECT IDENTIFIER, in hexadecimal. */
  readonly extensions: ReadonlyMap<string, Extension>
  /**
   * Which key of the issuer signed (RFC 5280 section 4.2.1.1); absent when the list does not say.
   */
  readonly keyIdentifier: Bytes | undefined
  /**
   * The content of the INTEGER: rises from list to list (RFC 5280 section 5.2.3); absent when the
   * extension is.
   */
  readonly crlNumber: Bytes | undefined
}

declare const checked: unique symbol
/**
 * A list that {@link checkCrl} found authentic and current: the only kind that answers questions.
 */
export type CheckedCrl = Crl & { readonly [checked]: true }

// Extensions of a list (RFC 5280 section 5.2) and of an entry (section 5.3); 551d is 2.5.29.
const AUTHORITY_KEY_IDENTIFIER = '551d23'
const CRL_NUMBER = '551d14'
const DELTA_CRL_INDICATOR = '551d1b'
const ISSUING_DISTRIBUTION_POINT = '551d1c'
const REASON_CODE = '551d15'
const INVALIDITY_DATE = '551d18'
const CERTIFICATE_ISSUER = '551d1d'
/** `[0] IMPLICIT OCTET STRING` */
const KEY_IDENTIFIER = 0x80
/** Of a certificate: what an authority key identifier refers to (section 4.2.1.2). */
const SUBJECT_KEY_IDENTIFIER = '551d0e'

/**
 * What may be critical, of which nothing says that a certificate that is not listed could be
 * revoked.
 */
const known: readonly string[] = [AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER, REASON_CODE, INVALIDITY_DATE]
/**
 * These must be critical (sections 5.2.4, 5.2.5 and 5.3.3). An issuer who forgets that still means
 * what they say.
 */
const unsupported: readonly string[] = [DELTA_CRL_INDICATOR, ISSUING_DISTRIBUTION_POINT, CERTIFICATE_ISSUER]

/** Real names, extensions and entries are far shorter. Only what is shorter becomes a tree. */
const maximumTree = 16_384

/**
 * @throws VerificationError `crl-parse`, `crl-algorithm` when the two signature algorithms differ,
 *   `crl-extension` for malformed, repeated, unknown critical and unsupported extensions
 */
export function decodeCrl(der: Bytes, name: string): Crl {
  const source: Source = { name, code: 'crl-parse' }
  const input = cursor(der, source)
  const list = cursor(contentOf(readElement(input, SEQUENCE, 'CertificateList')), source)
  end(input)
  const tbs = readElement(list, SEQUENCE, 'TBSCertList')
  const algorithm = readTree(list, SEQUENCE, 'signatureAlgorithm')
  const signature = readTree(list, BIT_STRING, 'signatureValue')
  end(list)

  const fields = cursor(contentOf(tbs), source)
  // v1 has no version; INTEGER 1 is v2.
  const isV2 = nextTag(fields) === INTEGER
  if (isV2 && toHex(rawOf(readElement(fields, INTEGER, 'version'))) !== '020101')
    throw malformed(source, 'not v1 or v2')
  const innerAlgorithm = readTree(fields, SEQUENCE, 'signature')
  const issuer = readTree(fields, SEQUENCE, 'issuer')
  const thisUpdate = readTime(fields, 'thisUpdate')
  const nextUpdate = readTime(fields, 'nextUpdate')
  const revoked =
    nextTag(fields) === SEQUENCE ? contentOf(readElement(fields, SEQUENCE, 'revokedCertificates')) : undefined
  const wrapper = nextTag(fields) === context(0) ? readTree(fields, context(0), 'crlExtensions') : undefined
  end(fields)

  if (!equalBytes(rawOf(innerAlgorithm), rawOf(algorithm))) {
    throw malformed({ name, code: 'crl-algorithm' }, 'two signature algorithms')
  }
  if (issuer.children.length === 0) throw malformed(source, 'empty issuer')
  const extensions = wrapper === undefined ? new Map<string, Extension>() : extensionsOf(wrapper, isV2, name)
  const extensionSource: Source = { name, code: 'crl-extension' }
  const authority = extensions.get(AUTHORITY_KEY_IDENTIFIER)
  const crlNumber = extensions.get(CRL_NUMBER)
  const revokedCertificates = revoked ?? new Uint8Array()
  let last: Bytes | undefined
  const entries = cursor(revokedCertificates, source)
  while (remaining(entries) > 0) last = decodeEntry(readEntry(entries), isV2, source, last)
  return {
    name,
    der,
    tbs: rawOf(tbs),
    signatureAlgorithm: rawOf(algorithm),
    signature: bitStringOctets(signature, source),
    issuer: rawOf(issuer),
    thisUpdate,
    nextUpdate,
    revokedCertificates,
    extensions,
    keyIdentifier: authority && decodeKeyIdentifier(authority.value, extensionSource),
    crlNumber: crlNumber && decodeCrlNumber(crlNumber.value, extensionSource),
  }
}

/** Who issues a list. */
export interface CrlIssuer {
  readonly issuer: Certificate
  /** The one signature algorithm that this vendor uses. */
  readonly algorithm: SignatureAlgorithm
}

/**
 * Checks that `issuer` issued this list, may do so, and that the list is current. That `issuer`
 * itself is authentic is for {@link checkPath} to say.
 * @throws VerificationError `crl-issuer`, `crl-validity`, `crl-algorithm`, `crl-signature`;
 *   `unsupported` where there is no WebCrypto
 */
export async function checkCrl(
  crl: Crl,
  { issuer, algorithm }: CrlIssuer,
  clock: Clock,
  checks: CheckRecorder,
): Promise<CheckedCrl> {
  checkCrlContent(crl, { issuer, algorithm }, clock, checks)
  return authenticCrl(crl, await startSignatures([crlRow(crl, issuer, algorithm)]).settle(checks))
}

/**
 * All of {@link checkCrl} that needs no signature, for callers that check several signatures at
 * once.
 * @throws VerificationError `crl-issuer`, `crl-validity`, `crl-algorithm`
 */
export function checkCrlContent(crl: Crl, { issuer, algorithm }: CrlIssuer, clock: Clock, checks: CheckRecorder): void {
  const { name } = crl
  checks.verifies('crl-issuer', `${name} is of ${issuer.name}`, () => {
    checkIssuer(crl, issuer)
  })
  const validity = { notBefore: crl.thisUpdate, notAfter: crl.nextUpdate }
  checks.verifies('crl-validity', `validity of ${name}`, {
    holds: isInForce(validity, clock),
    expected: period(validity),
    found: iso(clock.now),
  })
  const signatureAlgorithm = toHex(crl.signatureAlgorithm)
  const { x509, key } = algorithm
  const isOurs = signatureAlgorithm === x509 && isKeyOf(issuer.spki, key)
  checks.verifies('crl-algorithm', `algorithms of ${name}`, {
    holds: isOurs,
    expected: algorithm.name,
    found: signatureAlgorithm,
  })
}

/** The signature of a list, for the table of a whole verification. */
export function crlRow(crl: Crl, issuer: Certificate, algorithm: SignatureAlgorithm): SignatureRow {
  const { name, tbs, signature } = crl
  return {
    code: 'crl-signature',
    of: { name, signedBytes: tbs, signature, algorithm, isDer: true, document: crl },
    by: issuer,
  }
}

/**
 * A list that may answer questions: {@link checkCrlContent} found everything right in it, and then
 * its signature held.
 * @param held signed bytes of signatures that held
 * @throws TypeError for a list whose signature is not among them: a verifier's mistake
 */
export function authenticCrl(crl: Crl, held: ReadonlySet<Bytes>): CheckedCrl {
  if (!held.has(crl.tbs)) throw new TypeError(`the signature of ${crl.name} was not checked`)
  return crl as CheckedCrl
}

/**
 * Returns when the list speaks about this certificate's issuer and does not have its serial number.
 * @throws VerificationError `crl-revoked`; `crl-issuer` for a certificate that the list says
 *   nothing about: that is no reason to believe it
 */
export function refuseRevoked({ name, issuer, serialNumber }: Certificate, crl: CheckedCrl): void {
  if (!equalBytes(issuer, crl.issuer)) throw malformed({ name, code: 'crl-issuer' }, `${crl.name} is of another issuer`)
  const source: Source = { name: crl.name, code: 'crl-parse' }
  const entries = cursor(crl.revokedCertificates, source)
  while (remaining(entries) > 0) {
    const entry = readEntry(entries)
    // The serial number comes first: nothing else of the entry is looked at.
    const serial = readElement(cursor(contentOf(entry), source), INTEGER, 'userCertificate')
    if (!equalBytes(contentOf(serial), serialNumber)) continue
    const since = iso(time(decodeDer(rawOf(entry), source).children[1] as DerNode, source))
    throw malformed(
      { name, code: 'crl-revoked' },
      `revoked since ${since} by ${crl.name}, serial number ${toHex(rawOf(serial))}`,
    )
  }
}

/** RFC 5280 sections 6.3.3 (b)(1) and (f), by bytes. */
function checkIssuer({ name, issuer, keyIdentifier }: Crl, certificate: Certificate): void {
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) throw new VerificationError('crl-issuer', `${name} ${problem} ${certificate.name}`)
  }
  demand(equalBytes(issuer, certificate.subject), 'is not of')
  demand((certificate.keyUsage & CRL_SIGN) !== 0, 'needs cRLSign in')
  const subject = certificate.extensions.get(SUBJECT_KEY_IDENTIFIER)
  if (keyIdentifier === undefined || subject === undefined) return
  const isSame = equalBytes(subject.value, concatBytes([OCTET_STRING, keyIdentifier.length], keyIdentifier))
  demand(isSame, 'names another key than that of')
}

/**
 * Extensions of a list or of an entry: well formed, and none that this file does not know how to
 * honour.
 */
function extensionsOf(wrapper: DerNode, isV2: boolean, name: string): ReadonlyMap<string, Extension> {
  const source: Source = { name, code: 'crl-extension' }
  if (!isV2) throw malformed(source, 'extensions in a v1 list')
  const extensions = decodeExtensions(wrapper, source)
  for (const [id, { critical }] of extensions) {
    if (critical && !known.includes(id) && !unsupported.includes(id))
      throw malformed(source, `unknown critical extension ${id}`)
    if (unsupported.includes(id)) throw malformed(source, `extension ${id} of partial, delta and indirect lists`)
  }
  return extensions
}

/**
 * @param known what was found right behind the serial number of another entry: lists are made in
 *   batches, of one date and one reason
 * @returns what follows the serial number of this one: its date, its extensions
 */
function decodeEntry(entry: Element, isV2: boolean, source: Source, known?: Bytes): Bytes {
  const content = contentOf(entry)
  const input = cursor(content, source)
  readPrimitive(input, INTEGER, 'userCertificate')
  const rest = content.subarray(input.at)
  if (known !== undefined && equalBytes(known, rest)) return rest
  readTime(input, 'revocationDate')
  if (remaining(input) === 0) return rest
  // An entry has its extensions without a wrapper, so it is given one.
  const extensions = decodeDer(content.subarray(input.at), source)
  const reason = extensionsOf({ ...extensions, children: [extensions] }, isV2, source.name).get(REASON_CODE)
  const extensionSource: Source = { ...source, code: 'crl-extension' }
  if (reason !== undefined) checkReason(decodeDer(reason.value, extensionSource), extensionSource)
  return rest
}

/**
 * RFC 5280 section 5.3.1: 0 to 10 without 7. 8 takes an entry back, which is for delta lists only.
 */
function checkReason(node: DerNode, source: Source): void {
  const content = contentOf(node)
  const reason = content[0] ?? 7
  if (node.tag !== ENUMERATED || content.length !== 1 || reason > 10 || reason === 7 || reason === 8)
    throw malformed(source, `reason code ${toHex(content)}`)
}

/**
 * RFC 5280 section 4.2.1.1: `[0] IMPLICIT OCTET STRING`; an issuer and serial number in its place
 * say nothing new here.
 */
function decodeKeyIdentifier(value: Bytes, source: Source): Bytes | undefined {
  const { tag, children } = decodeDer(value, source)
  if (tag !== SEQUENCE) throw malformed(source, 'malformed authorityKeyIdentifier')
  const identifier = children.find((child) => child.tag === KEY_IDENTIFIER)
  return identifier && contentOf(identifier)
}

/** RFC 5280 section 5.2.3: not negative, at most 20 octets (and one more for the sign). */
function decodeCrlNumber(value: Bytes, source: Source): Bytes {
  const node = decodeDer(value, source)
  const content = contentOf(node)
  if (node.tag !== INTEGER || (content[0] as number) >= 0x80 || content.length > 21)
    throw malformed(source, 'cRLNumber out of range')
  return content
}

/** Reads the outside of one entry of a list. */
function readEntry(input: Cursor): Element {
  const entry = readElement(input, SEQUENCE, 'entry')
  if (entry.to - entry.at > maximumTree) throw malformed(input.source, `entry of ${entry.to - entry.at} bytes`)
  return entry
}

/** The tag that comes next; `undefined` at the end. */
const nextTag = ({ bytes, at }: Cursor): number | undefined => bytes[at]

/** Reads one element and all that it consists of. */
function readTree(input: Cursor, tag: number, field: string): DerNode {
  const raw = rawOf(readElement(input, tag, field))
  if (raw.length > maximumTree) throw malformed(input.source, `${field} of ${raw.length} bytes`)
  return decodeDer(raw, input.source)
}

function readTime(input: Cursor, field: string): number {
  const tag = nextTag(input)
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) throw malformed(input.source, `${field} is missing`)
  return time(readPrimitive(input, tag, field), input.source)
}
