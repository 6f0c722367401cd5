/**
 * CoRIM (draft-ietf-rats-corim): what a file of reference values says. Decodes, decides nothing.
 *
 * Accepted: the maps of the draft with their own keys; CoMID tags (506) with its triples, of which
 * reference and attest-key triples are read and the others counted; every measurement value, of
 * which name, version, digests and integrity registers are read and the others shown. Refused,
 * because it could change what is read here: profiles that the caller does not know, other kinds of
 * tags (CoSWID, CoTL, CoTS), keys that the draft does not have: only their profile knows what those
 * mean. Key numbers are those of the draft's CDDL.
 */
import type { Bytes } from '../../encoding/bytes.ts'
import { type CborBudget, type CborValue, decodeCbor, isCborMap } from '../../encoding/cbor.ts'
import type { Source } from '../../encoding/reader.ts'
import { VerificationError } from '../../core/errors.ts'
import { content, type CorimEntry, entriesOf, idOf, isTag, listOf, mapOf, shown, shownOf, textOf } from './items.ts'

/**
 * The profile of the files that this library writes: one CoMID, whose identity is the product and
 * its version; integrity registers hold what is measured.
 */
export const profileOfReferenceValues = 'tag:veritee.dev,2026:reference-values#2'
/**
 * What it wrote before: the same, but the CoMID's identity is the name of the file, which says
 * nothing about a product.
 */
export const profileWithoutProduct = 'tag:veritee.dev,2026:reference-values#1'

/** When something holds; `undefined` for an open end. */
export interface CorimPeriod {
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
}

/**
 * What reference values are of: the class of a component, and which one of its kind. What is absent
 * is not narrowed down.
 */
export interface CorimEnvironment {
  /**
   * In diagnostic notation: `560(h'…')` for bytes, `37(h'…')` for a UUID, `111(h'…')` for an OID.
   */
  readonly id: string | undefined
  readonly vendor: string | undefined
  readonly model: string | undefined
  /** What narrows it down: 1 instance, 2 group, 3 layer, 4 index. */
  readonly others: readonly CorimEntry[]
}

/** A digest, by the name of its algorithm. */
export interface CorimDigest {
  readonly algorithm: 'sha-256' | 'sha-384' | 'sha-512'
  readonly value: Uint8Array
}

/** One measurement of a reference triple. */
export interface CorimMeasurement {
  /**
   * Which part of the environment this is (`mkey`), in diagnostic notation: `37(h'31fb…')`,
   * `"cca.rim"`.
   */
  readonly key: string | undefined
  readonly name: string | undefined
  readonly version: string | undefined
  /** How versions compare (RFC 9393), in diagnostic notation; `16384` is semantic versioning. */
  readonly versionScheme: string | undefined
  readonly digests: readonly CorimDigest[]
  /** Integrity registers, by number or name. */
  readonly registers: readonly { readonly id: number | string; readonly digests: readonly CorimDigest[] }[]
  /**
   * What is not read, by its key: measurement values, and 2 for `authorized-by`. Who compares must
   * not overlook them: they narrow down what is meant.
   */
  readonly others: readonly CorimEntry[]
}

/** Reference values for one environment. */
export interface CorimReference {
  readonly environment: CorimEnvironment
  readonly measurements: readonly CorimMeasurement[]
}

/** A key that attests for one environment. */
export interface CorimKey {
  readonly environment: CorimEnvironment
  /**
   * Which kind of key it is, by the tag of the draft: 554 is a SubjectPublicKeyInfo in PEM, 555 a
   * certificate.
   */
  readonly kind: number
  /** The key where it is text, else the item in diagnostic notation. */
  readonly text: string
  /** When it may be used, in diagnostic notation; `undefined` for always. */
  readonly conditions: string | undefined
}

/** Who had to do with a file. Anyone can be named here. */
export interface CorimEntity {
  readonly name: string | undefined
  /** URI. */
  readonly uri: string | undefined
  /** Numbers of the draft, in diagnostic notation. */
  readonly roles: string
}

/** One CoMID: what is said of one or more environments. */
export interface Comid {
  /** Text, or a UUID in hexadecimal. */
  readonly id: string
  /** Which edition it is; 0 where it does not say. */
  readonly version: number
  readonly entities: readonly CorimEntity[]
  readonly references: readonly CorimReference[]
  /** Attest-key triples, a key each. */
  readonly keys: readonly CorimKey[]
  /** How many triples there are of every kind, reference triples included. */
  readonly triples: readonly { readonly kind: string; readonly count: number }[]
  /** Other CoMIDs that this one supplements or replaces, in diagnostic notation. */
  readonly linked: string | undefined
}

/** What a CoRIM says. */
export interface CorimContent {
  /** Text, or a UUID in hexadecimal. */
  readonly id: string
  /** A URI, or `111(h'…')` for an OID. */
  readonly profile: string | undefined
  readonly validity: CorimPeriod
  readonly entities: readonly CorimEntity[]
  readonly comids: readonly Comid[]
  /** CoRIMs that this one needs, in diagnostic notation. Nothing fetches them. */
  readonly dependencies: string | undefined
}

