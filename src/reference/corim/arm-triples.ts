/**
 * Triples of Arm's profiles of 2025 (draft-ydb-rats-cca-endorsements,
 * draft-fdb-rats-psa-endorsements): keys of devices, and what runs on them.
 *
 * Accepted: environments by implementation id (or RIM), with vendor and model beside it; digests in
 * SHA-256, SHA-384 and SHA-512; one key a triple, in PEM. Refused, because it could narrow down
 * what is read here: every other key of a map, instances of reference values, conditions,
 * `authorized-by`, version schemes.
 */
import { anyValue } from '../../appraisal/expectations.ts'
import { ES256, ES384, ES512, isKeyOf } from '../../crypto/algorithms.ts'
import { type Bytes, copyBytes, equalBytes, isZero } from '../../encoding/bytes.ts'
import type { CborMap, CborValue } from '../../encoding/cbor.ts'
import { decodePem } from '../../encoding/pem.ts'
import { type CorimDigest, decodeDigests } from './corim.ts'
import { content, isTag, listOf, mapOf, textOf } from './items.ts'

/** The key of one device; goes into the option `trustAnchors` of `verifyCca` and `verifyPsa`. */
export interface ArmTrustAnchor {
  readonly implementationId: Uint8Array
  readonly instanceId: Uint8Array
  /** DER SubjectPublicKeyInfo. */
  readonly key: Uint8Array
  /** When the file, its signature or a certificate of its chain expires; left out for never. */
  readonly validUntil?: Date
}

/** One component of the software of a device. */
export interface ArmSoftwareComponent {
  readonly measurement: Uint8Array
  readonly signerId: Uint8Array
  readonly hashAlgorithm: 'sha-256' | 'sha-384' | 'sha-512'
  readonly type?: string
  readonly version?: string
}

/** The firmware of a CCA platform; goes into the option `platform` of `verifyCca`. */
export interface ArmPlatformReferenceValues {
  readonly implementationId: Uint8Array
  readonly softwareComponents: readonly ArmSoftwareComponent[]
  /** Left out where the file does not say: any. */
  readonly config?: Uint8Array | { readonly value: Uint8Array; readonly mask: Uint8Array }
  readonly validUntil?: Date
}

/** A realm; goes into the option `referenceValues` of `verifyCca`. */
export interface ArmRealmReferenceValues {
  readonly rim: Uint8Array
  /** Four; zeros where the file does not say. */
  readonly rems: readonly Uint8Array[]
  /** Any where the file does not say. */
  readonly personalizationValue: Uint8Array | typeof anyValue
  readonly validUntil?: Date
}

/**
 * The firmware of a device with a PSA root of trust; goes into the option `referenceValues` of
 * `verifyPsa`.
 */
export interface ArmPsaReferenceValues {
  readonly implementationId: Uint8Array
  readonly softwareComponents: readonly ArmSoftwareComponent[]
  readonly validUntil?: Date
}

/** Tags of the draft. */
const tags = { ueid: 550, pem: 554, bytes: 560, masked: 563 } as const

/** `[ environment, [ key ] ]` @throws VerificationError `reference-content` */
export function readAnchor(triple: CborValue): ArmTrustAnchor {
  const [environment, keys, ...more] = listOf(triple, 'attest-key triple')
  if (more.length > 0) throw content('attest-key triple must have 2 parts, no conditions', triple)
  const map = mapOf(environment, 'environment of a key', [0, 1])
  const instanceId = bytesOf(map.get(1), tags.ueid, 'instance', [33])
  // RFC 9783 section 4.2.1: a random identifier.
  if (instanceId[0] !== 1) throw content('instance must be a UEID of type 1', instanceId)
  const [key, ...others] = listOf(keys, 'keys')
  if (others.length > 0) throw content('keys must be 1', keys)
  return { implementationId: classOf(map, [32]), instanceId, key: spkiOf(key) }
}

/**
 * One triple describes a platform completely; several digests of a component are several reference
 * values. @throws VerificationError `reference-content`
 */
