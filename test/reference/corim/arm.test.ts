/**
 * Endorsements of Arm devices: every vector, what sound files give, and every rule of the profiles
 * with its message. Rules are tried on files without a signature; who may sign, and when, on signed
 * ones.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { anyValue } from '../../../src/appraisal/expectations.ts'
import { AttestationError } from '../../../src/core/errors.ts'
import {
  type ArmEndorsements,
  dangerouslyAllowUnsigned,
  decodeCorim,
  openArmEndorsements,
  openCorim,
} from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import { createSigner } from '../../attester/certificate.ts'
import { type CorimSigner, createCorimSigner, makeCorim, time } from '../../attester/corim.ts'
import { findVectors } from '../../support/vectors.ts'
import { refusalText } from '../../support/refusal.ts'

const now = new Date('2026-06-02T00:00:00Z')
const until = new Date('2026-07-01T00:00:00Z')
const profiles = {
  platform: 'tag:arm.com,2025:cca_platform#1.0.0',
  realm: 'tag:arm.com,2025:cca_realm#1.0.0',
  psa: 'tag:arm.com,2025:psa#1.0.0',
} as const
type Kind = keyof typeof profiles

const bytes = (length: number, fill = 1): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(fill)
type Fields = Readonly<Record<number, Uint8Array | undefined>>
/** A map by integer key; `undefined` leaves an entry out. */
const map = (...parts: readonly Fields[]): Uint8Array =>
  cbor.map(
    Object.entries(Object.assign({}, ...parts) as Fields).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [[Number(key) < 0 ? cbor.negative(Number(key)) : cbor.unsigned(Number(key)), value] as const],
    ),
  )
const tagged = (tag: number, value: Uint8Array): Uint8Array => cbor.tag(tag, cbor.bytes(value))
const digest = (value: Uint8Array, algorithm: number | string = value.length === 48 ? 7 : 1): Uint8Array =>
  cbor.array(typeof algorithm === 'string' ? cbor.text(algorithm) : cbor.unsigned(algorithm), cbor.bytes(value))
const measured = (mkey: string, values: Uint8Array, more: Fields = {}): Uint8Array =>
  map({ 0: cbor.text(mkey), 1: values }, more)
const classOf = (id: Uint8Array, more: Fields = {}): Uint8Array => map({ 0: tagged(560, id) }, more)
const environment = (id: Uint8Array, more: Fields = {}): Uint8Array => map({ 0: classOf(id) }, more)

const implementation = bytes(32, 3)
const instance = Uint8Array.of(1, ...bytes(32, 4))
const values = (more: Fields = {}): Uint8Array =>
  map(
    {
      0: map({ 0: cbor.text('1.2') }),
      2: cbor.array(digest(bytes(32, 5))),
      11: cbor.text('BL'),
      13: cbor.array(tagged(560, bytes(32, 6))),
    },
    more,
  )
const component = (more: Fields = {}, outer: Fields = {}): Uint8Array =>
  measured('cca.software-component', values(more), outer)
const config = (fields: Fields): Uint8Array => measured('cca.platform-config', map(fields))
const reference = (...items: readonly Uint8Array[]): Uint8Array =>
  cbor.array(environment(implementation), cbor.array(...items))
const rim = bytes(32, 7)
const realm = (...items: readonly Uint8Array[]): Uint8Array => cbor.array(environment(rim), cbor.array(...items))
const register = (name: string, ...digests: readonly Uint8Array[]): Uint8Array =>
  measured(`cca.${name}`, map({ 2: cbor.array(...digests) }))
const rimItem = register('rim', digest(rim))

