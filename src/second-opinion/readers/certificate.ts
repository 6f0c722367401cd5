/**
 * X.509 certificates by three readers that must agree: the tree of `asn1js`, `pkijs` and
 * `@peculiar/x509`. The tree gives the bytes as they are, and what RFC 5280 forbids is refused
 * here: the libraries take other versions, extensions that are there twice, two different
 * algorithms, and dates in any form.
 */
// Before @peculiar/x509, which finds its parts by it.
import 'reflect-metadata/lite'
import * as x509 from '@peculiar/x509'
import * as pkijs from 'pkijs'
import { areSame, demand, digitsOf, isOctets, type Octets } from './bytes.ts'
import {
  type Asn1,
  checkEcdsaSignature,
  countOf,
  identifierOf,
  insideOf,
  momentOf,
  partsOf,
  readStrictDer,
  sequenceOf,
  tagOf,
  wholeOf,
} from './der.ts'

/** An extension; `value` is what the OCTET STRING holds. */
export interface ReadExtension {
  readonly critical: boolean
  readonly value: Octets
}

/**
 * A certificate on which all three readers agree. Nothing in it is verified. Bytes are lower-case
 * digits where they are only compared.
 */
export interface ReadCertificate {
  /** For messages. */
  readonly name: string
  readonly der: Octets
  readonly tbs: string
  /** The content of the INTEGER. */
  readonly serial: string
  readonly algorithm: string
  readonly issuer: string
  readonly subject: string
  /** Unix milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
  readonly key: Octets
  readonly signature: Octets
  /** By their dotted identifiers. */
  readonly extensions: ReadonlyMap<string, ReadExtension>
  /** `undefined` without the extension. */
  readonly isAuthority: boolean | undefined
  readonly pathLength: number | undefined
  /** The flags of `@peculiar/x509`; 0 without the extension. */
  readonly usages: number
  /** The libraries' own. */
  readonly byPkijs: pkijs.Certificate
  readonly byPeculiar: x509.X509Certificate
}

/** The flags of {@link ReadCertificate.usages}. */
export const usage: typeof x509.KeyUsageFlags = x509.KeyUsageFlags

/** What a vendor's genuine certificates do although it is forbidden. */
export interface Leniency {
  readonly zeroSerial?: boolean
  readonly paddedKeyUsage?: boolean
}

const longest = 16_384

/** @throws Error where it is not strict DER, breaks RFC 5280 section 4, or the readers differ */
export function readCertificate(der: Octets, name: string, leniency: Leniency = {}): ReadCertificate {
  const fail = (problem: string): never => {
    throw new Error(`${name}: ${problem}`)
  }
  try {
    demand(der.length <= longest, `more than ${longest} bytes`)
    return readParts(der, name, leniency)
  } catch (error) {
    return fail((error as Error).message)
  }
}

function readParts(der: Octets, name: string, leniency: Leniency): ReadCertificate {
  const whole = readStrictDer(der)
  const [tbs, algorithm, bits] = sequenceOf(whole, 'Certificate', 0x30, 0x30, 0x03) as [Asn1, Asn1, Asn1]
  const fields = sequenceOf(tbs, 'TBSCertificate', 0xa0, 0x02, 0x30, 0x30, 0x30, 0x30, 0x30, 0xa3)
  const [version, serial, inner, issuer, validity, subject, key, wrapper] = fields as [
    Asn1,
    Asn1,
    Asn1,
    Asn1,
    Asn1,
    Asn1,
    Asn1,
    Asn1,
  ]
  demand(digitsOf(insideOf(version)) === '020102', 'not version 3')
  checkSerial(insideOf(serial), leniency.zeroSerial === true)
  demand(areSame(wholeOf(inner), wholeOf(algorithm)), 'two signature algorithms')
  demand(partsOf(issuer).length > 0, 'no issuer')
  const dates = partsOf(validity)
  demand(dates.length === 2, 'not two dates')
  const [notBefore, notAfter] = dates.map(momentOf) as [number, number]
  const signature = insideOf(bits)
  demand(signature[0] === 0, 'a signature that does not fill its bytes')
  const extensions = readExtensions(wrapper)
  const own = {
    name,
    der,
    tbs: digitsOf(wholeOf(tbs)),
    serial: digitsOf(insideOf(serial)),
    algorithm: digitsOf(wholeOf(algorithm)),
    issuer: digitsOf(wholeOf(issuer)),
    subject: digitsOf(wholeOf(subject)),
    notBefore,
    notAfter,
    key: wholeOf(key),
    signature: signature.slice(1),
    extensions,
  }
  const byPkijs = readBy('pkijs', () => new pkijs.Certificate({ schema: whole }))
  const byPeculiar = readBy('@peculiar/x509', () => new x509.X509Certificate(der))
  const said = ownWords(own)
  const [one, other] = [
    readBy('pkijs', () => wordsOfPkijs(byPkijs)),
    readBy('@peculiar/x509', () => wordsOfPeculiar(byPeculiar)),
  ]
  demand(said === one, 'pkijs reads something else')
  demand(said === other, '@peculiar/x509 reads something else')
  return {
    ...own,
    ...readConstraints(extensions, byPeculiar),
    usages: readUsages(extensions, byPeculiar, leniency),
    byPkijs,
    byPeculiar,
  }
}

