/**
 * The software that a platform has booted, as tokens list it, and whether it is the software that a
 * caller expects.
 */
import { readFields, requireOption } from '../../core/options.ts'
import { type Bytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import type { Hex } from '../../appraisal/expectations.ts'
import { claim, type Claims, type HashName, optionalClaim, readDigest, readText } from './claims.ts'
import { readBytes, type Test } from './reference-values.ts'

/**
 * One component, as its reference values name it. What is left out is not compared; measurement and
 * signer always are.
 */
export interface SoftwareComponent {
  /** 32, 48 or 64 bytes. */
  readonly measurement: Hex | Uint8Array
  /** Hash of the key that signed it: 32, 48 or 64 bytes. */
  readonly signerId: Hex | Uint8Array
  /** Its role in the platform: `BL`, `AP_BL31`. */
  readonly type?: string
  readonly version?: string
  readonly hashAlgorithm?: HashName
}

/** One component, as a token lists it. */
export interface MeasuredComponent {
  readonly measurement: Bytes
  readonly signerId: Bytes
  readonly type: string | undefined
  readonly version: string | undefined
  /** As the token says: not only names of hash algorithms are in use. */
  readonly hashAlgorithm: string | undefined
}

/** @param hashAlgorithm where the component names none */
export function componentOf(map: Claims, hashAlgorithm: string | undefined): MeasuredComponent {
  return Object.freeze({
    type: optionalClaim(map, [1, 'type'], readText),
    measurement: claim(map, [2, 'measurement'], readDigest),
    version: optionalClaim(map, [4, 'version'], readText),
    signerId: claim(map, [5, 'signer id'], readDigest),
    hashAlgorithm: optionalClaim(map, [6, 'hash algorithm'], readText) ?? hashAlgorithm,
  })
}

/**
 * The components of a token and those of a reference value must pair off, one to one, in any order:
 * draft-ydb-rats-cca-endorsements wants one reference to describe the platform completely.
 * @throws TypeError
 */
export function componentsTest(
  input: unknown,
  path: string,
): Test<{ readonly softwareComponents: readonly MeasuredComponent[] }> {
  const list: readonly unknown[] = Array.isArray(input) ? [...(input as unknown[])] : []
  requireOption(path, 'a list of components, at least one', list.length > 0)
  const expected = list.map((entry, i) => readComponent(entry, `${path}[${i}]`))
  return ({ softwareComponents }) => ({
    holds: pairOff(expected, softwareComponents),
    expected: expected.map(lineOf).join('\n'),
    found: softwareComponents.map(lineOf).join('\n') || 'no software components',
  })
}

function readComponent(input: unknown, path: string): MeasuredComponent {
  const own = readFields<SoftwareComponent>(input, path, [
    'measurement',
    'signerId',
    'type',
    'version',
    'hashAlgorithm',
  ])
  for (const key of ['type', 'version', 'hashAlgorithm'] as const)
    requireOption(`${path}.${key}`, 'text', !(key in own) || typeof own[key] === 'string')
  return {
    measurement: readBytes(own.measurement, [32, 48, 64], `${path}.measurement`),
    signerId: readBytes(own.signerId, [32, 48, 64], `${path}.signerId`),
    type: own.type,
    version: own.version,
    hashAlgorithm: own.hashAlgorithm,
  }
}

/**
 * The algorithm that a component names, where it is one; else that of digests of its length: builds
 * of TF-M name none, or how they hash.
 */
function algorithmOf({ hashAlgorithm, measurement }: MeasuredComponent): string | undefined {
  const sizes = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 }
  if (hashAlgorithm !== undefined && Object.hasOwn(sizes, hashAlgorithm)) return hashAlgorithm
  return Object.entries(sizes).find(([, size]) => size === measurement.length)?.[0]
}

function isExpected(expected: MeasuredComponent, found: MeasuredComponent): boolean {
  const algorithm = algorithmOf(found)
  const { type = found.type, version = found.version, hashAlgorithm = algorithm } = expected
  return (
    equalBytes(expected.measurement, found.measurement) &&
    equalBytes(expected.signerId, found.signerId) &&
    type === found.type &&
    version === found.version &&
    hashAlgorithm === algorithm
  )
}

/**
 * A perfect matching (Kuhn): a reference without a version can fit several components, and must
 * leave each other reference its own. Looks at each pair at most once for each component.
 */
function pairOff(expected: readonly MeasuredComponent[], found: readonly MeasuredComponent[]): boolean {
  if (expected.length !== found.length) return false
  const takenBy = new Map<MeasuredComponent, MeasuredComponent>()
  const place = (component: MeasuredComponent, tried: Set<MeasuredComponent>): boolean =>
    expected.some((reference) => {
      if (tried.has(reference) || !isExpected(reference, component)) return false
      tried.add(reference)
      const other = takenBy.get(reference)
      if (other !== undefined && !place(other, tried)) return false
      takenBy.set(reference, component)
      return true
    })
  return found.every((component) => place(component, new Set()))
}

function lineOf({ type, version, hashAlgorithm, measurement, signerId }: MeasuredComponent): string {
  const name = [type, version, hashAlgorithm].filter((part) => part !== undefined).join(' ')
  return `${name === '' ? '' : `${JSON.stringify(name)}: `}${toHex(measurement)} signed by ${toHex(signerId)}`
}
