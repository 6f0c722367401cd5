/**
 * The firmware of devices with a PSA root of trust: a measurement for each component.
 */
import { isPlainObject, itemsOf, requireText, requireOption, snapshotOf } from '../../../core/options.ts'
import { readSizedBytes } from '../../../appraisal/expectations.ts'
import { type Bytes, concatBytes, copyBytes, givenHex } from '../../../encoding/bytes.ts'
import type { CborMap, CborValue } from '../../../encoding/cbor.ts'
import { type Encodable, encodeCbor } from '../../../encoding/cbor-encode.ts'
import { printable } from '../../../x509/name.ts'
import { decodeDigests } from '../corim.ts'
import { content, isTag, listOf, mapOf, textOf } from '../items.ts'
import { type Build, type Environment, type FoundMeasurements, mapWith } from './environment.ts'

export const psa: Environment = {
  vendor: 'Arm',
  model: 'PSA',
  isDated: true,
  readBuilds(values) {
    const list = Array.isArray(values) ? itemsOf(values) : [values]
    requireOption('values', 'measurements, of one build at least', list.length > 0)
    return list.map((value, i) => buildOf(readDevice(value, `values[${i}]`)))
  },
  valueOf,
}

/** Checked and copied. */
interface Device {
  readonly name?: string
  readonly softwareComponents: readonly Component[]
  readonly certificationReference?: string
  readonly implementationId?: Bytes
}

interface Component {
  readonly measurement: Bytes
  readonly signerId: Bytes
  readonly type?: string
  readonly version?: string
  readonly hashAlgorithm?: Algorithm
}

type Algorithm = keyof typeof algorithms

/** Number and size of digests, by the name of their algorithm. */
const algorithms = { 'sha-256': [1, 32], 'sha-384': [7, 48], 'sha-512': [8, 64] } as const
/** Names of measurements (`mkey`). */
const keys = {
  component: 'software-component',
  implementation: 'implementationId',
  certification: 'certificationReference',
} as const
const tagOfBytes = 560

function readDevice(value: unknown, path: string): Device {
  requireOption(path, "like { softwareComponents: [{ measurement: '…', signerId: '…' }] }", isPlainObject(value))
  const { name, softwareComponents, certificationReference, implementationId, ...others } = snapshotOf<
    Record<string, unknown>
  >(value, path)
  requireNone(others, path)
  requireText(name, `${path}.name`)
  requireText(certificationReference, `${path}.certificationReference`)
  const components = itemsOf(softwareComponents)
  requireOption(`${path}.softwareComponents`, 'a list of components, at least one', components.length > 0)
  return {
    ...(name !== undefined && { name: name }),
    softwareComponents: components.map((entry, i) => readComponent(entry, `${path}.softwareComponents[${i}]`)),
    ...(certificationReference !== undefined && { certificationReference: certificationReference }),
    ...(implementationId !== undefined && {
      implementationId: readSizedBytes(implementationId, 32, `${path}.implementationId`),
    }),
  }
}

function readComponent(value: unknown, path: string): Component {
  requireOption(path, "like { measurement: '…', signerId: '…' }", isPlainObject(value))
  const { measurement, signerId, type, version, hashAlgorithm, ...others } = snapshotOf<Record<string, unknown>>(
    value,
    path,
  )
  requireNone(others, path)
  requireText(type, `${path}.type`)
  requireText(version, `${path}.version`)
  const isKnown = hashAlgorithm === undefined || Object.hasOwn(algorithms, hashAlgorithm as string)
  requireOption(`${path}.hashAlgorithm`, Object.keys(algorithms).join(' or '), isKnown)
  const bytes = readDigest(measurement, `${path}.measurement`)
  const isOfSize = hashAlgorithm === undefined || algorithms[hashAlgorithm as Algorithm][1] === bytes.length
  requireOption(`${path}.measurement`, `a digest of ${String(hashAlgorithm)}`, isOfSize)
  return {
    measurement: bytes,
    signerId: readDigest(signerId, `${path}.signerId`),
    ...(type !== undefined && { type: type }),
    ...(version !== undefined && { version: version }),
    ...(hashAlgorithm !== undefined && { hashAlgorithm: hashAlgorithm as Algorithm }),
  }
}

function requireNone(others: Readonly<Record<string, unknown>>, path: string): void {
  const [other] = Object.keys(others)
  requireOption(`${path}.${String(other)}`, 'left out: it cannot be signed', other === undefined)
}

function readDigest(value: unknown, path: string): Bytes {
  const bytes = givenHex(value, path)
  requireOption(path, '32, 48 or 64 bytes', [32, 48, 64].includes(bytes.length))
  return bytes
}

