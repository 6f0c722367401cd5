/**
 * CoRIM (draft-ietf-rats-corim): what the payload of a signed file says. Decodes, decides nothing.
 *
 * Accepted: tag 501; the keys of the draft; CoMID tags (506) with reference triples; measurements with any of the draft's values, of which name,
 * version, digests and integrity registers are read. Profiles: that of this library, or none.
 * Refused, because it could change what is read here: other profiles, dependent CoRIMs, other kinds of tags (CoSWID, CoTL, CoTS), linked tags, every other
 * kind of triple, keys that the draft does not have. Key numbers are those of the draft's CDDL.
 */
import { type Bytes, toHex } from '../encoding/bytes.ts'
import { type CborMap, cborType, type CborValue, decodeCbor, isCborMap } from '../encoding/cbor.ts'
import type { Source } from '../encoding/reader.ts'
import { type AttestationErrorCode, VerificationError } from '../errors.ts'

/** The profile of the files that this library writes: what is measured stands in integrity registers, `version` in the CoMID's identity. */
export const profileOfReferenceValues = 'tag:veritee.dev,2026:reference-values#1'

/** Dates in Unix milliseconds; `undefined` for an open end. */
export interface Period {
  readonly notBefore: number | undefined
  readonly notAfter: number | undefined
}

/** What an environment says of itself (class): identifier in CBOR-typed text, vendor, model. */
export interface CorimClass {
  /** `560:…` for bytes in hexadecimal, `37:…` for a UUID, `111:…` for an OID: tag and content. */
  readonly id: string | undefined
  readonly vendor: string | undefined
  readonly model: string | undefined
}

/** A digest, by the name of its algorithm. */
export interface CorimDigest {
  readonly algorithm: 'sha-256' | 'sha-384' | 'sha-512'
  readonly value: Bytes
}

/** One measurement of a reference triple, as far as it is read. */
export interface CorimMeasurement {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly digests: readonly CorimDigest[]
  /** By index or name, as text. */
  readonly registers: ReadonlyMap<string, readonly CorimDigest[]>
  /** Keys of values that are there and not read. */
  readonly others: readonly number[]
}

/** Reference values for one environment. */
export interface CorimReference {
  readonly class: CorimClass
  readonly measurements: readonly CorimMeasurement[]
}

export interface Corim {
  readonly id: string
  readonly profile: string | undefined
  readonly validity: Period
  /** One per CoMID: which edition it is. */
  readonly versions: readonly number[]
  readonly references: readonly CorimReference[]
}

const tagOfCorim = 501
const tagOfComid = 506
const source: Source = { name: 'CoRIM', code: 'reference-cbor' }

/** Hash algorithms of the IANA "Named Information" registry that measurements use: number, name and length. */
const digestAlgorithms = [
  [1, 'sha-256', 32],
  [7, 'sha-384', 48],
  [8, 'sha-512', 64],
] as const

/** @throws VerificationError `reference-cbor`, `reference-profile`, `reference-content` */
export function decodeCorim(bytes: Bytes): Corim {
  const outer = decodeCbor(bytes, source)
  const map = mapOf(isTag(outer, tagOfCorim) ? outer.value : undefined, 'CoRIM must be tag 501 on a map')
  const profile = profileOf(map.get(3))
  // Without its profile, no key means anything for certain.
  if (profile !== undefined && profile !== profileOfReferenceValues)
    throw new VerificationError('reference-profile', 'profile', profileOfReferenceValues, profile)
  onlyKeys(map, [0, 1, 3, 4, 5], 'CoRIM')
  const id = idOf(map.get(0), 'id of the CoRIM')
  const comids = listOf(map.get(1), 'tags').map(decodeComid)
  return {
    id,
    profile,
    validity: decodePeriod(map.get(4)),
    versions: comids.map(({ version }) => version),
    references: comids.flatMap(({ references }) => references),
  }
}

/** `{ ? 0 not-before, ? 1 not-after }`, each a tag 1. */
export function decodePeriod(value: CborValue): Period {
  if (value === undefined) return { notBefore: undefined, notAfter: undefined }
  const map = mapOf(value, 'validity must be a map')
  onlyKeys(map, [0, 1], 'validity')
  const moment = (key: number): number | undefined => {
    const date = map.get(key)
    if (date === undefined) return undefined
    const seconds = isTag(date, 1) ? date.value : undefined
    if (typeof seconds !== 'number') throw content('dates must be tag 1 on whole seconds', date)
    return seconds * 1000
  }
  return { notBefore: moment(0), notAfter: moment(1) }
}

/** A tag 506 on the bytes of a CoMID. */
function decodeComid(tag: CborValue): { readonly version: number; readonly references: readonly CorimReference[] } {
  if (!isTag(tag, tagOfComid) || !(tag.value instanceof Uint8Array)) {
    const found = typeof tag === 'object' && tag !== null && 'tag' in tag ? `tag ${tag.tag}` : cborType(tag)
    throw new VerificationError('reference-content', 'kind of tag', '506, a CoMID', found)
  }
  const map = mapOf(decodeCbor(tag.value, { ...source, name: 'CoMID' }), 'CoMID must be a map')
  // Language and entities are for people.
  onlyKeys(map, [0, 1, 2, 4], 'CoMID')
  const identity = mapOf(map.get(1), 'identity of the CoMID must be a map')
  onlyKeys(identity, [0, 1], 'identity of the CoMID')
  idOf(identity.get(0), 'id of the CoMID')
  const version = identity.get(1) ?? 0
  if (typeof version !== 'number' || version < 0) throw content('version must be an unsigned integer', version)
  const triples = mapOf(map.get(4), 'triples must be a map')
  onlyKeys(triples, [0], 'triples')
  return { version, references: listOf(triples.get(0), 'reference triples').map(decodeReference) }
}

