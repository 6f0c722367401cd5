/**
 * Signed reference values: what is sound opens and verifies enclaves; one thing wrong, everything
 * else signed as it is, and it is refused for that reason.
 */
import { AttestationError } from '../../../src/core/errors.ts'
import { refusalText } from '../../support/refusal.ts'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { beforeAll, describe, expect, test } from 'vitest'
import { skipReferenceValues, verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import {
  openReferenceValues,
  type OpenReferenceValuesOptions,
  signReferenceValues,
  type SignReferenceValuesOptions,
} from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import { createSigner, type Signer } from '../../attester/certificate.ts'
import {
  type CorimPlan,
  type CorimSigner,
  createCorimSigner,
  madeAt,
  makeCorim,
  register,
  time,
} from '../../attester/corim.ts'
import { createNitroAttester, productionPcrs } from '../../attester/nitro.ts'

const now = new Date('2026-06-02T00:00:00Z')
const text = (value: string): Uint8Array<ArrayBuffer> => cbor.text(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

let signer: CorimSigner
let stranger: Signer
beforeAll(async () => {
  ;[signer, stranger] = await Promise.all([createCorimSigner(), createSigner()])
})

/** Extensions of a certificate that says what it is for. */
const leafFor = (...purposes: readonly string[]): x509.Extension[] => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([...purposes]),
]

const options = (change: object = {}): OpenReferenceValuesOptions => ({
  environment: 'nitro',
  product: 'example.com/app',
  trustAnchors: [signer.ca],
  minimumVersion: 1,
  now,
  ...change,
})

/** `code: message` of the refusal. */
const refused = (file: Uint8Array, change?: object): Promise<string> =>
  refusalText(() => openReferenceValues(file, options(change)))

describe('sound files', () => {
  test('open to what was signed', async () => {
    const opened = await openReferenceValues(await makeCorim(signer), options())
    expect(opened).toEqual({
      referenceValues: [{ name: 'build 1', PCR0: register(0), PCR1: register(1), PCR2: register(2) }],
      environment: 'nitro',
      product: 'example.com/app',
      id: 'release',
      version: 7,
      signers: ['CN=veritee test build'],
      validUntil: new Date('2027-06-01T00:00:00Z'),
    })
    expect(Object.isFrozen(opened) && Object.isFrozen(opened.referenceValues)).toBe(true)
    expect(opened.referenceValues.every((value) => Object.isFrozen(value))).toBe(true)
  })

  test.each<[string, CorimPlan]>([
    ['no corim-meta', { protectedHeader: { 8: undefined } }],
    ['a key id, which is a hint', { protectedHeader: { 4: cbor.bytes(new Uint8Array([1])) } }],
    ['an open end', { corim: { 4: undefined }, meta: { 1: undefined } }],
    ['a UUID as id', { corim: { 0: cbor.bytes(new Uint8Array(16)) } }],
    ['entities, who are for people', { corim: { 5: cbor.array(cbor.map([])) } }],
    ['a language', { comid: { 0: text('en') } }],
    [
      'an algorithm by its name',
      {
        mval: { 14: cbor.map([[cbor.unsigned(0), cbor.array(cbor.array(text('sha-384'), cbor.bytes(register(0))))]]) },
      },
    ],
  ])('with %s', async (_, plan) => {
    expect((await openReferenceValues(await makeCorim(signer, plan), options())).referenceValues).toHaveLength(1)
  })

  test('the chain may stand in the unprotected header, with its CA, or without an authority in between', async () => {
    const chain = cbor.array(...[signer.certificate, signer.authority].map((der) => cbor.bytes(der)))
    const outside = await makeCorim(signer, { protectedHeader: { 33: undefined }, unprotectedHeader: { 33: chain } })
    expect((await openReferenceValues(outside, options())).version).toBe(7)
    const whole = cbor.array(...[signer.certificate, signer.authority, signer.ca].map((der) => cbor.bytes(der)))
    expect(
      (await openReferenceValues(await makeCorim(signer, { protectedHeader: { 33: whole } }), options())).version,
    ).toBe(7)
    const short = await makeCorim(signer, { protectedHeader: { 33: cbor.bytes(signer.certificate) } })
    expect((await openReferenceValues(short, options({ trustAnchors: [signer.authority] }))).version).toBe(7)
  })

  test.each([
    ['code signing, among others', ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.3']],
    ['any purpose', ['2.5.29.37.0']],
  ])('a certificate for %s', async (_, purposes) => {
    const other = await createCorimSigner({ certificate: { extensions: leafFor(...purposes) } })
    const opened = await openReferenceValues(await makeCorim(other), options({ trustAnchors: [other.ca] }))
    expect(opened.version).toBe(7)
  })

  test('ES256 on P-256 throughout', async () => {
    const other = await createCorimSigner({ curve: 'P-256' })
    expect(
      (await openReferenceValues(await makeCorim(other), options({ trustAnchors: [signer.ca, other.ca] }))).version,
    ).toBe(7)
  })

  test('several builds, and the verifier says which one runs', async () => {
    const pcrs = await productionPcrs()
    const nonce = new Uint8Array(32).fill(9)
    const builds = [
      { name: 'build 2026-11-19', registers: { 0: register(0) } },
      { name: 'build 2026-11-20', registers: { 0: pcrs[0] ?? new Uint8Array(), 2: pcrs[2] ?? new Uint8Array() } },
    ]
    const { referenceValues } = await openReferenceValues(await makeCorim(signer, { builds }), options())
    const attester = await createNitroAttester({ now })
    const verify = async (values: typeof referenceValues): Promise<unknown> => {
      const policy = { referenceValues: values, freshness: { nonce }, trustAnchors: [attester.root], now }
      return (await verifyNitro(await attester.document({ nonce }), policy)).matched
    }
    expect(await verify(referenceValues)).toBe('build 2026-11-20')
    const revoked = [{ PCR0: hex(pcrs[0] ?? new Uint8Array()) }]
    const rest = await openReferenceValues(await makeCorim(signer, { builds }), options({ revoked }))
    expect(rest.referenceValues.map(({ name }) => name)).toEqual(['build 2026-11-19'])
    await expect(verify(rest.referenceValues)).rejects.toMatchObject({ code: 'policy-pcr' })
  })
})

describe('revoked builds win over signed ones', () => {
  const revoke = (...indexes: readonly number[]): Partial<OpenReferenceValuesOptions> => ({
    revoked: [Object.fromEntries(indexes.map((i) => [`PCR${i}`, register(i)]))],
  })

  test.each([
    ['by one register', [0]],
    ['by several', [0, 2]],
    ['by a register that the signed build does not name: nothing tells them apart', [8]],
  ])('%s', async (_, indexes) => {
    expect(await refused(await makeCorim(signer), revoke(...indexes))).toMatch(
      /^reference-revoked: builds that are not revoked: expected at least 1, found 0 of 1$/,
    )
  })

  test('a build that differs in a register stays', async () => {
    const revoked = [{ PCR0: hex(register(0)), PCR1: hex(register(9)) }]
    expect((await openReferenceValues(await makeCorim(signer), options({ revoked }))).referenceValues).toHaveLength(1)
  })
})

/** The same CoMID as version 8: the 7 stands behind its key, behind the id. */
function otherEdition(comid: Uint8Array): Uint8Array {
  const changed = comid.slice()
  const at = Buffer.from(comid).indexOf(Buffer.from('example.com/app')) + 'example.com/app'.length + 1
  expect(changed[at]).toBe(7)
  changed[at] = 8
  return changed
}

describe('refused', () => {
  const b = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
  const mapOf = (...entries: readonly (readonly [number, Uint8Array])[]): Uint8Array =>
    cbor.map(entries.map(([key, value]) => [cbor.unsigned(key), value]))
  const digests = (algorithm: Uint8Array, ...values: readonly Uint8Array[]): Uint8Array =>
    cbor.array(...values.map((value) => cbor.array(algorithm, cbor.bytes(value))))

  test.each<[code: string, what: string, message: RegExp, plan: CorimPlan]>([
    ['reference-cbor', 'no tag in front', /d2, the tag of COSE_Sign1/, { file: (file) => file.slice(1) }],
    [
      'cose-tag',
      'another tag inside',
      /tag: expected 18/,
      { file: (file) => new Uint8Array([0xd2, 0xd1, ...file.slice(1)]) },
    ],
    ['outer-cbor', 'a byte left over', /1 bytes left over/, { file: (file) => new Uint8Array([...file, 0]) }],
    ['cose-shape', 'three items', /definite array of 4/, { envelope: (items) => items.slice(1) }],
    [
      'reference-content',
      'an unsigned header',
      /keys of unprotected header: expected 33, found 4/,
      { unprotectedHeader: { 4: cbor.bytes(b(1)) } },
    ],
    [
      'reference-content',
      'a critical header',
      /keys of protected header/,
      { protectedHeader: { 2: cbor.array(cbor.unsigned(9)) } },
    ],
    ['reference-content', 'CWT claims', /keys of protected header/, { protectedHeader: { 15: mapOf() } }],
    [
      'reference-algorithm',
      'ES512',
      /alg: expected -7 \(ES256\) or -35 \(ES384\), found -36/,
      { protectedHeader: { 1: cbor.negative(-36) } },
    ],
    ['reference-algorithm', 'no algorithm', /found none/, { protectedHeader: { 1: undefined } }],
    [
      'cose-signature-length',
      'the algorithm of another curve',
      /expected 64, found 96/,
      { protectedHeader: { 1: cbor.negative(-7) } },
    ],
    [
      'reference-content',
      'another content type',
      /content type: expected application\/rim\+cbor/,
      { protectedHeader: { 3: text('application/json') } },
    ],
    [
      'reference-untrusted',
      'no certificate',
      /x5chain\): expected one, found none/,
      { protectedHeader: { 33: undefined } },
    ],
    ['reference-content', 'text for a certificate', /1 to 8 certificates/, { protectedHeader: { 33: text('MII') } }],
    ['reference-content', 'an empty chain', /1 to 8 certificates/, { protectedHeader: { 33: cbor.array() } }],
    [
      'reference-content',
      'a chain that is too long',
      /1 to 8 certificates/,
      { protectedHeader: { 33: cbor.array(...Array.from({ length: 9 }, () => cbor.bytes(b(0x30)))) } },
    ],
    [
      'reference-content',
      'chains in both headers',
      /in one header, found in both/,
      { unprotectedHeader: { 33: cbor.bytes(b(0x30)) } },
    ],
    ['cert-parse', 'a chain of rubbish', /x5chain/, { protectedHeader: { 33: cbor.bytes(b(0x30, 0)) } }],
    [
      'reference-validity',
      'a signature that has expired',
      /validity of the signature: expected until 2026-06-01T12/,
      { meta: { 1: mapOf([1, time(new Date('2026-06-01T12:00:00Z'))]) } },
    ],
    [
      'reference-validity',
      'a signature of tomorrow',
      /validity of the signature: expected from 2026-06-03/,
      { meta: { 1: mapOf([0, time(new Date('2026-06-03T00:00:00Z'))]) } },
    ],
    [
      'reference-validity',
      'a file that has expired',
      /validity of the CoRIM: expected until 2026-06-01T23:54:59/,
      { notAfter: new Date('2026-06-01T23:54:59Z'), meta: { 1: undefined } },
    ],
    [
      'reference-validity',
      'a file of tomorrow',
      /validity of the CoRIM: expected from 2026-06-02T00:05:01/,
      { notBefore: new Date('2026-06-02T00:05:01Z'), meta: { 1: undefined } },
    ],
    [
      'reference-content',
      'a date that is text',
      /tag 1 on whole seconds/,
      { corim: { 4: mapOf([1, cbor.tag(0, text('2027'))]) } },
    ],
    [
      'reference-content',
      'a date that no calendar has',
      /tag 1 on whole seconds/,
      { corim: { 4: mapOf([0, cbor.tag(1, cbor.unsigned(2 ** 52))]) } },
    ],
    [
      'reference-content',
      'dates that are there, but undefined',
      /keys of CoRIM \(tag 501\): .*found 4/,
      { corim: { 4: b(0xf7) } },
    ],
    [
      'reference-content',
      'a register twice, once as text',
      /register 0 of build 0: expected a SHA-384 digest for 0 to 31/,
      {
        mval: {
          14: cbor.map([
            [cbor.unsigned(0), digests(cbor.unsigned(7), register(0))],
            [text('0'), digests(cbor.unsigned(7), register(1))],
          ]),
        },
      },
    ],
    [
      'reference-content',
      'a date with a fraction',
      /tag 1 on whole seconds/,
      { corim: { 4: mapOf([1, cbor.tag(1, cbor.float64(1.5))]) } },
    ],
    [
      'reference-content',
      'corim-meta that is no bytes',
      /corim-meta \(bytes\) must be a map/,
      { protectedHeader: { 8: mapOf() } },
    ],
    [
      'reference-cbor',
      'corim-meta with more behind it',
      /corim-meta: 1 bytes left over/,
      { protectedHeader: { 8: cbor.bytes(b(0xa0, 0)) } },
    ],
    ['reference-content', 'another key in corim-meta', /keys of corim-meta/, { meta: { 2: cbor.unsigned(1) } }],
    [
      'reference-content',
      'a payload without tag 501',
      /CoRIM \(tag 501\) must be a map/,
      { payload: (corim) => corim.slice(3) },
    ],
    [
      'reference-content',
      'a payload with another tag',
      /CoRIM \(tag 501\) must be a map/,
      { payload: () => cbor.tag(506, mapOf()) },
    ],
    [
      'reference-cbor',
      'a payload with more behind it',
      /CoRIM: 1 bytes left over/,
      { payload: (corim) => new Uint8Array([...corim, 0]) },
    ],
    [
      'reference-cbor',
      'a payload that nests too deep',
      /nested too deep/,
      { payload: () => Uint8Array.from({ length: 60 }, () => 0x81) },
    ],
    [
      'reference-profile',
      'another profile',
      /profile: expected tag:veritee.dev,2026:reference-values#2, found http:\/\/example/,
      { corim: { 3: cbor.tag(32, text('http://example.com')) } },
    ],
    [
      'reference-profile',
      'a profile that is an OID',
      /found 111\(h'2a'\)/,
      { corim: { 3: cbor.tag(111, cbor.bytes(b(0x2a))) } },
    ],
    ['reference-profile', 'no profile', /found none/, { corim: { 3: undefined } }],
    [
      'reference-content',
      'dependent CoRIMs',
      /keys of CoRIM \(tag 501\): expected 0, 1, 3, 4, 5, found 2/,
      { corim: { 2: cbor.array() } },
    ],
    ['reference-content', 'an extension', /keys of CoRIM/, { corim: { [-1]: text('x') } }],
    ['reference-content', 'no id', /id of the CoRIM must be text or a UUID/, { corim: { 0: undefined } }],
    ['reference-content', 'no tags', /tags must be a list that is not empty/, { tags: () => cbor.array() }],
    [
      'reference-content',
      'a CoSWID',
      /kind of tag must be 506, a CoMID, found tag 505/,
      { tags: (comid) => cbor.array(cbor.tag(505, cbor.bytes(comid))) },
    ],
    [
      'reference-content',
      'a trust anchor store',
      /found tag 507/,
      { tags: (comid) => cbor.array(cbor.tag(506, cbor.bytes(comid)), cbor.tag(507, cbor.bytes(comid))) },
    ],
    [
      'reference-content',
      'two editions in one file',
      /CoMIDs in one file: expected 1, found others/,
      {
        tags: (comid) => cbor.array(cbor.tag(506, cbor.bytes(comid)), cbor.tag(506, cbor.bytes(otherEdition(comid)))),
      },
    ],
    ['reference-content', 'linked tags', /keys of CoMID: expected 0, 1, 2, 4, found 3/, { comid: { 3: cbor.array() } }],
    ['reference-content', 'no identity', /identity of the CoMID must be a map/, { comid: { 1: undefined } }],
    [
      'reference-content',
      'a negative version',
      /version must be an unsigned integer/,
      { identity: { 1: cbor.negative(-1) } },
    ],
    [
      'reference-rollback',
      'no version',
      /version of example.com\/app: expected at least 1, found 0/,
      { identity: { 1: undefined } },
    ],
    [
      'reference-rollback',
      'an old version',
      /version of example.com\/app: expected at least 1, found 0/,
      { version: 0 },
    ],
    ['reference-content', 'endorsed values', /keys of triples: expected 0, found 1/, { triples: { 1: cbor.array() } }],
    ['reference-content', 'conditional endorsements', /keys of triples/, { triples: { 10: cbor.array() } }],
    ['reference-content', 'no reference triples', /triples must not be empty/, { triples: { 0: undefined } }],
    [
      'reference-environment',
      'another environment',
      /environment: expected 560\(h'6e6974726f'\) Amazon Web Services Nitro Enclaves, found 560\(h'746478'\)/,
      { class: { 0: cbor.tag(560, cbor.bytes(new TextEncoder().encode('tdx'))) } },
    ],
    [
      'reference-environment',
      'the same bytes as a UUID',
      /found 37\(h'6e6974726f'\)/,
      { class: { 0: cbor.tag(37, cbor.bytes(new TextEncoder().encode('nitro'))) } },
    ],
    ['reference-environment', 'no class id', /found Amazon Web Services/, { class: { 0: undefined } }],
    ['reference-content', 'a layer', /keys of class/, { class: { 3: cbor.unsigned(0) } }],
    [
      'reference-content',
      'an instance',
      /keys of environment: expected 0, found 1/,
      { environment: { 1: cbor.tag(560, cbor.bytes(b(1))) } },
    ],
    [
      'reference-content',
      'a key of the measurement',
      /one measurement with a name and integrity registers/,
      { measurement: { 0: text('x') } },
    ],
    [
      'reference-content',
      'who may say so',
      /one measurement with a name and integrity registers/,
      { measurement: { 2: cbor.array(cbor.unsigned(1)) } },
    ],
    [
      'reference-content',
      'a security version',
      /one measurement with a name and integrity registers/,
      { mval: { 1: cbor.unsigned(1) } },
    ],
    [
      'reference-content',
      'digests beside the registers',
      /one measurement with a name and integrity registers/,
      { mval: { 2: digests(cbor.unsigned(7), register(0)) } },
    ],
    [
      'reference-content',
      'a value that the draft does not have',
      /keys of measurement values/,
      { mval: { 99: cbor.unsigned(1) } },
    ],
    [
      'reference-content',
      'no registers',
      /build 0: referenceValues\[0\] must be registers other than zero/,
      { mval: { 14: undefined } },
    ],
    [
      'reference-content',
      'register 32',
      /register 32 of build 0/,
      { mval: { 14: cbor.map([[cbor.unsigned(32), digests(cbor.unsigned(7), register(0))]]) } },
    ],
    [
      'reference-content',
      'a register with a name',
      /register RTMR0 of build 0/,
      { mval: { 14: cbor.map([[text('RTMR0'), digests(cbor.unsigned(7), register(0))]]) } },
    ],
    [
      'reference-cbor',
      'a register twice',
      /duplicate key 0/,
      { mval: { 14: cbor.map([0, 0].map((i) => [cbor.unsigned(i), digests(cbor.unsigned(7), register(0))])) } },
    ],
    [
      'reference-content',
      'SHA-256',
      /register 0 of build 0: expected a SHA-384 digest/,
      { mval: { 14: cbor.map([[cbor.unsigned(0), digests(cbor.unsigned(1), new Uint8Array(32))]]) } },
    ],
    [
      'reference-content',
      'a digest of another length',
      /sha-384 must be 48 bytes/,
      { mval: { 14: cbor.map([[cbor.unsigned(0), digests(cbor.unsigned(7), new Uint8Array(32))]]) } },
    ],
    [
      'reference-content',
      'an algorithm twice',
      /an algorithm comes twice/,
      { mval: { 14: cbor.map([[cbor.unsigned(0), digests(cbor.unsigned(7), register(0), register(1))]]) } },
    ],
    [
      'reference-content',
      'an unknown algorithm',
      /digest must be sha-256, sha-384 or sha-512/,
      { mval: { 14: cbor.map([[cbor.unsigned(0), digests(cbor.unsigned(2), register(0))]]) } },
    ],
    [
      'reference-content',
      'zeros',
      /build 0: referenceValues\[0\] must be registers other than zero/,
      { builds: [{ registers: { 0: new Uint8Array(48) } }] },
    ],
    ['reference-content', 'an empty name', /must be text/, { builds: [{ name: '', registers: { 0: register(0) } }] }],
  ])('%s: %s', async (code, _, message, plan) => {
    const refusal = await refused(await makeCorim(signer, plan))
    expect(refusal).toMatch(new RegExp(`^${code}: `))
    expect(refusal).toMatch(message)
  })

  test('reference-unsigned: a CoRIM without an envelope', async () => {
    const payloads: Uint8Array[] = []
    await makeCorim(signer, { payload: (corim) => (payloads.push(corim), corim) })
    expect(await refused(payloads[0] as Uint8Array)).toBe('reference-unsigned: CoRIM: expected a signature, found none')
  })

  test('reference-size: more than 1 MiB', async () => {
    expect(await refused(new Uint8Array(1_048_577).fill(0xd2))).toBe(
      'reference-size: bytes: expected at most 1048576, found 1048577',
    )
  })

  test('reference-untrusted: another CA, also one that calls itself the same', async () => {
    const other = await createCorimSigner({ authority: { issuer: [{ CN: ['Somebody'] }] } })
    expect(await refused(await makeCorim(other))).toBe(
      'reference-untrusted: CA of the signer: expected one of trustAnchors, found CN=Somebody',
    )
    const alike = await createCorimSigner()
    expect(await refused(await makeCorim(alike))).toMatch(/^cert-chain-signature: /)
  })

  test('reference-untrusted: signed by the CA itself', async () => {
    const chain = cbor.bytes(signer.ca)
    expect(await refused(await makeCorim(signer, { protectedHeader: { 33: chain } }))).toMatch(/^reference-untrusted: /)
  })

  test('reference-signature: by another key', async () => {
    expect(await refused(await makeCorim(signer, { key: stranger }))).toMatch(/^reference-signature: /)
  })

  test.each<[string, RegExp, Parameters<typeof createCorimSigner>[0]]>([
    [
      'a certificate that has expired',
      /^cert-validity: signing certificate has expired/,
      { certificate: { notAfter: new Date('2026-06-01T12:00:00Z') } },
    ],
    [
      'an authority that is not valid yet',
      /^cert-validity: x5chain\[1\] is not valid yet/,
      { authority: { notBefore: new Date('2026-06-03T00:00:00Z') } },
    ],
    [
      'a certificate for servers',
      /^cert-extension: purposes of the signing certificate: expected code signing, found 2b06010505070301$/,
      { certificate: { extensions: leafFor('1.3.6.1.5.5.7.3.1') } },
    ],
    [
      'a certificate that may not sign',
      /^cert-extension: signing certificate must have digitalSignature/,
      { certificate: { extensions: [new x509.BasicConstraintsExtension(false)] } },
    ],
    [
      'an authority that is none',
      /^cert-extension: x5chain\[1\] must be a CA/,
      { authority: { extensions: [new x509.BasicConstraintsExtension(false)] } },
    ],
  ])('%s', async (_, message, plan) => {
    const other = await createCorimSigner(plan)
    expect(await refused(await makeCorim(other), { trustAnchors: [other.ca] })).toMatch(message)
  })

  test('every byte, changed in three ways, and every truncation', async () => {
    const file = await makeCorim(signer)
    const accepted: string[] = []
    const attempt = async (what: string, bytes: Uint8Array): Promise<void> => {
      try {
        await openReferenceValues(bytes, options())
        accepted.push(what)
      } catch (error) {
        if (!(error instanceof AttestationError)) throw error
      }
    }
    for (let i = 0; i < file.length; i++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const changed = file.slice()
        changed[i] = (changed[i] ?? 0) ^ mask
        await attempt(`byte ${i} ^ ${mask}`, changed)
      }
      await attempt(`the first ${i} bytes`, file.slice(0, i))
    }
    expect(accepted).toEqual([])
  })
})