/** Which files are read: keys by map, and profiles by name. */
export interface Dialect {
  readonly corim: readonly number[]
  readonly comid: readonly number[]
  readonly triples: readonly number[]
  readonly environment: readonly number[]
  readonly class: readonly number[]
  /**
   * In a signed file, what cocli wrote before the draft had them: no tag 501 around the map,
   * profiles as plain text.
   */
  readonly isLenient: boolean
  /** `undefined` for files without one. */
  readonly profiles: readonly (string | undefined)[]
}

const tagOfCorim = 501
const tagOfComid = 506
const source: Source = { name: 'CoRIM', code: 'reference-cbor' }

/**
 * Hash algorithms of the IANA "Named Information" registry that measurements use: number, name and
 * length.
 */
const digestAlgorithms = [
  [1, 'sha-256', 32],
  [7, 'sha-384', 48],
  [8, 'sha-512', 64],
] as const

/** By their key. */
const kindsOfTriples: Readonly<Record<number, string>> = {
  0: 'reference',
  1: 'endorsed',
  2: 'identity',
  3: 'attest-key',
  4: 'dependency',
  5: 'membership',
  6: 'coswid',
  8: 'conditional-series',
  10: 'conditional-endorsement',
}

/** A CoRIM down to its triples. */
export interface RawCorim extends Omit<CorimContent, 'comids'> {
  readonly comids: readonly RawComid[]
}

/** A CoMID whose triples have not been read. */
export interface RawComid extends Omit<Comid, 'references' | 'keys' | 'triples'> {
  /** By the key of their kind; no list is empty. */
  readonly triples: readonly (readonly [kind: number, list: readonly CborValue[]])[]
}

/** @throws VerificationError `reference-cbor`, `reference-profile`, `reference-content` */
export function readCorim(bytes: Bytes, dialect: Dialect): CorimContent {
  const { comids, ...head } = readRawCorim(bytes, dialect)
  const values = head.profile === profileOfPsa ? [...keysOfValues, 100] : keysOfValues
  return {
    ...head,
    comids: comids.map(({ triples, ...comid }) => ({
      ...comid,
      references: triples.flatMap(([key, list]) =>
        key === 0 ? list.map((triple) => decodeReference(triple, dialect, values)) : [],
      ),
      keys: triples.flatMap(([key, list]) => (key === 3 ? list.flatMap((triple) => decodeKeys(triple, dialect)) : [])),
      triples: triples.map(([key, { length }]) => ({ kind: kindsOfTriples[key] as string, count: length })),
    })),
  }
}

/** The profile that adds a measurement value, the number of a certificate (100). */
const profileOfPsa = 'tag:arm.com,2025:psa#1.0.0'
/** Of a measurement, in the CDDL of the draft. */
const keysOfValues: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15]

/**
 * What is around the triples of a CoRIM. @throws VerificationError `reference-cbor`,
 * `reference-profile`, `reference-content`
 */
export function readRawCorim(bytes: Bytes, dialect: Dialect): RawCorim {
  // Those of CoMIDs included. Real files have an item for 6 to 12 bytes; 65,536 hold 1900 builds of
  // three registers.
  const budget: CborBudget = { items: Math.min(256 + bytes.length / 4, 65_536) }
  const outer = decodeCbor(bytes, source, false, budget)
  const inner = isTag(outer, tagOfCorim) ? outer.value : dialect.isLenient ? outer : undefined
  const name = 'CoRIM (tag 501)'
  // Without its profile, no key means anything for certain.
  const profile = profileOf(mapOf(inner, name).get(3), dialect)
  if (!dialect.profiles.includes(profile))
    throw profile === profileWithoutProduct
      ? new VerificationError('reference-product', 'signed before values named a product: sign them again')
      : new VerificationError('reference-profile', {
          subject: 'profile',
          expected: dialect.profiles.filter(Boolean).join(' or '),
          found: profile ?? 'none',
        })
  const map = mapOf(inner, name, dialect.corim)
  return {
    id: idOf(map.get(0), 'id of the CoRIM'),
    profile,
    validity: decodePeriod(map.get(4)),
    entities: entitiesOf(map.get(5)),
    comids: listOf(map.get(1), 'tags').map((tag) => decodeComid(tag, dialect, budget)),
    dependencies: shownOf(map.get(2)),
  }
}

/** `{ ? 0 not-before, ? 1 not-after }`, each a tag 1. */
export function decodePeriod(value: CborValue): CorimPeriod {
  if (value === undefined) return { notBefore: undefined, notAfter: undefined }
  const map = mapOf(value, 'validity', [0, 1])
  const moment = (key: number): Date | undefined => {
    const date = map.get(key)
    if (date === undefined) return undefined
    const seconds = isTag(date, 1) ? date.value : undefined
    const moment = new Date(typeof seconds === 'number' ? seconds * 1000 : NaN)
    if (Number.isNaN(moment.getTime())) throw content('dates must be tag 1 on whole seconds', date)
    return moment
  }
  return { notBefore: moment(0), notAfter: moment(1) }
}

