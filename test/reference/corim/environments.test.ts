/**
 * Signed reference values of every kind of evidence: what is signed comes back and is what the
 * verifier takes; what the verifier would refuse cannot be signed; and a file that says anything
 * else, everything else signed as it is, is refused.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { anyValue } from '../../../src/appraisal/expectations.ts'
import {
  openReferenceValues,
  type ReferenceEnvironment,
  type ReferenceValuesOf,
  signReferenceValues,
} from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import { type CorimSigner, createCorimSigner, madeAt, makeCorim } from '../../attester/corim.ts'
import { measurements } from '../../attester/intel.ts'
import { sgx, tdReferenceValues, tdx } from '../../formats/intel/made.ts'
import { refusalText } from '../../support/refusal.ts'

const now = new Date('2026-06-02T00:00:00Z')
const until = new Date('2026-07-01T00:00:00Z')
const bytes = (length: number, fill = 1): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(fill)
const unhex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))

let signer: CorimSigner
beforeAll(async () => {
  signer = await createCorimSigner()
})

type Values<Name extends ReferenceEnvironment> = ReferenceValuesOf[Name]

const sign = (environment: ReferenceEnvironment, values: unknown): Promise<Uint8Array> =>
  signReferenceValues(values as never, {
    environment,
    product: 'example.com/app',
    key: signer.key.privateKey,
    chain: [signer.certificate, signer.authority],
    version: 3,
    notBefore: madeAt,
    notAfter: until,
  })

const open = async <Name extends ReferenceEnvironment>(
  file: Uint8Array,
  environment: Name,
  change: object = {},
): Promise<readonly Values<Name>[]> => {
  const { referenceValues } = await openReferenceValues<Name>(file, {
    environment,
    product: 'example.com/app',
    trustAnchors: [signer.ca],
    minimumVersion: 0,
    now,
    ...change,
  })
  return referenceValues
}

const tdxBuild = { mrTd: bytes(48), rtmr0: bytes(48, 2), rtmr1: bytes(48, 3), rtmr2: bytes(48, 4) }
const snpBuild = { measurement: bytes(48, 5) }
const realm = { rim: bytes(32, 6) }
const component = { measurement: bytes(32, 7), signerId: bytes(32, 8) }
const device = { softwareComponents: [component] }

describe('what is signed comes back', () => {
  test.each<[string, ReferenceEnvironment, object]>([
    ['a trust domain', 'tdx', tdxBuild],
    [
      'a trust domain, every register',
      'tdx',
      {
        name: 'build 1',
        ...tdxBuild,
        rtmr3: bytes(48, 9),
        mrConfigId: bytes(48, 10),
        mrOwner: bytes(48, 11),
        mrOwnerConfig: bytes(48, 12),
        tdAttributes: bytes(8, 13),
        xfam: bytes(8, 14),
        mrSeam: bytes(48, 15),
      },
    ],
    ['an enclave', 'sgx', { mrEnclave: bytes(32) }],
    ['whatever a vendor signs', 'sgx', { mrSigner: bytes(32), isvProdId: 300, minimumIsvSvn: 0 }],
    [
      'an enclave, every register',
      'sgx',
      {
        name: 'build 1',
        mrEnclave: bytes(32),
        mrSigner: bytes(32, 2),
        isvProdId: 0,
        minimumIsvSvn: 65_535,
        configId: bytes(64, 3),
        configSvn: 258,
        isvFamilyId: bytes(16, 4),
        isvExtProdId: bytes(16, 5),
        miscSelect: bytes(4, 0),
        xfrm: bytes(8, 7),
        provisionKey: false,
      },
    ],
    ['a guest', 'sev-snp', snpBuild],
    [
      'a guest, every register',
      'sev-snp',
      {
        name: 'build 1',
        ...snpBuild,
        hostData: bytes(32, 0),
        familyId: bytes(16),
        imageId: bytes(16, 2),
        idKeyDigest: bytes(48, 3),
        authorKeyDigest: bytes(48, 4),
      },
    ],
    ['a realm', 'cca', realm],
    [
      'a realm, every register',
      'cca',
      {
        name: 'build 1',
        rim: bytes(64),
        rems: [bytes(64, 0), bytes(64, 1), bytes(64, 2), bytes(64, 3)],
        personalizationValue: bytes(64, 4),
      },
    ],
    ['a device', 'psa', device],
    [
      'a device, all that can be said',
      'psa',
      {
        name: 'build 1',
        softwareComponents: [
          { measurement: bytes(48), signerId: bytes(64), type: 'BL', version: '1.2', hashAlgorithm: 'sha-384' },
          component,
        ],
        certificationReference: '1234567890123-12345',
        implementationId: bytes(32, 3),
      },
    ],
  ])('%s', async (_, environment, value) => {
    const ends = environment === 'cca' || environment === 'psa' ? { validUntil: until } : {}
    const opened = await open(await sign(environment, value), environment)
    expect(opened).toEqual([{ ...value, ...ends }])
    expect(Object.isFrozen(opened[0])).toBe(true)
  })

  test('hexadecimal digits are bytes, several builds keep their order, and equal values make equal payloads', async () => {
    const text = Buffer.from(snpBuild.measurement).toString('hex')
    const file = await sign('sev-snp', [
      { name: 'a', measurement: `0x${text}` },
      { name: 'b', measurement: bytes(48, 6) },
    ])
    expect(await open(file, 'sev-snp')).toEqual([
      { name: 'a', ...snpBuild },
      { name: 'b', measurement: bytes(48, 6) },
    ])
    const again = await sign('sev-snp', [
      { measurement: snpBuild.measurement, name: 'a' },
      { name: 'b', measurement: bytes(48, 6) },
    ])
    const payloadOf = (whole: Uint8Array): string => Buffer.from(whole.subarray(0, -100)).toString('hex')
    expect(payloadOf(again)).toBe(payloadOf(file))
  })
})

describe('through the verifiers', () => {
  test('a trust domain', async () => {
    const values = Object.fromEntries(Object.entries(tdReferenceValues).map(([name, digits]) => [name, unhex(digits)]))
    const builds = [
      { name: 'other', ...values, rtmr1: bytes(48) },
      { name: 'ours', ...values },
    ]
    const referenceValues = await open(await sign('tdx', builds), 'tdx')
    expect((await tdx({ options: { referenceValues } })).matched).toBe('ours')
    const others = await open(await sign('tdx', builds[0]), 'tdx')
    await expect(tdx({ options: { referenceValues: others } })).rejects.toMatchObject({ code: 'policy-measurements' })
  })

  test('an enclave, by its code and by its vendor', async () => {
    const { mrEnclave, mrSigner, isvProdId, isvSvn } = measurements
    const byCode = await open(await sign('sgx', { name: 'code', mrEnclave }), 'sgx')
    expect((await sgx({ options: { referenceValues: byCode } })).matched).toBe('code')
    const line = { name: 'line', mrSigner, isvProdId, minimumIsvSvn: isvSvn }
    const byVendor = await open(await sign('sgx', line), 'sgx')
    expect((await sgx({ options: { referenceValues: byVendor } })).matched).toBe('line')
    const newer = await open(await sign('sgx', { ...line, minimumIsvSvn: isvSvn + 1 }), 'sgx')
    await expect(sgx({ options: { referenceValues: newer } })).rejects.toMatchObject({ code: 'policy-measurements' })
  })
})

describe('what cannot be signed', () => {
  test.each<[string, ReferenceEnvironment, unknown, string | RegExp]>([
    ['nothing', 'tdx', [], 'values must be measurements, of one build at least'],
    ['no object', 'tdx', ['x'], 'values[0] must be a plain object'],
    ['an unknown register', 'tdx', { ...tdxBuild, rtmr4: bytes(48) }, /^values\[0\]\.rtmr4 must be one of mrTd, rtmr0/],
    ['an inherited register', 'tdx', { ...tdxBuild, constructor: 1 }, /^values\[0\]\.constructor must be one of/],
    ['anyValue', 'tdx', { ...tdxBuild, xfam: anyValue }, 'values[0].xfam must be a value: anyValue cannot be signed'],
    ['another size', 'tdx', { ...tdxBuild, mrTd: bytes(32) }, 'values[0].mrTd must be 48 bytes'],
    ['no hexadecimal digits', 'tdx', { ...tdxBuild, mrTd: 'zz' }, 'values[0].mrTd must be hexadecimal'],
    ['a name that is no text', 'tdx', { ...tdxBuild, name: '' }, 'values[0].name must be text'],
    [
      'a register that is needed',
      'tdx',
      { mrTd: bytes(48), rtmr0: bytes(48), rtmr1: bytes(48) },
      /rtmr2 must be 48 bytes/,
    ],
    [
      'zeros alone',
      'tdx',
      { mrTd: bytes(48, 0), rtmr0: bytes(48, 0), rtmr1: bytes(48, 0), rtmr2: bytes(48, 0) },
      /must be one measurement or more that is not zero/,
    ],
    ['registers of an enclave', 'tdx', { mrEnclave: bytes(32) }, /^values\[0\]\.mrEnclave must be one of/],
    [
      'a vendor without a product',
      'sgx',
      { mrSigner: bytes(32), minimumIsvSvn: 1 },
      /must be \{ mrEnclave \} or \{ mrSigner, isvProdId, minimumIsvSvn \}/,
    ],
    ['an enclave of zeros', 'sgx', { mrEnclave: bytes(32, 0) }, /mrEnclave must be other than zero/],
    [
      'a number of 17 bits',
      'sgx',
      { mrEnclave: bytes(32), isvProdId: 65_536 },
      'values[0].isvProdId must be 0 to 65535',
    ],
    ['a fraction', 'sgx', { mrEnclave: bytes(32), minimumIsvSvn: 0.5 }, 'values[0].minimumIsvSvn must be 0 to 65535'],
    [
      'a flag that is a number',
      'sgx',
      { mrEnclave: bytes(32), provisionKey: 1 },
      'values[0].provisionKey must be true or false',
    ],
    ['a guest without a measurement', 'sev-snp', { hostData: bytes(32) }, /measurement must be 48 bytes/],
    ['a guest of zeros', 'sev-snp', { measurement: bytes(48, 0) }, /measurement must be other than zero/],
    [
      'a realm without a RIM',
      'cca',
      { personalizationValue: bytes(64) },
      'values[0].rim must be a measurement: zero is none',
    ],
    ['a RIM of zeros', 'cca', { rim: bytes(32, 0) }, 'values[0].rim must be a measurement: zero is none'],
    ['a RIM of 20 bytes', 'cca', { rim: bytes(20) }, 'values[0].rim must be 32 or 48 or 64 bytes'],
    [
      'three REMs',
      'cca',
      { ...realm, rems: [bytes(32), bytes(32), bytes(32)] },
      'values[0].rems must be four measurements',
    ],
    ['any REMs', 'cca', { ...realm, rems: anyValue }, 'values[0].rems must be four measurements'],
    [
      'a REM that is longer than the RIM',
      'cca',
      { ...realm, rems: [bytes(32), bytes(32), bytes(32), bytes(48)] },
      'values[0].rems must be four measurements as long as the RIM',
    ],
    ['a REM beside rems', 'cca', { ...realm, rem0: bytes(32) }, 'values[0].rem0 must be in rems'],
    [
      'any personalization value',
      'cca',
      { ...realm, personalizationValue: anyValue },
      'values[0].personalizationValue must be a value: anyValue cannot be signed',
    ],
    ['an end of its own', 'cca', { ...realm, validUntil: until }, /^values\[0\]\.validUntil must be one of/],
    [
      'a device without components',
      'psa',
      { softwareComponents: [] },
      'values[0].softwareComponents must be a list of components, at least one',
    ],
    [
      'a component without a signer',
      'psa',
      { softwareComponents: [{ measurement: bytes(32) }] },
      'values[0].softwareComponents[0].signerId must be 32, 48 or 64 bytes',
    ],
    [
      'a digest of another algorithm',
      'psa',
      { softwareComponents: [{ ...component, hashAlgorithm: 'sha-384' }] },
      'values[0].softwareComponents[0].measurement must be a digest of sha-384',
    ],
    [
      'an unknown algorithm',
      'psa',
      { softwareComponents: [{ ...component, hashAlgorithm: 'toString' }] },
      'values[0].softwareComponents[0].hashAlgorithm must be sha-256 or sha-384 or sha-512',
    ],
    [
      'an unknown member of a component',
      'psa',
      { softwareComponents: [{ ...component, x: 1 }] },
      'values[0].softwareComponents[0].x must be left out: it cannot be signed',
    ],
    [
      'an unknown member of a device',
      'psa',
      { ...device, validUntil: until },
      'values[0].validUntil must be left out: it cannot be signed',
    ],
    [
      'an implementation of 31 bytes',
      'psa',
      { ...device, implementationId: bytes(31) },
      'values[0].implementationId must be 32 bytes (64 hex digits)',
    ],
    [
      'a certificate without a number',
      'psa',
      { ...device, certificationReference: '' },
      'values[0].certificationReference must be text',
    ],
  ])('%s', async (_, environment, value, message) => {
    const error = await sign(environment, value).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    if (typeof message === 'string') expect((error as Error).message.slice(0, message.length)).toBe(message)
    else expect((error as Error).message).toMatch(message)
  })
})

describe('a file that says anything else', () => {
  const environments = {
    tdx: ['Intel', 'TDX'],
    sgx: ['Intel', 'SGX'],
    'sev-snp': ['AMD', 'SEV-SNP'],
    cca: ['Arm', 'CCA'],
    psa: ['Arm', 'PSA'],
  } as const
  type Name = keyof typeof environments
  const map = (entries: Readonly<Record<number, Uint8Array>>): Uint8Array =>
    cbor.map(Object.entries(entries).map(([key, value]) => [cbor.unsigned(Number(key)), value] as const))
  const digest = (value: Uint8Array, algorithm = value.length === 48 ? 7 : 1): Uint8Array =>
    cbor.array(cbor.array(cbor.unsigned(algorithm), cbor.bytes(value)))
  const registers = (found: Readonly<Record<string, Uint8Array>>): Uint8Array =>
    cbor.map(Object.entries(found).map(([name, value]) => [cbor.text(name), value] as const))
  const first = (
    found: Readonly<Record<string, Uint8Array>>,
    more: Readonly<Record<number, Uint8Array>> = {},
  ): Uint8Array => map({ 1: map({ 14: registers(found), ...more }) })
  const raw = (value: Uint8Array, tag = 560): Uint8Array => map({ 4: cbor.tag(tag, cbor.bytes(value)) })
  const named = (name: string, values: Uint8Array): Uint8Array => map({ 0: cbor.text(name), 1: values })
  const svn = (value: Uint8Array): Uint8Array => map({ 1: value })

  /** A file with one build, made of these measurements. */
  const made = (name: Name, ...items: readonly Uint8Array[]): Promise<Uint8Array> => {
    const [vendor, model] = environments[name]
    const own = map({
      0: map({
        0: cbor.tag(560, cbor.bytes(new TextEncoder().encode(name))),
        1: cbor.text(vendor),
        2: cbor.text(model),
      }),
    })
    return makeCorim(signer, { triples: { 0: cbor.array(cbor.array(own, cbor.array(...items))) } })
  }

  const td = { mrTd: digest(bytes(48)), rtmr0: digest(bytes(48)), rtmr1: digest(bytes(48)), rtmr2: digest(bytes(48)) }
  const enclave = { mrEnclave: digest(bytes(32)) }
  const rim = { rim: digest(bytes(32)) }
  const part = (more: Readonly<Record<number, Uint8Array>> = {}, without: readonly number[] = []): Uint8Array => {
    const own = {
      4: cbor.tag(560, cbor.bytes(bytes(32))),
      13: cbor.array(cbor.tag(560, cbor.bytes(bytes(32)))),
      ...more,
    }
    return named(
      'software-component',
      map(Object.fromEntries(Object.entries(own).filter(([key]) => !without.includes(Number(key))))),
    )
  }
  const head = map({ 1: map({ 14: cbor.map([]) }) })

  test.each<[string, Name, readonly Uint8Array[]]>([
    ['a trust domain', 'tdx', [first(td, { 11: cbor.text('x') }), named('xfam', raw(bytes(8)))]],
    [
      'an enclave',
      'sgx',
      [
        first(enclave),
        named('configSvn', raw(Uint8Array.of(1, 2))),
        named('minimumIsvSvn', svn(cbor.tag(553, cbor.unsigned(3)))),
      ],
    ],
    ['a realm', 'cca', [first(rim)]],
    ['a device', 'psa', [head, part()]],
  ])('the sound file is not: %s', async (_, environment, items) => {
    expect(await open(await made(environment, ...items), environment)).toHaveLength(1)
  })

  test.each<[string, Name, readonly Uint8Array[], RegExp]>([
    [
      'a register that the verifier does not have',
      'tdx',
      [first({ ...td, rtmr4: digest(bytes(48)) })],
      /^reference-content: build 0 must have known fields, found tstr$/,
    ],
    [
      'a register that every object has',
      'tdx',
      [first({ ...td, constructor: digest(bytes(48)) })],
      /^reference-content: build 0 must have known fields/,
    ],
    [
      'a register by number',
      'tdx',
      [map({ 1: map({ 14: cbor.map([[cbor.unsigned(0), digest(bytes(48))]]) }) })],
      /^reference-content: build 0 must have known fields, found uint$/,
    ],
    [
      'a digest of another size',
      'tdx',
      [first({ ...td, mrTd: digest(bytes(32)) })],
      /^reference-content: mrTd of build 0 must be one digest of 48 bytes/,
    ],
    [
      'two digests of one register',
      'tdx',
      [
        first({
          ...td,
          mrTd: cbor.array(
            cbor.array(cbor.unsigned(7), cbor.bytes(bytes(48))),
            cbor.array(cbor.unsigned(1), cbor.bytes(bytes(32))),
          ),
        }),
      ],
      /^reference-content: mrTd of build 0 must be one digest of 48 bytes/,
    ],
    [
      'a measurement as raw value',
      'tdx',
      [first(td), named('rtmr3', raw(bytes(48)))],
      /^reference-content: build 0 must have known fields/,
    ],
    [
      'a raw value as digest',
      'tdx',
      [first({ ...td, mrOwner: digest(bytes(48)) })],
      /^reference-content: build 0 must have known fields/,
    ],
    [
      'a raw value of another size',
      'tdx',
      [first(td), named('xfam', raw(bytes(7)))],
      /^reference-content: xfam of build 0 must be 8 bytes/,
    ],
    [
      'a raw value under a mask',
      'tdx',
      [first(td), named('xfam', raw(bytes(8), 563))],
      /^reference-content: xfam of build 0 must be 8 bytes, found tag 563/,
    ],
    [
      'a raw value twice',
      'tdx',
      [first(td), named('xfam', raw(bytes(8))), named('xfam', raw(bytes(8)))],
      /^reference-content: xfam of build 0 comes twice/,
    ],
    [
      'more about a raw value',
      'tdx',
      [first(td), named('xfam', map({ 4: cbor.tag(560, cbor.bytes(bytes(8))), 3: cbor.map([]) }))],
      /^reference-content: keys of xfam of build 0: expected 4, found 3$/,
    ],
    [
      'who may say so',
      'tdx',
      [first(td), map({ 0: cbor.text('xfam'), 1: raw(bytes(8)), 2: cbor.array(cbor.unsigned(1)) })],
      /^reference-content: keys of measurement of build 0: expected 0, 1, found 2$/,
    ],
    [
      'a key of the first measurement',
      'tdx',
      [map({ 0: cbor.text('x'), 1: map({ 14: registers(td) }) })],
      /^reference-content: keys of first measurement of build 0: expected 1, found 0$/,
    ],
    [
      'a version of the first measurement',
      'tdx',
      [first(td, { 0: map({ 0: cbor.text('1') }) })],
      /^reference-content: keys of build 0: expected 11, 14, found 0$/,
    ],
    [
      'no registers',
      'tdx',
      [map({ 1: map({ 11: cbor.text('x') }) })],
      /^reference-content: integrity registers of build 0 must be a map/,
    ],
    [
      'too few registers',
      'tdx',
      [first({ mrTd: digest(bytes(48)) })],
      /^reference-content: build 0: referenceValues\[0\]\.rtmr0 must be 48 bytes/,
    ],
    [
      'nothing but zeros',
      'tdx',
      [first(Object.fromEntries(Object.keys(td).map((name) => [name, digest(bytes(48, 0))])))],
      /^reference-content: build 0: .* must be one measurement or more that is not zero/,
    ],
    [
      'a number of three bytes',
      'sgx',
      [first(enclave), named('configSvn', raw(bytes(3)))],
      /^reference-content: configSvn of build 0 must be 2 bytes/,
    ],
    [
      'a flag that is 2',
      'sgx',
      [first(enclave), named('provisionKey', raw(Uint8Array.of(2)))],
      /^reference-content: provisionKey of build 0 must be 0 or 1/,
    ],
    [
      'a version that must be equal',
      'sgx',
      [first(enclave), named('minimumIsvSvn', svn(cbor.tag(552, cbor.unsigned(3))))],
      /^reference-content: minimumIsvSvn of build 0 must be tag 553, found tag 552$/,
    ],
    [
      'a version without a tag',
      'sgx',
      [first(enclave), named('minimumIsvSvn', svn(cbor.unsigned(3)))],
      /^reference-content: minimumIsvSvn of build 0 must be tag 553, found uint$/,
    ],
    [
      'a version of 17 bits',
      'sgx',
      [first(enclave), named('minimumIsvSvn', svn(cbor.tag(553, cbor.unsigned(65_536))))],
      /^reference-content: minimumIsvSvn of build 0 must be tag 553/,
    ],
    [
      'a vendor alone',
      'sgx',
      [first({ mrSigner: digest(bytes(32)) })],
      /^reference-content: build 0: .* must be \{ mrEnclave \} or/,
    ],
    [
      'a guest of zeros',
      'sev-snp',
      [first({ measurement: digest(bytes(48, 0)) })],
      /^reference-content: build 0: .*measurement must be other than zero/,
    ],
    [
      'three REMs',
      'cca',
      [first({ ...rim, rem0: digest(bytes(32)), rem1: digest(bytes(32)), rem2: digest(bytes(32)) })],
      /^reference-content: build 0: values\[0\]\.rems must be four measurements/,
    ],
    [
      'a RIM of zeros',
      'cca',
      [first({ rim: digest(bytes(32, 0)) })],
      /^reference-content: build 0: values\[0\]\.rim must be a measurement: zero is none/,
    ],
    [
      'registers of a device',
      'psa',
      [first({ x: digest(bytes(32)) }), part()],
      /^reference-content: build 0 must have no registers/,
    ],
    [
      'no components',
      'psa',
      [head],
      /^reference-content: build 0: values\[0\]\.softwareComponents must be a list of components, at least one/,
    ],
    [
      'a measurement of another name',
      'psa',
      [head, part(), named('x', raw(bytes(32)))],
      /^reference-content: build 0 must have known measurements/,
    ],
    [
      'a component without a measurement',
      'psa',
      [head, part({}, [4])],
      /^reference-content: component of build 0 must have a digest or a raw value/,
    ],
    [
      'a component with both',
      'psa',
      [head, part({ 2: digest(bytes(32)) })],
      /^reference-content: component of build 0 must have a digest or a raw value/,
    ],
    [
      'a component without a signer',
      'psa',
      [head, part({}, [13])],
      /^reference-content: signer of a component of build 0 must be a list/,
    ],
    [
      'a component with two signers',
      'psa',
      [head, part({ 13: cbor.array(...[1, 2].map((i) => cbor.tag(560, cbor.bytes(bytes(32, i))))) })],
      /^reference-content: signer of a component of build 0 must be 1/,
    ],
    [
      'a version scheme',
      'psa',
      [head, part({ 0: map({ 0: cbor.text('1'), 1: cbor.unsigned(16384) }) })],
      /^reference-content: keys of version: expected 0, found 1$/,
    ],
    [
      'two implementations',
      'psa',
      [head, part(), ...[1, 2].map((i) => named('implementationId', raw(bytes(32, i))))],
      /^reference-content: build 0 names something twice/,
    ],
    [
      'a measurement of 20 bytes',
      'psa',
      [head, part({ 4: cbor.tag(560, cbor.bytes(bytes(20))) })],
      /^reference-content: build 0: values\[0\]\.softwareComponents\[0\]\.measurement must be 32, 48 or 64 bytes/,
    ],
  ])('%s', async (_, environment, items, message) => {
    const file = await made(environment, ...items)
    expect(await refusalText(() => open(file, environment))).toMatch(message)
  })

  test('another environment', async () => {
    const file = await sign('tdx', tdxBuild)
    for (const environment of ['sgx', 'sev-snp', 'cca', 'psa', 'nitro'] as const)
      expect(await refusalText(() => open(file, environment))).toMatch(
        /^reference-environment: environment: expected 560\(h'[0-9a-f]+'\) .*, found 560\(h'746478'\) Intel TDX$/,
      )
  })

  test('two builds of one name', async () => {
    const file = await sign('sev-snp', { name: 'a', ...snpBuild })
    expect(await open(file, 'sev-snp')).toHaveLength(1)
    await expect(
      sign('sev-snp', [
        { name: 'a', ...snpBuild },
        { name: 'a', measurement: bytes(48) },
      ]),
    ).rejects.toThrow(/^name of values\[1\] must be one that no other build has$/)
  })
})