describe('options', () => {
  test.each<[string, object, string]>([
    ['no trust anchors', { trustAnchors: [] }, 'trustAnchors must be certificates in DER'],
    ['a trust anchor in PEM', { trustAnchors: ['-----BEGIN'] }, 'trustAnchors must be certificates in DER'],
    ['no environment', { environment: undefined }, 'environment must be nitro or nitro-tpm'],
    ['an inherited environment', { environment: 'constructor' }, 'environment must be nitro or nitro-tpm'],
    ['no minimum version', { minimumVersion: undefined }, 'minimumVersion must be an integer from 0'],
    ['a negative version', { minimumVersion: -1 }, 'minimumVersion must be an integer from 0'],
    ['a bad time', { now: new Date(NaN) }, 'now must be a Date'],
    ['a skew without bound', { clockSkewSeconds: Infinity }, 'clockSkewSeconds must be 0 to 86400'],
    ['revoked, but not a list', { revoked: {} }, 'revoked must be a list'],
    ['revoked, but nothing named', { revoked: [skipReferenceValues] }, 'values must be measurements'],
    ['revoked, but nothing in it', { revoked: [{}] }, 'must be registers other than zero'],
    ['an unknown option', { minimumversion: 1 }, 'option "minimumversion" must be one of trustAnchors'],
  ])('%s', async (_, change, message) => {
    const given = { ...options(), ...change }
    await expect(openReferenceValues(new Uint8Array(), given)).rejects.toThrow(
      new RegExp(message.replace(/[[\]]/g, '\\$&')),
    )
    await expect(openReferenceValues(new Uint8Array(), given)).rejects.toBeInstanceOf(TypeError)
  })
})