function buildOf(device: Device): Build {
  const { name, softwareComponents, certificationReference, implementationId } = device
  const components = softwareComponents.map(componentItem)
  return {
    name,
    marks: new Map([
      // Any order is the same firmware.
      [keys.component, concatBytes(...components.map((component) => [...encodeCbor(component)]).sort(compareLists))],
      ...(implementationId === undefined ? [] : [[keys.implementation, implementationId] as const]),
      ...(certificationReference === undefined
        ? []
        : [[keys.certification, new TextEncoder().encode(certificationReference)] as const]),
    ]),
    measurements: [
      // The name of the build; a measurement has no fewer values than one.
      mapWith([1, name === undefined ? mapWith([14, new Map<string, Encodable>()]) : mapWith([11, name])]),
      ...components,
      ...(implementationId === undefined
        ? []
        : [itemOf(keys.implementation, [4, { tag: tagOfBytes, value: implementationId }])]),
      ...(certificationReference === undefined ? [] : [itemOf(keys.certification, [11, certificationReference])]),
    ],
  }
}

const compareLists = (a: readonly number[], b: readonly number[]): number => (a.join() < b.join() ? -1 : 1)

function itemOf(key: string, ...values: readonly (readonly [number, Encodable])[]): Encodable {
  return new Map<number, Encodable>([
    [0, key],
    [1, mapWith(...values)],
  ])
}

/** A digest where the algorithm is part of what is expected, else its bytes. */
function componentItem({ measurement, signerId, type, version, hashAlgorithm }: Component): Encodable {
  return itemOf(
    keys.component,
    ...(version === undefined ? [] : [[0, mapWith([0, version])] as const]),
    hashAlgorithm === undefined
      ? [4, { tag: tagOfBytes, value: measurement }]
      : [2, [[algorithms[hashAlgorithm][0], measurement]]],
    ...(type === undefined ? [] : [[11, type] as const]),
    [13, [{ tag: tagOfBytes, value: signerId }]],
  )
}

function valueOf({ raw, build }: FoundMeasurements): Device {
  const [first, ...others] = raw
  const values = mapOf(mapOf(first, `first measurement of ${build}`, [1]).get(1), build, [11, 14])
  const name = textOf(values.get(11), `name of ${build}`)
  if (values.has(14) && mapOf(values.get(14), build).size > 0) throw content(`${build} must have no registers`, first)
  const items = others.map((item) => {
    const map = mapOf(item, `measurement of ${build}`, [0, 1])
    return { key: textOf(map.get(0), 'mkey'), values: map.get(1) }
  })
  const ofKey = (wanted: string): readonly CborValue[] =>
    items.flatMap(({ key, values }) => (key === wanted ? [values] : []))
  const unknown = items.find(({ key }) => !Object.values<unknown>(keys).includes(key))
  if (unknown !== undefined) throw content(`${build} must have known measurements`, unknown.key)
  const [implementation, ...implementations] = ofKey(keys.implementation)
  const [certification, ...certifications] = ofKey(keys.certification)
  if (implementations.length + certifications.length > 0) throw content(`${build} names something twice`, raw)
  return {
    ...(name !== undefined && { name: printable(name) }),
    softwareComponents: ofKey(keys.component).map((component) => readItem(component, build)),
    ...(certification !== undefined && {
      certificationReference: textOf(mapOf(certification, build, [11]).get(11), `certificate of ${build}`) ?? '',
    }),
    ...(implementation !== undefined && { implementationId: bytesOf(mapOf(implementation, build, [4]).get(4), build) }),
  }
}

function readItem(values: CborValue, build: string): Component {
  const whose = `component of ${build}`
  const map = mapOf(values, whose, [0, 2, 4, 11, 13])
  const version = map.has(0) ? textOf(mapOf(map.get(0), 'version', [0]).get(0), 'version') : undefined
  const type = textOf(map.get(11), 'name')
  const [signer, ...signers] = listOf(map.get(13), `signer of a ${whose}`)
  if (signers.length > 0) throw content(`signer of a ${whose} must be 1`, map.get(13))
  return {
    ...measurementOf(map, whose),
    signerId: bytesOf(signer, whose),
    ...(type !== undefined && { type }),
    ...(version !== undefined && { version }),
  }
}

function measurementOf(map: CborMap, whose: string): Pick<Component, 'measurement' | 'hashAlgorithm'> {
  if (map.has(2) === map.has(4)) throw content(`${whose} must have a digest or a raw value`, map)
  if (map.has(4)) return { measurement: bytesOf(map.get(4), whose) }
  const [digest, ...digests] = decodeDigests(map.get(2))
  if (digest === undefined || digests.length > 0) throw content(`${whose} must have one digest`, map.get(2))
  return { measurement: copyBytes(digest.value), hashAlgorithm: digest.algorithm }
}

function bytesOf(value: CborValue, whose: string): Bytes {
  const bytes = isTag(value, tagOfBytes) ? value.value : undefined
  if (!(bytes instanceof Uint8Array)) throw content(`${whose} must have bytes (tag ${tagOfBytes})`, value)
  return copyBytes(bytes)
}