/** What a library throws is said to be its own. */
export function readBy<T>(library: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Error(`${library} cannot read it: ${(cause as Error).message}`, { cause })
  }
}

/** RFC 5280 section 4.1.2.2: positive, at most 20 octets beside that of the sign. */
function checkSerial(content: Octets, mayBeZero: boolean): void {
  const size = content.length - (content[0] === 0 ? 1 : 0)
  demand((content[0] ?? 0x80) < 0x80 && size <= 20 && (size > 0 || mayBeZero), 'a serial number out of range')
}

/**
 * `[n] EXPLICIT SEQUENCE OF Extension`, of certificates and of lists. @throws Error for one that is
 * there twice
 */
export function readExtensions(wrapper: Asn1): ReadonlyMap<string, ReadExtension> {
  const [list, more] = partsOf(wrapper)
  demand(list !== undefined && more === undefined && tagOf(list) === 0x30, 'extensions in another shape')
  return extensionsIn(list)
}

/** `SEQUENCE OF Extension`. */
export function extensionsIn(list: Asn1): ReadonlyMap<string, ReadExtension> {
  const extensions = new Map<string, ReadExtension>()
  demand(partsOf(list).length > 0, 'an empty list of extensions')
  for (const extension of partsOf(list)) {
    const hasFlag = partsOf(extension).length === 3
    const [id, flag, octets] = hasFlag
      ? sequenceOf(extension, 'Extension', 0x06, 0x01, 0x04)
      : [...sequenceOf(extension, 'Extension', 0x06, 0x04).slice(0, 1), undefined, partsOf(extension)[1]]
    // DER leaves a default out.
    demand(flag === undefined || insideOf(flag)[0] === 0xff, 'an extension that is written to be not critical')
    const key = identifierOf(id as Asn1)
    demand(!extensions.has(key), `extension ${key} is there twice`)
    extensions.set(key, { critical: hasFlag, value: insideOf(octets as Asn1) })
  }
  return extensions
}

function readConstraints(
  extensions: ReadonlyMap<string, ReadExtension>,
  byPeculiar: x509.X509Certificate,
): Pick<ReadCertificate, 'isAuthority' | 'pathLength'> {
  const extension = extensions.get('2.5.29.19')
  if (extension === undefined) return { isAuthority: undefined, pathLength: undefined }
  const tree = readStrictDer(extension.value)
  const [flag, length] = sequenceOf(tree, 'basicConstraints', ...[0x01, 0x02].slice(0, partsOf(tree).length))
  demand(flag === undefined || insideOf(flag)[0] === 0xff, 'basicConstraints that write a default')
  const isAuthority = flag !== undefined
  const pathLength = length === undefined ? undefined : countOf(length)
  const theirs = byPeculiar.getExtension(x509.BasicConstraintsExtension)
  demand(
    theirs !== null && theirs.ca === isAuthority && theirs.pathLength === pathLength,
    'two readings of basicConstraints',
  )
  return { isAuthority, pathLength }
}

function readUsages(
  extensions: ReadonlyMap<string, ReadExtension>,
  byPeculiar: x509.X509Certificate,
  { paddedKeyUsage = false }: Leniency,
): number {
  const extension = extensions.get('2.5.29.15')
  if (extension === undefined) return 0
  const tree = readStrictDer(extension.value)
  demand(tagOf(tree) === 0x03, 'a keyUsage that is no BIT STRING')
  const [unused = 0, first = 0, second = 0, ...more] = insideOf(tree)
  const bits = (first << 8) | second
  const size = insideOf(tree).length
  // Nine bits have names. DER drops zeros at the end of such a list.
  demand(
    more.length === 0 && (bits & 0x7f) === 0 && bits !== 0,
    'a keyUsage that says nothing, or something without a name',
  )
  const isTrimmed = ((bits >> (8 * (3 - size) + unused)) & 1) === 1
  demand(isTrimmed || paddedKeyUsage, 'a keyUsage with zeros at its end')
  const flags = [0, 1, 2, 3, 4, 5, 6, 7, 8].reduce((sum, i) => sum | (((bits >> (15 - i)) & 1) << i), 0)
  const theirs = byPeculiar.getExtension(x509.KeyUsagesExtension)
  demand(Number(theirs?.usages) === flags, 'two readings of keyUsage')
  return flags
}