describe('signing', () => {
  const sign = (change: object = {}, values: object | readonly object[] = { PCR0: register(0) }) =>
    signReferenceValues(values as Parameters<typeof signReferenceValues>[0], {
      environment: 'nitro',
      product: 'example.com/app',
      key: signer.key.privateKey,
      chain: [signer.certificate, signer.authority],
      version: 3,
      notBefore: madeAt,
      notAfter: new Date('2026-07-01T00:00:00Z'),
      ...change,
    })

  test('what is signed opens: names, versions, dates, nitro-cli JSON', async () => {
    const printed = { name: 'cli', Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: hex(register(4)) } }
    const file = await sign({ id: 'ours' }, [{ name: 'a', PCR0: register(0), PCR8: hex(register(8)) }, printed])
    expect(await openReferenceValues(file, options())).toEqual({
      referenceValues: [
        { name: 'a', PCR0: register(0), PCR8: register(8) },
        { name: 'cli', PCR0: register(4) },
      ],
      environment: 'nitro',
      product: 'example.com/app',
      id: 'ours',
      version: 3,
      signers: ['CN=veritee test build'],
      validUntil: new Date('2026-07-01T00:00:00Z'),
    })
    expect(await refused(file, { minimumVersion: 4 })).toMatch(
      /^reference-rollback: version of example.com\/app: expected at least 4, found 3/,
    )
    expect(await refused(file, { environment: 'nitro-tpm' })).toMatch(/^reference-environment: /)
    expect(await refused(file, { now: new Date('2026-07-01T00:05:01Z') })).toMatch(/^reference-validity: /)
  })

  test('ES256, and NitroTPM', async () => {
    const other = await createCorimSigner({ curve: 'P-256' })
    const file = await sign({
      key: other.key.privateKey,
      chain: [other.certificate, other.authority],
      environment: 'nitro-tpm',
    })
    const opened = await openReferenceValues(file, options({ trustAnchors: [other.ca], environment: 'nitro-tpm' }))
    expect(opened.environment).toBe('nitro-tpm')
  })

  test('cbor-x reads it, and the keys are sorted', async () => {
    const { decode } = await import('cbor-x')
    const file = await sign()
    const { value } = decode(file) as { value: [Uint8Array, object, Uint8Array, Uint8Array] }
    expect(value).toHaveLength(4)
    expect(Object.keys(decode(value[0]) as object)).toEqual(['1', '3', '8', '33'])
  })

  test.each<[string, Partial<SignReferenceValuesOptions>, RegExp]>([
    ['a key that is not that of the certificate', {}, /^key must be the key of chain\[0\]$/],
    ['no chain', { chain: [] }, /^chain must be 1 to 8 certificates in DER$/],
    ['a version that is no integer', { version: 1.5 }, /^version must be an integer from 0$/],
    ['an end before the beginning', { notAfter: madeAt }, /^notAfter must be a Date after notBefore$/],
    ['an empty id', { id: '' }, /^id must be text$/],
    ['an unknown option', { minimumVersion: 1 } as never, /^option "minimumVersion" must be one of/],
  ])('%s', async (what, change, message) => {
    const own = what.startsWith('a key') ? { key: stranger.privateKey } : change
    await expect(sign(own)).rejects.toThrow(message)
    await expect(sign(own)).rejects.toBeInstanceOf(TypeError)
  })

  test('nothing to sign', async () => {
    await expect(sign({}, [])).rejects.toBeInstanceOf(TypeError)
    await expect(sign({}, { PCR0: new Uint8Array(48) })).rejects.toBeInstanceOf(TypeError)
    await expect(sign({ key: stranger.publicKey })).rejects.toThrow(
      'key must be an ECDSA private key on P-256 or P-384',
    )
  })
})
