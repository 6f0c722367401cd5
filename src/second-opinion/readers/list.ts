/**
 * Revocation lists for the second opinion: the tree of `asn1js` and the list of `pkijs`, which must
 * agree on what is revoked. The library takes lists of a part of the certificates, lists of other
 * issuers, and critical extensions that it does not know.
 */
import * as pkijs from 'pkijs'
import type { Notes } from '../record.ts'
import { areSame, demand, digitsOf, type Octets } from './bytes.ts'
import {
  extensionsIn,
  isElliptic,
  readBy,
  type ReadCertificate,
  type ReadExtension,
  readExtensions,
  usage,
} from './certificate.ts'
import {
  type Asn1,
  checkEcdsaSignature,
  insideOf,
  momentOf,
  partsOf,
  readStrictDer,
  sequenceOf,
  tagOf,
  wholeOf,
} from './der.ts'
import { isInForceAt, type Moments } from './path.ts'

/** A list on which both readers agree. Nothing in it is verified. */
export interface ReadList {
  readonly name: string
  readonly algorithm: string
  readonly issuer: string
  /** Unix milliseconds. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Serial numbers, the content of the INTEGER in digits. */
  readonly revoked: ReadonlySet<string>
  readonly extensions: ReadonlyMap<string, ReadExtension>
  readonly byPkijs: pkijs.CertificateRevocationList
}

const longest = 1_048_576
const longestPart = 16_384
const keyIdentifier = '2.5.29.35'
const listNumber = '2.5.29.20'
const reasonCode = '2.5.29.21'
/**
 * authorityKeyIdentifier, cRLNumber, reasonCode and invalidityDate say nothing of certificates that
 * are not listed.
 */
const harmless: readonly string[] = [keyIdentifier, listNumber, reasonCode, '2.5.29.24']
/**
 * deltaCRLIndicator, issuingDistributionPoint, certificateIssuer: then it is not the whole list of
 * one issuer.
 */
const partial: readonly string[] = ['2.5.29.27', '2.5.29.28', '2.5.29.29']

/** @throws Error */
export function readList(der: Octets, name: string): ReadList {
  try {
    demand(der.length <= longest, `more than ${longest} bytes`)
    return readParts(der, name)
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
  }
}

function readParts(der: Octets, name: string): ReadList {
  const whole = readStrictDer(der)
  const [tbs, algorithm, bits] = sequenceOf(whole, 'CertificateList', 0x30, 0x30, 0x03) as [Asn1, Asn1, Asn1]
  const fields = [...partsOf(tbs)]
  const next = (...tags: readonly number[]): Asn1 | undefined => {
    const [field] = fields
    return field !== undefined && tags.includes(tagOf(field)) ? fields.shift() : undefined
  }
  const version = next(0x02)
  const isV2 = version !== undefined
  demand(!isV2 || digitsOf(insideOf(version)) === '01', 'neither version 1 nor 2')
  const [inner, issuer, since, until] = [next(0x30), next(0x30), next(0x17, 0x18), next(0x17, 0x18)]
  demand(
    inner !== undefined && issuer !== undefined && since !== undefined && until !== undefined,
    'TBSCertList has another shape',
  )
  const entries = next(0x30)
  const wrapper = next(0xa0)
  demand(fields.length === 0, 'TBSCertList has more than it should')
  demand(areSame(wholeOf(inner), wholeOf(algorithm)), 'two signature algorithms')
  demand(partsOf(issuer).length > 0, 'no issuer')
  demand(insideOf(bits)[0] === 0, 'a signature that does not fill its bytes')
  for (const part of [inner, issuer, ...(wrapper === undefined ? [] : [wrapper])])
    demand(part.valueBeforeDecodeView.length <= longestPart, `a part of more than ${longestPart} bytes`)
  const extensions = wrapper === undefined ? new Map<string, ReadExtension>() : readExtensions(wrapper)
  checkExtensions(extensions, isV2)
  const revoked = readEntries(entries, isV2)
  const byPkijs = readBy('pkijs', () => new pkijs.CertificateRevocationList({ schema: whole }))
  checkAgreement(byPkijs, { tbs, issuer, revoked })
  return {
    name,
    algorithm: digitsOf(wholeOf(algorithm)),
    issuer: digitsOf(wholeOf(issuer)),
    thisUpdate: momentOf(since),
    nextUpdate: momentOf(until),
    revoked: new Set(revoked),
    extensions,
    byPkijs,
  }
}

function checkExtensions(extensions: ReadonlyMap<string, ReadExtension>, isV2: boolean): void {
  demand(isV2 || extensions.size === 0, 'extensions in a list of version 1')
  for (const [id, { critical }] of extensions) {
    demand(!partial.includes(id), `extension ${id}: not a whole list of one issuer`)
    demand(!critical || harmless.includes(id), `unknown critical extension ${id}`)
  }
}