const pemOf = (spki: Uint8Array, label = 'PUBLIC KEY'): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(spki)
    .toString('base64')
    .replace(/(.{64})(?!$)/g, '$1\n')}\n-----END ${label}-----\n`
const pem = (text: string, tag = 554): Uint8Array => cbor.tag(tag, cbor.text(text))
const anchor = (...keys: readonly Uint8Array[]): Uint8Array =>
  cbor.array(environment(implementation, { 1: tagged(550, instance) }), cbor.array(...keys))

let signer: CorimSigner
let spki: Uint8Array
let otherSpki: Uint8Array
beforeAll(async () => {
  const keys = await Promise.all([createSigner('P-256'), createSigner('P-521')])
  const exported = await Promise.all(keys.map(({ publicKey }) => crypto.subtle.exportKey('spki', publicKey)))
  ;[spki, otherSpki] = exported.map((key) => new Uint8Array(key)) as [Uint8Array, Uint8Array]
  signer = await createCorimSigner()
})

interface Plan {
  readonly references?: readonly Uint8Array[]
  readonly keys?: readonly Uint8Array[]
  readonly triples?: Fields
  readonly comid?: Fields
  readonly corim?: Fields
}

/** The map of a CoRIM under tag 501. */
function corimOf(kind: Kind, { references, keys, triples, comid, corim }: Plan): Uint8Array<ArrayBuffer> {
  const own = map(
    {
      1: map({ 0: cbor.text('made') }),
      4: map({ 0: references && cbor.array(...references), 3: keys && cbor.array(...keys) }, triples ?? {}),
    },
    comid ?? {},
  )
  return cbor.tag(
    501,
    map(
      {
        0: cbor.text('release'),
        1: cbor.array(tagged(506, own)),
        3: cbor.tag(32, cbor.text(profiles[kind])),
        4: map({ 1: time(until) }),
      },
      corim ?? {},
    ),
  )
}

const open = (file: Uint8Array, change: object = {}): Promise<ArmEndorsements> =>
  openArmEndorsements(file, {
    signer: dangerouslyAllowUnsigned,
    now,
    clockSkewSeconds: 0,
    ...change,
  })
const opened = (kind: Kind, plan: Plan): Promise<ArmEndorsements> => open(corimOf(kind, plan))

describe('sound files', () => {
  test('a platform: components, configuration, keys, and when they end', async () => {
    const plan = {
      references: [
        reference(
          component(),
          config({ 4: cbor.tag(563, cbor.array(cbor.bytes(bytes(2)), cbor.bytes(bytes(2, 255)))) }),
        ),
      ],
      keys: [anchor(pem(pemOf(spki)))],
    }
    const found = await opened('platform', plan)
    const softwareComponents = [
      { type: 'BL', version: '1.2', hashAlgorithm: 'sha-256', measurement: bytes(32, 5), signerId: bytes(32, 6) },
    ]
    expect(found).toEqual({
      id: 'release',
      profile: profiles.platform,
      signer: undefined,
      validUntil: until,
      trustAnchors: [{ implementationId: implementation, instanceId: instance, key: spki, validUntil: until }],
      platform: [
        {
          implementationId: implementation,
          softwareComponents,
          config: { value: bytes(2), mask: bytes(2, 255) },
          validUntil: until,
        },
      ],
      realms: [],
      psa: [],
    })
    expect(Object.isFrozen(found) && Object.isFrozen(found.platform[0])).toBe(true)
  })

  test('a device: nothing ends where the file does not', async () => {
    const item = measured('psa.software-component', values({ 0: undefined, 11: undefined }))
    const { psa, validUntil, trustAnchors } = await opened('psa', {
      references: [reference(item)],
      keys: [anchor(pem(pemOf(otherSpki)))],
      corim: { 4: undefined },
    })
    const softwareComponents = [{ hashAlgorithm: 'sha-256', measurement: bytes(32, 5), signerId: bytes(32, 6) }]
    expect(psa).toEqual([{ implementationId: implementation, softwareComponents }])
    expect(validUntil).toBeUndefined()
    expect(trustAnchors).toEqual([{ implementationId: implementation, instanceId: instance, key: otherSpki }])
  })

  test('a realm: what is not named is zero, but for its personalization value, which is any', async () => {
    const { realms } = await opened('realm', { references: [realm(rimItem, register('rem1', digest(bytes(32, 9))))] })
    const rems = [bytes(32, 0), bytes(32, 9), bytes(32, 0), bytes(32, 0)]
    expect(realms).toEqual([{ rim, rems, personalizationValue: anyValue, validUntil: until }])
    const named = await opened('realm', {
      references: [realm(rimItem, measured('cca.rpv', map({ 4: tagged(560, bytes(64, 8)) })))],
    })
    expect(named.realms[0]?.personalizationValue).toEqual(bytes(64, 8))
  })

  test.each<[string, Fields, unknown]>([
    ['bytes', { 4: tagged(560, bytes(3)) }, bytes(3)],
    [
      'bytes and a mask, as before',
      { 4: tagged(560, bytes(3)), 5: cbor.bytes(bytes(3, 254)) },
      { value: bytes(3), mask: bytes(3, 254) },
    ],
  ])('a configuration as %s', async (_, fields, expected) => {
    const { platform } = await opened('platform', { references: [reference(component(), config(fields))] })
    expect(platform[0]?.config).toEqual(expected)
  })

  test('digests in two algorithms are two reference values; a component with one has it in both', async () => {
    const both = component({ 2: cbor.array(digest(bytes(32, 5)), digest(bytes(48, 5), 'sha-384')) })
    const { platform } = await opened('platform', { references: [reference(both, component())] })
    const named = platform.map(({ softwareComponents }) => softwareComponents.map(({ hashAlgorithm }) => hashAlgorithm))
    expect(named).toEqual([
      ['sha-256', 'sha-256'],
      ['sha-384', 'sha-256'],
    ])
    expect(platform[1]?.softwareComponents[0]?.measurement).toEqual(bytes(48, 5))
  })

  test('of a realm`s digests, those of the algorithm that its class is in', async () => {
    const two = realm(
      register('rim', digest(rim), digest(bytes(48, 7))),
      register('rem0', digest(bytes(48, 8)), digest(bytes(32, 9))),
    )
    const { realms } = await opened('realm', { references: [two] })
    expect([realms[0]?.rim, realms[0]?.rems[0]]).toEqual([rim, bytes(32, 9)])
  })

  test('several CoMIDs, entities, a language, and vendor and model beside a class', async () => {
    const own = map({ 0: classOf(implementation, { 1: cbor.text('ACME'), 2: cbor.text('Runner') }) })
    const triple = cbor.array(own, cbor.array(component()))
    const comid = tagged(
      506,
      map({
        0: cbor.text('en'),
        1: map({ 0: cbor.bytes(bytes(16)) }),
        2: cbor.array(map({ 0: cbor.text('x') })),
        4: map({ 0: cbor.array(triple) }),
      }),
    )
    const { platform } = await opened('platform', {
      corim: { 1: cbor.array(comid, comid), 5: cbor.array(map({ 0: cbor.text('x') })) },
    })
    expect(platform).toHaveLength(2)
  })

  test('the same key of a device twice', async () => {
    const key = anchor(pem(pemOf(spki)))
    expect((await opened('platform', { keys: [key, key] })).trustAnchors).toHaveLength(2)
  })
})