/** `[ environment, [ + measurement ] ]` */
function decodeReference(triple: CborValue): CorimReference {
  const [environment, measurements, ...more] = listOf(triple, 'reference triple')
  if (more.length > 0) throw content('reference triple must have 2 parts', triple)
  const map = mapOf(environment, 'environment must be a map')
  // An instance or a group would narrow what this is said of.
  onlyKeys(map, [0], 'environment')
  const own = mapOf(map.get(0), 'class must be a map')
  onlyKeys(own, [0, 1, 2], 'class')
  const id = own.get(0)
  return {
    class: {
      id: id === undefined ? undefined : classIdOf(id),
      vendor: textOf(own.get(1), 'vendor'),
      model: textOf(own.get(2), 'model'),
    },
    measurements: listOf(measurements, 'measurements').map(decodeMeasurement),
  }
}

/** `{ ? 0 mkey, 1 mval, ? 2 authorized-by }`; who may say so is decided by the signature, not by the file. */
function decodeMeasurement(measurement: CborValue): CorimMeasurement {
  const map = mapOf(measurement, 'measurement must be a map')
  onlyKeys(map, [0, 1, 2], 'measurement')
  const values = mapOf(map.get(1), 'measurement values must be a map')
  onlyKeys(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15], 'measurement values')
  const version = values.get(0)
  const registers = values.get(14)
  const isRead = [0, 2, 11, 14]
  return {
    name: textOf(values.get(11), 'name'),
    version: version === undefined ? undefined : textOf(mapOf(version, 'version must be a map').get(0), 'version'),
    digests: values.has(2) ? decodeDigests(values.get(2)) : [],
    registers: new Map(
      registers === undefined
        ? []
        : [...mapOf(registers, 'integrity registers must be a map')].map(([name, value]) => [
            `${name}`,
            decodeDigests(value),
          ]),
    ),
    others: [
      ...(map.has(0) ? [-1] : []),
      ...(map.has(2) ? [-2] : []),
      ...[...values.keys()].map(Number).filter((key) => !isRead.includes(key)),
    ],
  }
}

/** `[ + [ algorithm, bytes ] ]`, no algorithm twice. */
function decodeDigests(value: CborValue): CorimDigest[] {
  const digests = listOf(value, 'digests').map((digest): CorimDigest => {
    const [name, bytes, ...more] = listOf(digest, 'digest')
    const algorithm = digestAlgorithms.find(([number, text]) => name === number || name === text)
    if (algorithm === undefined || more.length > 0) throw content('digest must be sha-256, sha-384 or sha-512', name)
    const [, known, size] = algorithm
    if (!(bytes instanceof Uint8Array) || bytes.length !== size) throw content(`${known} must be ${size} bytes`, bytes)
    return { algorithm: known, value: bytes }
  })
  if (new Set(digests.map(({ algorithm }) => algorithm)).size !== digests.length)
    throw content('an algorithm comes twice', value)
  return digests
}

function profileOf(value: CborValue): string | undefined {
  if (value === undefined) return undefined
  if (isTag(value, 32) && typeof value.value === 'string') return value.value
  return `something else (${cborType(value)})`
}

/** Text, or the 16 bytes of a UUID. */
function idOf(value: CborValue, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  if (value instanceof Uint8Array && value.length === 16) return toHex(value)
  throw content(`${name} must be text or a UUID`, value)
}

function classIdOf(value: CborValue): string {
  if (typeof value !== 'object' || value === null || !('tag' in value) || !(value.value instanceof Uint8Array))
    throw content('class id must be a tag on bytes', value)
  return `${value.tag}:${toHex(value.value)}`
}

function textOf(value: CborValue, name: string): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw content(`${name} must be text`, value)
  return value
}

/** A list that is not empty. */
function listOf(value: CborValue, name: string): readonly CborValue[] {
  if (!Array.isArray(value) || value.length === 0) throw content(`${name} must be a list that is not empty`, value)
  return value as readonly CborValue[]
}

export function mapOf(value: CborValue, problem: string): CborMap {
  if (!isCborMap(value)) throw content(problem, value)
  return value
}

export function onlyKeys(map: CborMap, known: readonly number[], name: string): void {
  const code: AttestationErrorCode = 'reference-content'
  const other = [...map.keys()].find((key) => !known.includes(key as number))
  if (other !== undefined) throw new VerificationError(code, `keys of ${name}`, known.join(', '), JSON.stringify(other))
}

export function isTag(value: CborValue, wanted: number): value is { readonly tag: number; readonly value: CborValue } {
  return typeof value === 'object' && value !== null && 'tag' in value && value.tag === wanted
}

function content(problem: string, found: CborValue): VerificationError {
  return new VerificationError('reference-content', `${problem}, found ${cborType(found)}`)
}