type OwnReading = Pick<
  ReadCertificate,
  'tbs' | 'serial' | 'issuer' | 'subject' | 'notBefore' | 'notAfter' | 'key' | 'signature' | 'extensions'
>

/** What all three say, in one notation. */
function words(reading: {
  readonly tbs: string
  readonly serial: string
  readonly issuer: string
  readonly subject: string
  readonly notBefore: number
  readonly notAfter: number
  readonly key: Uint8Array
  readonly signature: Uint8Array
  readonly extensions: readonly (readonly [id: string, critical: boolean, value: Uint8Array])[]
}): string {
  const { key, signature, extensions, serial, ...others } = reading
  return JSON.stringify(
    {
      ...others,
      // One of the libraries leaves the octet of the sign out.
      serial: String(BigInt(`0x${serial}`)),
      key: digitsOf(key),
      signature: digitsOf(signature),
      extensions: extensions.map(([id, critical, value]) => [id, critical, digitsOf(value)]),
    },
    ['tbs', 'serial', 'issuer', 'subject', 'notBefore', 'notAfter', 'key', 'signature', 'extensions'],
  )
}

function ownWords({
  tbs,
  serial,
  issuer,
  subject,
  notBefore,
  notAfter,
  key,
  signature,
  extensions,
}: OwnReading): string {
  const list = [...extensions].map(([id, { critical, value }]) => [id, critical, value] as const)
  return words({ tbs, serial, issuer, subject, notBefore, notAfter, key, signature, extensions: list })
}

function wordsOfPkijs(certificate: pkijs.Certificate): string {
  const { issuer, subject, serialNumber, notBefore, notAfter, extensions = [] } = certificate
  return words({
    tbs: digitsOf(certificate.tbsView),
    serial: digitsOf(serialNumber.valueBlock.valueHexView),
    issuer: digitsOf(new Uint8Array(issuer.valueBeforeDecode)),
    subject: digitsOf(new Uint8Array(subject.valueBeforeDecode)),
    notBefore: notBefore.value.getTime(),
    notAfter: notAfter.value.getTime(),
    key: new Uint8Array(certificate.subjectPublicKeyInfo.toSchema().toBER()),
    signature: certificate.signatureValue.valueBlock.valueHexView,
    extensions: extensions.map(({ extnID, critical, extnValue }) => [
      extnID,
      critical,
      extnValue.valueBlock.valueHexView,
    ]),
  })
}

function wordsOfPeculiar(certificate: x509.X509Certificate): string {
  const { serialNumber, issuerName, subjectName, notBefore, notAfter, publicKey, signature, extensions } = certificate
  return words({
    tbs: digitsOf(tbsOfPeculiar(certificate)),
    serial: serialNumber,
    issuer: digitsOf(new Uint8Array(issuerName.toArrayBuffer())),
    subject: digitsOf(new Uint8Array(subjectName.toArrayBuffer())),
    notBefore: notBefore.getTime(),
    notAfter: notAfter.getTime(),
    key: new Uint8Array(publicKey.rawData),
    signature: new Uint8Array(signature),
    extensions: extensions.map(({ type, critical, value }) => [type, critical, new Uint8Array(value)]),
  })
}

/** What the library verifies signatures over: it declares this private, and has it. */
function tbsOfPeculiar(certificate: x509.X509Certificate): Uint8Array {
  const { tbs } = certificate as unknown as { readonly tbs: unknown }
  const bytes = tbs instanceof ArrayBuffer ? new Uint8Array(tbs) : tbs
  demand(isOctets(bytes), '@peculiar/x509 has no tbs')
  return bytes
}

/** The one common name of a subject or an issuer. @throws Error where there is none, or several */
export function commonNameOf(name: x509.Name): string {
  const [only, more] = name.getField('CN')
  demand(only !== undefined && more === undefined, 'not one common name')
  return only
}

/** Whether a key is a point: id-ecPublicKey is at its beginning. */
export const isElliptic = ({ key }: ReadCertificate): boolean =>
  digitsOf(key.slice(0, 16)).includes('06072a8648ce3d0201')

/**
 * Both libraries find that `by` signed it. A rejected promise is a signature that does not hold.
 */
export async function isSignedBy(certificate: ReadCertificate, by: ReadCertificate): Promise<boolean> {
  const publicKey = by.byPeculiar.publicKey
  if (isElliptic(by)) checkEcdsaSignature(certificate.signature)
  const answers = await Promise.allSettled([
    certificate.byPkijs.verify(by.byPkijs),
    certificate.byPeculiar.verify({ publicKey, signatureOnly: true }),
  ])
  return answers.every((answer) => answer.status === 'fulfilled' && (answer.value as unknown) === true)
}