describe('what the profiles refuse', () => {
  const raw = { 4: tagged(560, bytes(3)) }
  const content = 'reference-content: '
  test.each<[string, Kind, () => Plan, string]>([
    [
      'no profile',
      'platform',
      () => ({ corim: { 3: undefined } }),
      `reference-profile: profile: expected ${Object.values(profiles).join(' or ')}, found none`,
    ],
    [
      'another profile',
      'platform',
      () => ({ corim: { 3: cbor.tag(32, cbor.text('x')) } }),
      `reference-profile: profile: expected ${Object.values(profiles).join(' or ')}, found x`,
    ],
    [
      'the older vocabulary',
      'platform',
      () => ({ corim: { 3: cbor.text('http://arm.com/cca/ssd/1') } }),
      `reference-profile: profile: expected ${Object.values(profiles).join(' or ')}, found "http://arm.com/cca/ssd/1"`,
    ],
    [
      'a key of an extension',
      'platform',
      () => ({ references: [reference(component())], corim: { [-1]: cbor.unsigned(1) } }),
      `${content}keys of CoRIM (tag 501): expected 0, 1, 3, 4, 5, found -1`,
    ],
    [
      'CoRIMs that it needs',
      'platform',
      () => ({ references: [reference(component())], corim: { 2: cbor.array(cbor.text('x')) } }),
      `${content}keys of CoRIM (tag 501): expected 0, 1, 3, 4, 5, found 2`,
    ],
    [
      'a CoMID that it replaces',
      'platform',
      () => ({ references: [reference(component())], comid: { 3: cbor.array(cbor.text('x')) } }),
      `${content}keys of CoMID: expected 0, 1, 2, 4, found 3`,
    ],
    [
      'a CoSWID',
      'platform',
      () => ({ corim: { 1: cbor.array(tagged(505, bytes(3))) } }),
      `${content}kind of tag must be 506, a CoMID, found tag 505`,
    ],
    [
      'an endorsed triple',
      'platform',
      () => ({ references: [reference(component())], triples: { 1: cbor.array(cbor.unsigned(1)) } }),
      `${content}keys of triples: expected 0, 3, found 1`,
    ],
    [
      'a conditional triple',
      'platform',
      () => ({ references: [reference(component())], triples: { 10: cbor.array(cbor.unsigned(1)) } }),
      `${content}keys of triples: expected 0, 3, found 10`,
    ],
    [
      'three parts of a reference',
      'platform',
      () => ({ references: [cbor.array(environment(implementation), cbor.array(component()), cbor.unsigned(1))] }),
      `${content}reference triple must have 2 parts, found array`,
    ],
    [
      'an environment without a class',
      'platform',
      () => ({ references: [cbor.array(map({}), cbor.array(component()))] }),
      `${content}class must be a map, found undefined`,
    ],
    [
      'an instance of reference values',
      'platform',
      () => ({
        references: [cbor.array(environment(implementation, { 1: tagged(550, instance) }), cbor.array(component()))],
      }),
      `${content}keys of environment of reference values: expected 0, found 1`,
    ],
    [
      'a group',
      'platform',
      () => ({
        references: [cbor.array(environment(implementation, { 2: tagged(560, instance) }), cbor.array(component()))],
      }),
      `${content}keys of environment of reference values: expected 0, found 2`,
    ],
    [
      'a layer',
      'platform',
      () => ({
        references: [cbor.array(map({ 0: classOf(implementation, { 3: cbor.unsigned(0) }) }), cbor.array(component()))],
      }),
      `${content}keys of class: expected 0, 1, 2, found 3`,
    ],
    [
      'a vendor by number',
      'platform',
      () => ({
        references: [cbor.array(map({ 0: classOf(implementation, { 1: cbor.unsigned(0) }) }), cbor.array(component()))],
      }),
      `${content}vendor must be text, found uint`,
    ],
    [
      'a UUID as class',
      'platform',
      () => ({ references: [cbor.array(map({ 0: map({ 0: tagged(37, bytes(16)) }) }), cbor.array(component()))] }),
      `${content}class id must be tag 560, found tag 37`,
    ],
    [
      'an implementation of 31 bytes',
      'platform',
      () => ({ references: [cbor.array(environment(bytes(31)), cbor.array(component()))] }),
      `${content}class id must be 32 bytes, found bstr`,
    ],
    [
      'no mkey',
      'platform',
      () => ({ references: [reference(component({}, { 0: undefined }))] }),
      `${content}mkey is missing, found map`,
    ],
    [
      'an mkey that is a number',
      'platform',
      () => ({ references: [reference(component({}, { 0: cbor.unsigned(1) }))] }),
      `${content}mkey must be text, found uint`,
    ],
    [
      'another mkey',
      'platform',
      () => ({ references: [reference(component({}, { 0: cbor.text('x') }))] }),
      `${content}mkey must be cca.software-component, found tstr`,
    ],
    [
      'a realm`s measurement of a platform',
      'platform',
      () => ({ references: [reference(component(), rimItem)] }),
      `${content}mkey must be cca.software-component, found tstr`,
    ],
    [
      'who may say so',
      'platform',
      () => ({ references: [reference(component({}, { 2: cbor.array(cbor.unsigned(1)) }))] }),
      `${content}keys of measurement: expected 0, 1, found 2`,
    ],
    [
      'no components',
      'platform',
      () => ({ references: [reference(config(raw))] }),
      `${content}cca.software-component must come at least once, found undefined`,
    ],
    [
      'a component without digests',
      'platform',
      () => ({ references: [reference(component({ 2: undefined }))] }),
      `${content}digests must be a list that is not empty, found undefined`,
    ],
    [
      'a digest of another length',
      'platform',
      () => ({ references: [reference(component({ 2: cbor.array(digest(bytes(32), 7)) }))] }),
      `${content}sha-384 must be 48 bytes, found bstr`,
    ],
    [
      'an algorithm twice',
      'platform',
      () => ({
        references: [reference(component({ 2: cbor.array(digest(bytes(32)), digest(bytes(32), 'sha-256')) }))],
      }),
      `${content}an algorithm comes twice, found array`,
    ],
    [
      'an unknown algorithm',
      'platform',
      () => ({ references: [reference(component({ 2: cbor.array(digest(bytes(32), 2)) }))] }),
      `${content}digest must be sha-256, sha-384 or sha-512, found uint`,
    ],
    [
      'a component without a signer',
      'platform',
      () => ({ references: [reference(component({ 13: undefined }))] }),
      `${content}signer of a software component must be a list that is not empty, found undefined`,
    ],
    [
      'two signers',
      'platform',
      () => ({
        references: [reference(component({ 13: cbor.array(tagged(560, bytes(32)), tagged(560, bytes(32))) }))],
      }),
      `${content}signer of a software component must be 1, found array`,
    ],
    [
      'a signer that is a key',
      'platform',
      () => ({ references: [reference(component({ 13: cbor.array(pem('x')) }))] }),
      `${content}signer of a software component must be tag 560, found tag 554`,
    ],
    [
      'a signer of 20 bytes',
      'platform',
      () => ({ references: [reference(component({ 13: cbor.array(tagged(560, bytes(20))) }))] }),
      `${content}signer of a software component must be 32 or 48 or 64 bytes, found bstr`,
    ],
    [
      'a version scheme',
      'platform',
      () => ({ references: [reference(component({ 0: map({ 0: cbor.text('1'), 1: cbor.unsigned(1) }) }))] }),
      `${content}keys of version: expected 0, found 1`,
    ],
    [
      'a security version',
      'platform',
      () => ({ references: [reference(component({ 1: cbor.unsigned(1) }))] }),
      `${content}keys of software component: expected 0, 2, 11, 13, found 1`,
    ],
    [
      'the number of a certificate',
      'psa',
      () => ({ references: [reference(measured('psa.software-component', values({ 100: cbor.text('1') })))] }),
      `${content}keys of software component: expected 0, 2, 11, 13, found 100`,
    ],
    [
      'two configurations',
      'platform',
      () => ({ references: [reference(component(), config(raw), config(raw))] }),
      `${content}cca.platform-config must come once, found array`,
    ],
    [
      'a configuration without a value',
      'platform',
      () => ({ references: [reference(component(), config({ 5: cbor.bytes(bytes(3)) }))] }),
      `${content}platform config must be tag 560, found undefined`,
    ],
    [
      'an empty configuration',
      'platform',
      () => ({ references: [reference(component(), config({ 4: tagged(560, bytes(0)) }))] }),
      `${content}platform config must be bytes, found bstr`,
    ],
    [
      'two masks',
      'platform',
      () => ({
        references: [
          reference(
            component(),
            config({
              4: cbor.tag(563, cbor.array(cbor.bytes(bytes(3)), cbor.bytes(bytes(3)))),
              5: cbor.bytes(bytes(3)),
            }),
          ),
        ],
      }),
      `${content}platform config must have 1 mask, found tag 563`,
    ],
    [
      'three parts under a mask',
      'platform',
      () => ({
        references: [
          reference(
            component(),
            config({ 4: cbor.tag(563, cbor.array(...[1, 2, 3].map((i) => cbor.bytes(bytes(3, i))))) }),
          ),
        ],
      }),
      `${content}platform config must have 1 mask, found tag 563`,
    ],
    [
      'a value without its mask',
      'platform',
      () => ({ references: [reference(component(), config({ 4: cbor.tag(563, cbor.array(cbor.bytes(bytes(3)))) }))] }),
      `${content}mask of the platform config must be bytes, found undefined`,
    ],
    [
      'a mask of another length',
      'platform',
      () => ({ references: [reference(component(), config({ ...raw, 5: cbor.bytes(bytes(2)) }))] }),
      `${content}mask must be as long as the platform config, found tag 560`,
    ],
    [
      'more about a configuration',
      'platform',
      () => ({ references: [reference(component(), config({ ...raw, 11: cbor.text('x') }))] }),
      `${content}keys of cca.platform-config: expected 4, 5, found 11`,
    ],
    [
      'a realm without a RIM',
      'realm',
      () => ({ references: [realm(register('rem0', digest(rim)))] }),
      `${content}cca.rim is missing, found array`,
    ],
    [
      'a RIM without digests',
      'realm',
      () => ({ references: [realm(measured('cca.rim', map({ 11: cbor.text('x') })))] }),
      `${content}keys of cca.rim: expected 2, found 11`,
    ],
    [
      'a class that is not the RIM',
      'realm',
      () => ({ references: [realm(register('rim', digest(bytes(32, 9))))] }),
      `${content}class of a realm must be its RIM, found array`,
    ],
    [
      'a RIM of zeros',
      'realm',
      () => ({
        references: [cbor.array(environment(bytes(32, 0)), cbor.array(register('rim', digest(bytes(32, 0)))))],
      }),
      `${content}RIM must not be zero, found array`,
    ],
    [
      'a class of 20 bytes',
      'realm',
      () => ({ references: [cbor.array(environment(bytes(20)), cbor.array(rimItem))] }),
      `${content}class id must be 32 or 48 or 64 bytes, found bstr`,
    ],
    [
      'a RIM twice',
      'realm',
      () => ({ references: [realm(rimItem, rimItem)] }),
      `${content}measurements of a realm must come once, found array`,
    ],
    [
      'a fifth REM',
      'realm',
      () => ({ references: [realm(rimItem, register('rem4', digest(rim)))] }),
      `${content}mkey of a realm must be one of cca.rim, cca.rem0, cca.rem1, cca.rem2, cca.rem3, cca.rpv, found tstr`,
    ],
    [
      'a REM in another algorithm',
      'realm',
      () => ({ references: [realm(rimItem, register('rem0', digest(bytes(48))))] }),
      `${content}cca.rem0 must have a digest of the RIM's algorithm, found array`,
    ],
    [
      'a personalization value of 63 bytes',
      'realm',
      () => ({ references: [realm(rimItem, measured('cca.rpv', map({ 4: tagged(560, bytes(63)) })))] }),
      `${content}personalization value must be 64 bytes, found bstr`,
    ],
    [
      'a personalization value under a mask',
      'realm',
      () => ({ references: [realm(rimItem, measured('cca.rpv', map({ 4: tagged(563, bytes(64)) })))] }),
      `${content}personalization value must be tag 560, found tag 563`,
    ],
    [
      'a component of a realm',
      'realm',
      () => ({ references: [realm(rimItem, component())] }),
      `${content}mkey of a realm must be one of cca.rim, cca.rem0, cca.rem1, cca.rem2, cca.rem3, cca.rpv, found tstr`,
    ],
    [
      'keys of realms',
      'realm',
      () => ({ references: [realm(rimItem)], keys: [anchor(pem(pemOf(spki)))] }),
      `${content}keys of devices: expected none in this profile, found some`,
    ],
    [
      'a component of a CCA platform in a device',
      'psa',
      () => ({ references: [reference(component())] }),
      `${content}mkey must be psa.software-component, found tstr`,
    ],
    [
      'a key without an instance',
      'platform',
      () => ({ keys: [cbor.array(environment(implementation), cbor.array(pem(pemOf(spki))))] }),
      `${content}instance must be tag 550, found undefined`,
    ],
    [
      'an instance of 32 bytes',
      'platform',
      () => ({
        keys: [cbor.array(environment(implementation, { 1: tagged(550, bytes(32)) }), cbor.array(pem(pemOf(spki))))],
      }),
      `${content}instance must be 33 bytes, found bstr`,
    ],
    [
      'an instance of another kind',
      'platform',
      () => ({
        keys: [cbor.array(environment(implementation, { 1: tagged(550, bytes(33, 2)) }), cbor.array(pem(pemOf(spki))))],
      }),
      `${content}instance must be a UEID of type 1, found bstr`,
    ],
    [
      'conditions of a key',
      'platform',
      () => ({
        keys: [
          cbor.array(environment(implementation, { 1: tagged(550, instance) }), cbor.array(pem(pemOf(spki))), map({})),
        ],
      }),
      `${content}attest-key triple must have 2 parts, no conditions, found array`,
    ],
    [
      'two keys in a triple',
      'platform',
      () => ({ keys: [anchor(pem(pemOf(spki)), pem(pemOf(spki)))] }),
      `${content}keys must be 1, found array`,
    ],
    [
      'a certificate',
      'platform',
      () => ({ keys: [anchor(pem(pemOf(spki), 555))] }),
      `${content}key must be tag 554 on text, found tag 555`,
    ],
    [
      'a key as bytes',
      'platform',
      () => ({ keys: [anchor(tagged(554, spki))] }),
      `${content}key must be tag 554 on text, found tag 554`,
    ],
    [
      'a key under another label',
      'platform',
      () => ({ keys: [anchor(pem(pemOf(spki, 'CERTIFICATE')))] }),
      `${content}key of a device: PEM block is labelled "CERTIFICATE", expected PUBLIC KEY`,
    ],
    [
      'two keys in one text',
      'platform',
      () => ({ keys: [anchor(pem(pemOf(spki) + pemOf(spki)))] }),
      `${content}key must be 1 on P-256, P-384 or P-521, found tstr`,
    ],
    [
      'a key of another kind',
      'platform',
      () => ({ keys: [anchor(pem(pemOf(bytes(91))))] }),
      `${content}key must be 1 on P-256, P-384 or P-521, found tstr`,
    ],
    [
      'two keys of one device',
      'platform',
      () => ({ keys: [anchor(pem(pemOf(spki))), anchor(pem(pemOf(otherSpki)))] }),
      `${content}keys of device ${'03'.repeat(32)} 01${'04'.repeat(32)}: expected 1, found several`,
    ],
    [
      'an end that has passed',
      'platform',
      () => ({
        references: [reference(component())],
        corim: { 4: map({ 1: time(new Date('2026-06-01T00:00:00Z')) }) },
      }),
      'reference-validity: validity of the CoRIM: expected until 2026-06-01T00:00:00.000Z, found 2026-06-02T00:00:00.000Z',
    ],
    [
      'a beginning to come',
      'platform',
      () => ({
        references: [reference(component())],
        corim: { 4: map({ 0: time(new Date('2026-06-03T00:00:00Z')) }) },
      }),
      'reference-validity: validity of the CoRIM: expected from 2026-06-03T00:00:00.000Z, found 2026-06-02T00:00:00.000Z',
    ],
  ])('%s', async (_, kind, plan, message) => {
    expect(await refusalText(() => opened(kind, plan()))).toBe(message)
  })
})