describe('revoked builds', () => {
  test('one that differs in nothing that both name is left out; the others stay', async () => {
    const builds = [
      { name: 'a', ...snpBuild },
      { name: 'b', measurement: bytes(48, 6) },
    ]
    const file = await sign('sev-snp', builds)
    expect(await open(file, 'sev-snp', { revoked: [snpBuild] })).toEqual([builds[1]])
    expect(await open(file, 'sev-snp', { revoked: [{ ...snpBuild, measurement: bytes(48, 9) }] })).toEqual(builds)
    expect(await refusalText(() => open(file, 'sev-snp', { revoked: builds }))).toMatch(/^reference-revoked: /)
  })

  test('a least version tells no two lines of builds apart', async () => {
    const line = { mrSigner: bytes(32), isvProdId: 1, minimumIsvSvn: 3 }
    const file = await sign('sgx', line)
    expect(await refusalText(() => open(file, 'sgx', { revoked: [{ ...line, minimumIsvSvn: 2 }] }))).toMatch(
      /^reference-revoked: /,
    )
    expect(await open(file, 'sgx', { revoked: [{ ...line, isvProdId: 2 }] })).toEqual([line])
  })

  test('the same components in another order are the same firmware', async () => {
    const other = { ...component, measurement: bytes(32, 9) }
    const file = await sign('psa', { softwareComponents: [component, other] })
    const revoked = [{ softwareComponents: [other, component] }]
    expect(await refusalText(() => open(file, 'psa', { revoked }))).toMatch(/^reference-revoked: /)
    expect(await open(file, 'psa', { revoked: [device] })).toHaveLength(1)
  })
})