/** Serial numbers in order. */
function readEntries(entries: Asn1 | undefined, isV2: boolean): string[] {
  return (entries === undefined ? [] : partsOf(entries)).map((entry) => {
    const [serial, date, list, more] = partsOf(entry)
    demand(
      tagOf(entry) === 0x30 && serial !== undefined && date !== undefined && more === undefined,
      'an entry of another shape',
    )
    demand(tagOf(serial) === 0x02, 'an entry without a serial number')
    demand(entry.valueBeforeDecodeView.length <= longestPart, `an entry of more than ${longestPart} bytes`)
    momentOf(date)
    if (list !== undefined) {
      demand(tagOf(list) === 0x30, 'an entry with something else behind its date')
      const extensions = extensionsIn(list)
      checkExtensions(extensions, isV2)
      checkReason(extensions.get(reasonCode))
    }
    return digitsOf(insideOf(serial))
  })
}

/** RFC 5280 section 5.3.1; 8 takes an entry back, which whole lists cannot. */
function checkReason(extension: ReadExtension | undefined): void {
  if (extension === undefined) return
  const [, , reason = -1, ...more] = extension.value
  const isReason = tagOf(readStrictDer(extension.value)) === 0x0a && more.length === 0
  demand(isReason && [0, 1, 2, 3, 4, 5, 6, 9, 10].includes(reason), 'an unknown reason')
}

function checkAgreement(
  list: pkijs.CertificateRevocationList,
  own: { readonly tbs: Asn1; readonly issuer: Asn1; readonly revoked: readonly string[] },
): void {
  const theirs = (list.revokedCertificates ?? []).map(({ userCertificate }) =>
    digitsOf(userCertificate.valueBlock.valueHexView),
  )
  const isSame =
    areSame(list.tbsView, wholeOf(own.tbs)) &&
    digitsOf(new Uint8Array(list.issuer.valueBeforeDecode)) === digitsOf(wholeOf(own.issuer)) &&
    theirs.join() === own.revoked.join()
  demand(isSame, 'pkijs reads something else')
}

/** What a vendor's lists must have. */
export interface ListRules {
  /** Encodings of the algorithm, digits of a DER AlgorithmIdentifier. */
  readonly algorithms: readonly string[]
  /** Whether it must say which key signed it, and which number it has. */
  readonly isNumbered: boolean
  readonly moments: Moments
}

/**
 * The list is of this issuer, who may issue lists, is signed by it and in force. @throws
 * VerificationError
 */
export async function proveList(
  list: ReadList,
  issuer: ReadCertificate,
  rules: ListRules,
  notes: Notes,
): Promise<void> {
  const { name, extensions } = list
  const identifier = extensions.get(keyIdentifier)
  const number = extensions.get(listNumber)
  const named = notes.reads('crl-extension', `extensions of ${name}`, () => {
    const key = identifier && keyIn(identifier)
    if (number !== undefined) checkNumber(number)
    if (rules.isNumbered)
      demand(
        key !== undefined && number !== undefined && identifier?.critical === false && !number.critical,
        'no key identifier and number, or critical ones',
      )
    return key
  })
  notes.proves('crl-issuer', `issuer of ${name}`, list.issuer === issuer.subject, `is not ${issuer.name}`)
  notes.proves('crl-issuer', `uses of ${issuer.name}`, (issuer.usages & usage.cRLSign) !== 0, 'it may not sign lists')
  const subject = issuer.extensions.get('2.5.29.14')
  const isNamed =
    named === undefined ||
    subject === undefined ||
    digitsOf(subject.value) === `04${named.length.toString(16).padStart(2, '0')}${digitsOf(named)}`
  notes.proves('crl-issuer', `key of ${name}`, isNamed, 'is another')
  notes.proves(
    'crl-validity',
    `dates of ${name}`,
    isInForceAt(list.thisUpdate, list.nextUpdate, rules.moments),
    'it is not in force',
  )
  notes.proves('crl-algorithm', `algorithm of ${name}`, rules.algorithms.includes(list.algorithm), 'is another')
  await notes.awaits('crl-signature', `${name} signed by ${issuer.name}`, isListSignedBy(list, issuer))
}

/** @throws VerificationError */
export function refuseListed({ name, issuer, serial }: ReadCertificate, list: ReadList, notes: Notes): void {
  notes.proves('crl-issuer', `list for ${name}`, issuer === list.issuer, 'is of another issuer')
  notes.proves('crl-revoked', `${name} in ${list.name}`, !list.revoked.has(serial), 'it is revoked')
}

/** `SEQUENCE { [0] IMPLICIT OCTET STRING … }`. */
function keyIn({ value }: ReadExtension): Octets | undefined {
  const tree = readStrictDer(value)
  demand(tagOf(tree) === 0x30, 'an authorityKeyIdentifier of another shape')
  const found = partsOf(tree).find((part) => tagOf(part) === 0x80)
  return found && insideOf(found)
}

function checkNumber({ value }: ReadExtension): void {
  const tree = readStrictDer(value)
  const content = insideOf(tree)
  demand(tagOf(tree) === 0x02 && (content[0] ?? 0x80) < 0x80 && content.length <= 21, 'a cRLNumber out of range')
}

async function isListSignedBy({ byPkijs }: ReadList, issuer: ReadCertificate): Promise<boolean> {
  try {
    if (isElliptic(issuer)) checkEcdsaSignature(Uint8Array.from(byPkijs.signatureValue.valueBlock.valueHexView))
    return ((await byPkijs.verify({ issuerCertificate: issuer.byPkijs })) as unknown) === true
  } catch {
    return false
  }
}
