/**
 * H13 for tokens: options and what is in them are read as own properties. Each reader is called
 * with every name that it knows on the prototype of all objects, and must say what it says without.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { AttestationError } from '../../../src/core/errors.ts'
import {
  anyValue,
  dangerouslyAllowTestKeys,
  skipFreshness,
  skipPlatformReferenceValues,
  skipReferenceValues,
  verifyCca,
} from '../../../src/formats/arm/cca/index.ts'
import { verifyPsa } from '../../../src/formats/arm/psa/index.ts'
import { verifyEvidence } from '../../../src/index.ts'
import { anchorOf, components, implementationId, instanceId, nonce, rim } from '../../attester/arm.ts'
import * as cbor from '../../attester/cbor.ts'
import { pattern } from '../../attester/bytes.ts'
import { cca, keys, now, psa, stranger } from './made.ts'

const undo: string[] = []
function pollute(key: string, value: unknown): void {
  Object.defineProperty(Object.prototype, key, { value, enumerable: true, configurable: true, writable: true })
  undo.push(key)
}
function clean(): void {
  for (const key of undo.splice(0)) Reflect.deleteProperty(Object.prototype, key)
}
afterEach(clean)

const realm = await cca()
const debug = await cca({ platform: { claims: new Map([[2395, cbor.unsigned(0x4000)]]) } })
const rems = await cca({
  realm: { claims: new Map([[44239, cbor.array(...[1, 2, 3, 4].map((i) => cbor.bytes(pattern(32, i))))]]) },
})
const boot = await psa()
const mac = await psa({ secret: pattern(32) })
const other = await anchorOf(stranger)
const { key: own } = await anchorOf(keys.platform)

/** Whatever could make a difference: a skip, a looser value, another key. */
const values: Readonly<Record<string, unknown>> = {
  cca: { ...realm.options, platform: skipPlatformReferenceValues },
  psa: { ...boot.options, referenceValues: skipReferenceValues },
  trustAnchors: [other],
  referenceValues: skipReferenceValues,
  platform: skipPlatformReferenceValues,
  freshness: skipFreshness,
  nonce,
  maxAgeSeconds: 1e9,
  acceptedLifecycles: ['non-rot-debug'],
  testKeys: dangerouslyAllowTestKeys,
  now: new Date(0),
  trace: () => undefined,
  implementationId,
  instanceId,
  key: other.key,
  secret: pattern(32),
  ...own,
  d: own.x,
  name: 'polluted',
  validUntil: new Date(0),
  rim,
  rems: anyValue,
  personalizationValue: anyValue,
  softwareComponents: components,
  config: 'ff',
  value: 'ff',
  mask: 'ff',
  measurement: rim,
  signerId: rim,
  type: 'polluted',
  version: 'polluted',
  hashAlgorithm: 'sha-512',
  certificationReference: '1234567890123-54321',
}

const without = (from: object, name: string): never =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key !== name)) as never
const [anchor] = realm.options.trustAnchors
const [component] = components
const ask = (change: object): unknown => verifyCca(realm.evidence, { ...realm.options, ...change })
const calls: readonly (readonly [name: string, call: () => unknown])[] = [
  ['verifyCca', () => ask({})],
  ['verifyCca of a platform in debug', () => verifyCca(debug.evidence, debug.options)],
  ['verifyCca of extended measurements', () => verifyCca(rems.evidence, rems.options)],
  ...['trustAnchors', 'referenceValues', 'platform', 'freshness', 'now'].map(
    (name) =>
      [`verifyCca without ${name}`, () => verifyCca(realm.evidence, without({ ...realm.options, now }, name))] as const,
  ),
  ['verifyCca of no register', () => ask({ referenceValues: {} })],
  ['verifyCca without a name', () => ask({ referenceValues: { rim } })],
  ['verifyCca of no nonce', () => ask({ freshness: {} })],
  ...['implementationId', 'instanceId', 'key'].map(
    (name) =>
      [
        `verifyCca with an anchor without ${name}`,
        () => ask({ trustAnchors: [without(anchor as object, name)] }),
      ] as const,
  ),
  ...['kty', 'crv', 'x', 'y'].map(
    (name) =>
      [
        `verifyCca with a key without ${name}`,
        () => ask({ trustAnchors: [{ ...anchor, key: without(own, name) }] }),
      ] as const,
  ),
  ['verifyCca of no components', () => ask({ platform: {} })],
  ['verifyCca of an empty component', () => ask({ platform: { softwareComponents: [{}] } })],
  [
    'verifyCca of components without versions',
    () =>
      ask({
        platform: { softwareComponents: components.map(({ measurement, signerId }) => ({ measurement, signerId })) },
      }),
  ],
  ['verifyCca of an empty mask', () => ask({ platform: { softwareComponents: components, config: {} } })],
  ['verifyPsa', () => verifyPsa(boot.evidence, boot.options)],
  ['verifyPsa of a MAC', () => verifyPsa(mac.evidence, mac.options)],
  [
    'verifyPsa without a key',
    () => verifyPsa(boot.evidence, { ...boot.options, trustAnchors: [{ implementationId, instanceId } as never] }),
  ],
  [
    'verifyPsa without a version',
    () =>
      verifyPsa(boot.evidence, {
        ...boot.options,
        referenceValues: { softwareComponents: [without(component as object, 'version'), components[1] as never] },
      }),
  ],
  ['verifyEvidence', () => verifyEvidence(realm.evidence, { cca: realm.options })],
  ['verifyEvidence without an entry', () => verifyEvidence(boot.evidence, { cca: realm.options })],
  ['verifyEvidence of PSA', () => verifyEvidence(boot.evidence, { psa: boot.options })],
]

async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    const { format, matched } = (await call()) as { readonly format: string; readonly matched: unknown }
    return `accepted: ${format} as ${String(matched)}`
  } catch (error) {
    if (error instanceof AttestationError) return `${error.code}: ${error.message}`
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

// A call that names no time reads the clock: what it says has no time in it.
const before = await Promise.all(calls.map(async ([name, call]) => [name, await outcomeOf(call)] as const))

test('some of the calls are accepted, and some are not', () => {
  expect(before.filter(([, outcome]) => outcome.startsWith('accepted')).map(([name]) => name)).toEqual([
    'verifyCca',
    'verifyCca without now',
    'verifyCca without a name',
    'verifyCca of components without versions',
    'verifyPsa',
    'verifyPsa without a version',
    'verifyEvidence',
    'verifyEvidence of PSA',
  ])
})

describe('H13 what is on Object.prototype is no option of tokens', () => {
  test.each(Object.entries(values))('%s', async (key, value) => {
    const after: (readonly [string, string])[] = []
    for (const [name, call] of calls) {
      pollute(key, value)
      after.push([name, await outcomeOf(call).finally(clean)])
    }
    expect(after).toEqual(before)
  })
})