export function readPlatform(triple: CborValue): readonly ArmPlatformReferenceValues[] {
  const { id, measurements } = readReference(triple, [32])
  const configs = measurements.filter(({ key }) => key === 'cca.platform-config')
  if (configs.length > 1) throw content('cca.platform-config must come once', triple)
  const [config] = configs.map(({ values }) => configOf(values))
  const components = measurements.filter(({ key }) => key !== 'cca.platform-config')
  return componentsOf(components, 'cca.software-component').map((softwareComponents) => ({
    implementationId: id,
    softwareComponents,
    ...(config !== undefined && { config }),
  }))
}

/** @throws VerificationError `reference-content` */
export function readPsa(triple: CborValue): readonly ArmPsaReferenceValues[] {
  const { id, measurements } = readReference(triple, [32])
  return componentsOf(measurements, 'psa.software-component').map((softwareComponents) => ({
    implementationId: id,
    softwareComponents,
  }))
}

/** The class of a realm is its RIM. @throws VerificationError `reference-content` */
export function readRealm(triple: CborValue): ArmRealmReferenceValues {
  const { id, measurements } = readReference(triple, [32, 48, 64])
  const found = new Map(measurements.map(({ key, values }) => [key, values]))
  const names = ['cca.rim', 'cca.rem0', 'cca.rem1', 'cca.rem2', 'cca.rem3', 'cca.rpv']
  if (found.size < measurements.length) throw content('measurements of a realm must come once', triple)
  const unknown = measurements.find(({ key }) => !names.includes(key))
  if (unknown !== undefined) throw content(`mkey of a realm must be one of ${names.join(', ')}`, unknown.key)
  const rim = found.get('cca.rim')
  if (rim === undefined) throw content('cca.rim is missing', triple)
  const digest = digestsOf(rim, 'cca.rim').find(({ value }) => equalBytes(value, id))
  if (digest === undefined) throw content('class of a realm must be its RIM', triple)
  if (isZero(id)) throw content('RIM must not be zero', triple)
  const rpv = found.get('cca.rpv')
  return {
    rim: id,
    rems: [0, 1, 2, 3].map((i) => {
      const name = `cca.rem${i}`
      const values = found.get(name)
      if (values === undefined) return new Uint8Array(id.length)
      const rem = digestsOf(values, name).find(({ algorithm }) => algorithm === digest.algorithm)
      if (rem === undefined) throw content(`${name} must have a digest of the RIM's algorithm`, triple)
      return copyBytes(rem.value)
    }),
    personalizationValue:
      rpv === undefined
        ? anyValue
        : bytesOf(mapOf(rpv, 'cca.rpv', [4]).get(4), tags.bytes, 'personalization value', [64]),
  }
}

/** One measurement, its values unread. */
interface Measurement {
  readonly key: string
  readonly values: CborValue
}

/** `[ environment, [ + measurement ] ]`, of everything that has this class. */
function readReference(
  triple: CborValue,
  sizes: readonly number[],
): { readonly id: Bytes; readonly measurements: readonly Measurement[] } {
  const [environment, list, ...more] = listOf(triple, 'reference triple')
  if (more.length > 0) throw content('reference triple must have 2 parts', triple)
  const measurements = listOf(list, 'measurements').map((item): Measurement => {
    const map = mapOf(item, 'measurement', [0, 1])
    const key = textOf(map.get(0), 'mkey')
    if (key === undefined) throw content('mkey is missing', item)
    return { key, values: map.get(1) }
  })
  return { id: classOf(mapOf(environment, 'environment of reference values', [0]), sizes), measurements }
}

/** The class id. Vendor and model say who made it, and no evidence names them. */
function classOf(environment: CborMap, sizes: readonly number[]): Bytes {
  const own = mapOf(environment.get(0), 'class', [0, 1, 2])
  textOf(own.get(1), 'vendor')
  textOf(own.get(2), 'model')
  return bytesOf(own.get(0), tags.bytes, 'class id', sizes)
}

/**
 * Lists of components that a platform may have: one for each algorithm that digests are given in.
 */
