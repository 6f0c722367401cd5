/**
 * Key descriptions for the second opinion, element by element, values by `asn1js`: DER, but for the order
 * in a SET OF.
 *
 * Source: "Key attestation extension data schema" at source.android.com, read a second time.
 */
import { demand, type Octets } from '../readers/bytes.ts'
import {
  type Asn1,
  countOf,
  insideOf,
  type Outside,
  partsOf,
  readStrictDer,
  sequenceOf,
  splitElements,
  tagOf,
} from '../readers/der.ts'

/** What a description says of a key. */
export interface Description {
  readonly attestationVersion: number
  readonly attestationLevel: string
  readonly keyMintVersion: number
  readonly keyMintLevel: string
  readonly challenge: Octets
  readonly uniqueId: Octets
  readonly software: Authorizations
  readonly hardware: Authorizations
}

/** Authorizations by their names, as claims have them; the others by their tags. */
export type Authorizations = Readonly<Record<string, unknown>>

const versions: readonly number[] = [1, 2, 3, 4, 100, 200, 300, 400, 500]
const octets = 0x04

/** @throws Error */
export function readDescription(bytes: Octets): Description {
  const [outer, ...rest] = splitElements(bytes, Infinity)
  demand(outer?.whole[0] === 0x30 && rest.length === 0, 'no SEQUENCE, or something behind it')
  const members = splitElements(outer.inside, Infinity)
  const shape = [0x02, 0x0a, 0x02, 0x0a, octets, octets, 0x30, 0x30]
  demand(members.map(({ whole }) => whole[0]).join() === shape.join(), 'members of another shape')
  const [version, level, mint, mintLevel, challenge, uniqueId] = members
    .slice(0, 6)
    .map(({ whole }) => readStrictDer(whole)) as [Asn1, Asn1, Asn1, Asn1, Asn1, Asn1]
  const [software, hardware] = members.slice(6) as [Outside, Outside]
  const attestationVersion = countOf(version)
  demand(versions.includes(attestationVersion), `version ${attestationVersion}`)
  return {
    attestationVersion,
    attestationLevel: wordOf(level, ['software', 'tee', 'strongbox']),
    keyMintVersion: countOf(mint),
    keyMintLevel: wordOf(mintLevel, ['software', 'tee', 'strongbox']),
    challenge: insideOf(challenge),
    uniqueId: insideOf(uniqueId),
    software: readList(software, attestationVersion),
    hardware: readList(hardware, attestationVersion),
  }
}

/** What an ENUMERATED of one byte means. */
function wordOf(element: Asn1, words: readonly string[]): string {
  const [value = -1, ...more] = insideOf(element)
  const word = words[value]
  demand(tagOf(element) === 0x0a && more.length === 0 && word !== undefined, 'an ENUMERATED out of range')
  return word
}

type Read = (element: Asn1, version: number) => unknown

/** A number of 64 bits without a sign; as a bigint where a number would not be exact. */
const number: Read = (element) => {
  const content = insideOf(element)
  demand(tagOf(element) === 0x02 && (content[0] ?? 0x80) < 0x80 && content.length < 10, 'no INTEGER of 64 bits')
  const value = BigInt(`0x${Array.from(content, (byte) => byte.toString(16).padStart(2, '0')).join('')}`)
  return value < 2n ** 53n ? Number(value) : value
}

/** A SET OF, in any order. */
const several =
  (read: Read): Read =>
  (element, version) => {
    demand(tagOf(element) === 0x31, 'no SET')
    return partsOf(element).map((part) => read(part, version))
  }

const flag: Read = (element) => {
  demand(tagOf(element) === 0x05, 'no NULL')
  return true
}

const bytes: Read = (element) => {
  demand(tagOf(element) === octets, 'no OCTET STRING')
  return insideOf(element)
}

const rootOfTrust: Read = (element, version) => {
  const hasHash = version > 2
  const [key, locked, state, hash] = sequenceOf(
    element,
    'RootOfTrust',
    ...[octets, 0x01, 0x0a, ...(hasHash ? [octets] : [])],
  ) as readonly [Asn1, Asn1, Asn1, Asn1?]
  return {
    verifiedBootKey: insideOf(key),
    deviceLocked: insideOf(locked)[0] === 0xff,
    verifiedBootState: wordOf(state, ['verified', 'self-signed', 'unverified', 'failed']),
    verifiedBootHash: hash && insideOf(hash),
  }
}

const application: Read = (element, version) => {
  const inside = readStrictDer(bytes(element, version) as Octets)
  const [packages, signers] = sequenceOf(inside, 'application', 0x31, 0x31) as readonly [Asn1, Asn1]
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    packages: partsOf(packages).map((one) => {
      const [name, code] = sequenceOf(one, 'package', octets, 0x02) as readonly [Asn1, Asn1]
      return { name: utf8.decode(insideOf(name)), version: number(code, version) }
    }),
    signers: partsOf(signers).map((signer) => bytes(signer, version)),
  }
}

/** Authorizations that claims name. */
const named: Readonly<Record<number, readonly [name: string, read: Read]>> = {
  1: ['purpose', several(number)],
  2: ['algorithm', number],
  3: ['keySize', number],
  5: ['digest', several(number)],
  10: ['ecCurve', number],
  503: ['noAuthRequired', flag],
  504: ['userAuthType', number],
  505: ['authTimeout', number],
  509: ['unlockedDeviceRequired', flag],
  600: ['allApplications', flag],
  701: ['creationDateTime', number],
  702: ['origin', number],
  704: ['rootOfTrust', rootOfTrust],
  705: ['osVersion', number],
  706: ['osPatchLevel', number],
  709: ['application', application],
  718: ['vendorPatchLevel', number],
  719: ['bootPatchLevel', number],
}

/** Those that have a type, and no name here. */
function readerOf(tag: number): Read | undefined {
  if ([4, 6, 203].includes(tag)) return several(number)
  if ([8, 11, 200, 400, 401, 402, 405, 502].includes(tag)) return number
  if ([7, 303, 305, 506, 507, 508, 703, 720].includes(tag)) return flag
  return (tag >= 710 && tag <= 717) || tag === 723 || tag === 724 ? bytes : undefined
}

/** `[n] EXPLICIT`, in the shorter of both forms. @throws Error */
function tagIn(identifier: Octets): number {
  const [first = 0, ...digits] = identifier
  demand(first >> 5 === 5, 'a tag that is not explicit')
  if (digits.length === 0) return first & 0x1f
  demand(digits[0] !== 0x80 && digits.length < 5 && (digits.at(-1) ?? 0x80) < 0x80, 'a tag that is too long')
  const tag = digits.reduce((value, digit) => value * 128 + (digit & 0x7f), 0)
  demand(tag > 30, 'a tag that is longer than needed')
  return tag
}

/** What is under a tag that is not known means nothing: it is kept as it is. */
function readList({ inside }: Outside, version: number): Authorizations {
  const found: Record<string, unknown> = {}
  const others: unknown[] = []
  let last = -1
  for (const { identifier, inside: content } of splitElements(inside, Infinity)) {
    const tag = tagIn(identifier)
    demand(tag > last, `tag ${tag} out of order`)
    last = tag
    const [name, read = readerOf(tag)] = named[tag] ?? []
    const value = read === undefined ? content : read(readStrictDer(content), version)
    if (name === undefined) others.push({ tag, value })
    else found[name] = value
  }
  return { ...found, others }
}