describe('who signed', () => {
  const signed = (plan: Parameters<typeof makeCorim>[1] = {}): Promise<Uint8Array> =>
    makeCorim(signer, { payload: () => corimOf('platform', { references: [reference(component())] }), ...plan })

  test('a certificate under the caller`s CA, whose name comes back', async () => {
    const { signer: name, platform } = await open(await signed(), { signer: undefined, trustAnchors: [signer.ca] })
    expect([name, platform.length]).toEqual(['CN=veritee test build', 1])
  })

  test('or one key', async () => {
    const key = new Uint8Array(await crypto.subtle.exportKey('spki', signer.key.publicKey))
    const { signer: name, platform } = await open(await signed(), { signer: key })
    expect([name, platform.length]).toEqual([undefined, 1])
    expect(await refusalText(async () => open(await signed(), { signer: spki }))).toMatch(/^reference-algorithm: /)
  })

  test('what ends first, ends all', async () => {
    const meta = { 1: map({ 1: time(new Date('2026-06-15T00:00:00Z')) }) }
    const { validUntil, platform } = await open(await signed({ meta }), {
      signer: undefined,
      trustAnchors: [signer.ca],
    })
    expect([validUntil, platform[0]?.validUntil]).toEqual([
      new Date('2026-06-15T00:00:00Z'),
      new Date('2026-06-15T00:00:00Z'),
    ])
  })

  test.each<[string, () => Promise<Uint8Array>, object, RegExp]>([
    [
      'nobody',
      () => Promise.resolve(corimOf('platform', { references: [reference(component())] })),
      {},
      /^reference-unsigned: /,
    ],
    ['another CA', signed, { trustAnchors: undefined }, /^reference-untrusted: /],
    [
      'a CoRIM in the older form, without its tag',
      () => signed({ payload: (corim) => corim.subarray(3) }),
      {},
      /^reference-cbor: payload: expected tag 501, found /,
    ],
    [
      'a CoRIM under tag 502',
      () => signed({ payload: () => Uint8Array.of(0xd9, 0x01, 0xf6, 0xa0) }),
      {},
      /^reference-cbor: payload: expected tag 501, found d901f6$/,
    ],
  ])('refuses what was signed by, or is, %s', async (_, make, change, message) => {
    const other = 'trustAnchors' in change ? [(await createCorimSigner({ organization: 'other' })).ca] : [signer.ca]
    const file = await make()
    expect(await refusalText(() => open(file, { signer: undefined, trustAnchors: other }))).toMatch(message)
  })

  test('a signature that is not looked at is no signature: it is refused where none is asked for', async () => {
    const file = await signed()
    expect(await refusalText(() => open(file))).toBe(
      'reference-cbor: file: expected a CoRIM without a signature (tag 501), found a signature, and no key to check it with',
    )
    expect(await refusalText(() => open(Uint8Array.of(0xa0)))).toMatch(/^reference-cbor: file: .*, found neither$/)
    expect(await refusalText(() => open(new Uint8Array(1_048_577)))).toMatch(/^reference-size: /)
  })

  test.each<[string, Uint8Array, object, string]>([
    ['no file', 'x' as never, {}, 'file must be a Uint8Array'],
    ['nobody to trust', bytes(1), { signer: undefined }, 'trustAnchors must be certificates in DER'],
    [
      'a key that is none',
      bytes(1),
      { signer: bytes(3) },
      'signer must be a DER SubjectPublicKeyInfo on P-256 or P-384',
    ],
    ['CAs for a file without a signature', bytes(1), { trustAnchors: [bytes(3)] }, 'trustAnchors must be left out'],
    ['a bad time', bytes(1), { now: 1 }, 'now must be a Date or atEvidenceTime'],
    [
      'an unknown option',
      bytes(1),
      { profiles: [] },
      'option "profiles" must be one of signer, trustAnchors, now, clockSkewSeconds',
    ],
  ])('a mistake of the caller: %s', async (_, file, change, message) => {
    await expect(open(file, change)).rejects.toThrow(new TypeError(message))
  })
})