/** `{ 0 name, ? 1 uri, … }`: an entity, or the signer in corim-meta. */
export function decodeEntity(value: CborValue): CorimEntity {
  const map = mapOf(value, 'entity', [0, 1, 2])
  const uri = map.get(1)
  return {
    name: textOf(map.get(0), 'name'),
    uri: textOf(isTag(uri, 32) ? uri.value : uri, 'uri'),
    roles: shownOf(map.get(2)) ?? '[]',
  }
}

/** A tag 506 on the bytes of a CoMID. What cocli wrote: the bytes of a tag 506 on a CoMID. */
function decodeComid(item: CborValue, dialect: Dialect, budget: CborBudget): RawComid {
  const isOld = dialect.isLenient && item instanceof Uint8Array
  const comid = { ...source, name: 'CoMID' }
  const tag = isOld ? decodeCbor(item, comid, false, budget) : item
  const body = isTag(tag, tagOfComid) ? tag.value : undefined
  const isWhole = isOld ? isCborMap(body) : body instanceof Uint8Array
  if (!isWhole) throw content('kind of tag must be 506, a CoMID', tag)
  const map = mapOf(isOld ? body : decodeCbor(body as Bytes, comid, false, budget), 'CoMID', dialect.comid)
  const identity = mapOf(map.get(1), 'identity of the CoMID', [0, 1])
  const version = identity.get(1) ?? 0
  if (typeof version !== 'number' || version < 0) throw content('version must be an unsigned integer', version)
  const triples = mapOf(map.get(4), 'triples', dialect.triples)
  if (triples.size === 0) throw content('triples must not be empty', triples)
  return {
    id: idOf(identity.get(0), 'id of the CoMID'),
    version,
    entities: entitiesOf(map.get(2)),
    triples: [...triples].map(([key, list]) => [key as number, listOf(list, 'triples of a kind')]),
    linked: shownOf(map.get(3)),
  }
}

/** `[ environment, [ + measurement ] ]` */
export function decodeReference(
  triple: CborValue,
  dialect: Dialect,
  values: readonly number[] = keysOfValues,
): CorimReference {
  const [environment, measurements, ...more] = listOf(triple, 'reference triple')
  if (more.length > 0) throw content('reference triple must have 2 parts', triple)
  return {
    environment: decodeEnvironment(environment, dialect),
    measurements: listOf(measurements, 'measurements').map((measurement) => decodeMeasurement(measurement, values)),
  }
}

/** `[ environment, [ + key ], ? conditions ]` */
function decodeKeys(triple: CborValue, dialect: Dialect): readonly CorimKey[] {
  const [environment, keys, conditions, ...more] = listOf(triple, 'attest-key triple')
  if (more.length > 0) throw content('attest-key triple must have 2 or 3 parts', triple)
  return listOf(keys, 'keys').map((key) => {
    if (!isTag(key)) throw content('key must have a tag', key)
    return {
      environment: decodeEnvironment(environment, dialect),
      kind: key.tag,
      text: typeof key.value === 'string' ? key.value : shown(key.value),
      conditions: shownOf(conditions),
    }
  })
}

function decodeEnvironment(environment: CborValue, dialect: Dialect): CorimEnvironment {
  const map = mapOf(environment, 'environment', dialect.environment)
  const own = mapOf(map.has(0) ? map.get(0) : new Map<number, CborValue>(), 'class', dialect.class)
  return {
    id: shownOf(own.get(0)),
    vendor: textOf(own.get(1), 'vendor'),
    model: textOf(own.get(2), 'model'),
    // No key means two of these.
    others: [...entriesOf(map, [0]), ...entriesOf(own, [0, 1, 2])],
  }
}

/**
 * `{ ? 0 mkey, 1 mval, ? 2 authorized-by }`; who may say so is decided by the signature, not by the
 * file.
 */
function decodeMeasurement(measurement: CborValue, known: readonly number[]): CorimMeasurement {
  const map = mapOf(measurement, 'measurement', [0, 1, 2])
  const values = mapOf(map.get(1), 'measurement values', known)
  const version = values.has(0) ? mapOf(values.get(0), 'version', [0, 1]) : undefined
  const registers = values.has(14) ? mapOf(values.get(14), 'integrity registers') : []
  return {
    key: shownOf(map.get(0)),
    name: textOf(values.get(11), 'name'),
    version: textOf(version?.get(0), 'version'),
    versionScheme: shownOf(version?.get(1)),
    digests: values.has(2) ? decodeDigests(values.get(2)) : [],
    registers: [...registers].map(([id, value]) => ({ id, digests: decodeDigests(value) })),
    others: [...entriesOf(map, [0, 1]), ...entriesOf(values, [0, 2, 11, 14])],
  }
}

/** `[ + [ algorithm, bytes ] ]`, no algorithm twice. */
export function decodeDigests(value: CborValue): CorimDigest[] {
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

const entitiesOf = (value: CborValue): CorimEntity[] =>
  value === undefined ? [] : listOf(value, 'entities').map(decodeEntity)

function profileOf(value: CborValue, { isLenient }: Dialect): string | undefined {
  const text = isTag(value, 32) ? value.value : isLenient && value
  return typeof text === 'string' ? text : shownOf(value)
}