function componentsOf(
  measurements: readonly Measurement[],
  name: string,
): readonly (readonly ArmSoftwareComponent[])[] {
  const components = measurements.map(({ key, values }) => {
    if (key !== name) throw content(`mkey must be ${name}`, key)
    return readComponent(values)
  })
  if (components.length === 0) throw content(`${name} must come at least once`, undefined)
  const algorithms = new Set(components.flatMap(({ digests }) => digests.map(({ algorithm }) => algorithm)))
  // A component whose digest is in one algorithm only has that one in every list.
  const lists = [...algorithms].map((wanted) =>
    components.map(({ digests, ...component }) => {
      const { algorithm, value } = (digests.find((digest) => digest.algorithm === wanted) ?? digests[0]) as CorimDigest
      return { ...component, measurement: copyBytes(value), hashAlgorithm: algorithm }
    }),
  )
  return lists
}

function readComponent(
  values: CborValue,
): Omit<ArmSoftwareComponent, 'measurement' | 'hashAlgorithm'> & { readonly digests: readonly CorimDigest[] } {
  const map = mapOf(values, 'software component', [0, 2, 11, 13])
  const version = map.has(0) ? textOf(mapOf(map.get(0), 'version', [0]).get(0), 'version') : undefined
  const type = textOf(map.get(11), 'name')
  const [signer, ...others] = listOf(map.get(13), 'signer of a software component')
  if (others.length > 0) throw content('signer of a software component must be 1', map.get(13))
  return {
    digests: decodeDigests(map.get(2)),
    signerId: bytesOf(signer, tags.bytes, 'signer of a software component', [32, 48, 64]),
    ...(type !== undefined && { type }),
    ...(version !== undefined && { version }),
  }
}

/** Bytes, or bytes under a mask, in either of the draft's forms. */
function configOf(values: CborValue): Bytes | { readonly value: Bytes; readonly mask: Bytes } {
  const map = mapOf(values, 'cca.platform-config', [4, 5])
  const raw = map.get(4)
  const [masked, mask, ...more] = isTag(raw, tags.masked) ? listOf(raw.value, 'masked raw value') : []
  if (more.length > 0 || (masked !== undefined && map.has(5))) throw content('platform config must have 1 mask', raw)
  const value = masked === undefined ? bytesOf(raw, tags.bytes, 'platform config') : wholeOf(masked, 'platform config')
  if (masked === undefined && !map.has(5)) return value
  const bits = wholeOf(mask ?? map.get(5), 'mask of the platform config')
  if (bits.length !== value.length) throw content('mask must be as long as the platform config', raw)
  return { value, mask: bits }
}

function digestsOf(values: CborValue, name: string): readonly CorimDigest[] {
  return decodeDigests(mapOf(values, name, [2]).get(2))
}

/** A copy of bytes under a tag; of one of these sizes, if there are any. */
function bytesOf(value: CborValue, tag: number, name: string, sizes?: readonly number[]): Bytes {
  if (!isTag(value, tag)) throw content(`${name} must be tag ${tag}`, value)
  const bytes = wholeOf(value.value, name)
  if (sizes?.includes(bytes.length) === false) throw content(`${name} must be ${sizes.join(' or ')} bytes`, bytes)
  return bytes
}

function wholeOf(value: CborValue, name: string): Bytes {
  if (!(value instanceof Uint8Array) || value.length === 0) throw content(`${name} must be bytes`, value)
  return copyBytes(value)
}

/** A public key in PEM. Certificates are refused: nothing here would check them. */
function spkiOf(key: CborValue): Bytes {
  const text = isTag(key, tags.pem) ? key.value : undefined
  if (typeof text !== 'string') throw content(`key must be tag ${tags.pem} on text`, key)
  const blocks = decodePem(text, 'PUBLIC KEY', { name: 'key of a device', code: 'reference-content' })
  const [spki] = blocks as [Bytes]
  if (blocks.length > 1 || ![ES256, ES384, ES512].some((algorithm) => isKeyOf(spki, algorithm.key)))
    throw content('key must be 1 on P-256, P-384 or P-521', text)
  return spki
}