test('every byte of a file, changed or cut off: read, or refused by code', async () => {
  const file = corimOf('platform', {
    references: [reference(component(), config({ 4: tagged(560, bytes(3)) }))],
    keys: [anchor(pem(pemOf(spki)))],
  })
  const attempt = (changed: Uint8Array): Promise<unknown> =>
    open(changed).catch((error: unknown) => {
      if (!(error instanceof AttestationError)) throw error
    })
  for (let i = 0; i < file.length; i++) {
    await attempt(file.slice(0, i))
    const changed = file.slice()
    changed[i] = (changed[i] as number) ^ 0x41
    await attempt(changed)
  }
})

test('decodeCorim shows keys, their conditions, and the number of a certificate, under the profile that has it', () => {
  const conditional = cbor.array(
    environment(implementation),
    cbor.array(pem('a'), tagged(562, bytes(2))),
    map({ 1: cbor.unsigned(3) }),
  )
  const item = measured('psa.software-component', values({ 100: cbor.text('1') }))
  const file = corimOf('psa', { references: [reference(item)], keys: [anchor(pem('b')), conditional] })
  const [comid] = decodeCorim(file, { profiles: [profiles.psa] }).comids
  const own = { id: `560(h'${'03'.repeat(32)}')`, vendor: undefined, model: undefined }
  expect(comid?.keys).toEqual([
    {
      environment: { ...own, others: [{ key: 1, value: `550(h'01${'04'.repeat(32)}')` }] },
      kind: 554,
      text: 'b',
      conditions: undefined,
    },
    { environment: { ...own, others: [] }, kind: 554, text: 'a', conditions: '{1: 3}' },
    { environment: { ...own, others: [] }, kind: 562, text: "h'0101'", conditions: '{1: 3}' },
  ])
  expect(comid?.references[0]?.measurements[0]?.others).toContainEqual({ key: 100, value: '"1"' })
  const elsewhere = corimOf('platform', { references: [reference(item)] })
  expect(() => decodeCorim(elsewhere, { profiles: [profiles.platform] })).toThrow(
    /^keys of measurement values: .*, found 100$/,
  )
  const bare = corimOf('psa', { keys: [anchor(cbor.text('b'))] })
  expect(() => decodeCorim(bare, { profiles: [profiles.psa] })).toThrow('key must have a tag, found tstr')
})

interface Case {
  readonly id: string
  readonly api: string
  readonly file: string
  readonly expected: 'accept' | 'reject'
  readonly codes?: readonly string[]
  readonly options: {
    readonly now: string
    readonly clockSkewSeconds: number
    readonly signer?: string
    readonly trustAnchors?: readonly string[]
    readonly signerFile?: string
    readonly anchorFiles?: readonly string[]
  }
}

const vectors = findVectors('rats')
describe.skipIf(!vectors.found)('vectors', () => {
  const manifest = (vectors.found ? vectors.manifest : { cases: [], keys: {} }) as {
    readonly cases: readonly Case[]
    readonly keys: Readonly<Record<string, JsonWebKey>>
  }
  const read = (file: string): Uint8Array<ArrayBuffer> => (vectors.found ? vectors.read(file) : new Uint8Array())
  const cases = manifest.cases.filter(({ api }) => api === 'openArmEndorsements' || api === 'openCorim')
  const spkiOf = async ({ kty = '', crv = '', x = '', y = '' }: JsonWebKey): Promise<Uint8Array> => {
    const key = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, { name: 'ECDSA', namedCurve: crv }, true, [
      'verify',
    ])
    return new Uint8Array(await crypto.subtle.exportKey('spki', key))
  }
  const certificatesIn = (file: string): Uint8Array[] =>
    [...new TextDecoder().decode(read(file)).matchAll(/-----BEGIN CERTIFICATE-----([^-]*)/g)].map(
      ([, body = '']) => new Uint8Array(Buffer.from(body, 'base64')),
    )

  test('there are some', () => {
    expect(cases.length).toBeGreaterThan(30)
  })

  test.each(cases)('$id', async ({ api, file, expected, codes, options: own }) => {
    const clock = { now: new Date(own.now), clockSkewSeconds: own.clockSkewSeconds }
    const key =
      own.signer === undefined
        ? own.signerFile === undefined
          ? undefined
          : await spkiOf(JSON.parse(new TextDecoder().decode(read(own.signerFile))) as JsonWebKey)
        : await spkiOf(manifest.keys[own.signer] ?? {})
    const anchors = own.trustAnchors?.flatMap(certificatesIn) ?? own.anchorFiles?.map(read)
    const who = key ? { signer: key } : anchors ? { trustAnchors: anchors } : undefined
    const outcome = await (
      api === 'openCorim'
        ? openCorim(read(file), { ...who, ...clock })
        : openArmEndorsements(read(file), { ...(who ?? { signer: dangerouslyAllowUnsigned }), ...clock })
    ).catch((error: unknown) => error as AttestationError)
    if (expected === 'accept') expect(outcome).toHaveProperty('validUntil')
    else expect(codes).toContain((outcome as AttestationError).code)
  })
})
