/**
 * CoRIMs of others: every sample of Veraison and cocli is read or refused as the manifest of the
 * vectors says; what is read, is all there.
 */
import { refusalText } from '../../support/refusal.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { AttestationError } from '../../../src/core/errors.ts'
import {
  type CorimReference,
  decodeCorim,
  type DecodedCorim,
  openCorim,
  type OpenCorimOptions,
} from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import { createSigner, type Signer } from '../../attester/certificate.ts'
import { type CorimPlan, type CorimSigner, createCorimSigner, makeCorim, register } from '../../attester/corim.ts'
import { findVectors } from '../../support/vectors.ts'

const now = new Date('2026-06-02T00:00:00Z')
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

let signer: CorimSigner
let stranger: Signer
let spki: Uint8Array
let foreign: Uint8Array
beforeAll(async () => {
  ;[signer, stranger] = await Promise.all([createCorimSigner(), createSigner()])
  ;[spki, foreign] = await Promise.all([spkiOf(signer.key), spkiOf(stranger)])
})

const spkiOf = async ({ publicKey }: { readonly publicKey: CryptoKey }): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))

describe('samples of Veraison and cocli', () => {
  const vectors = findVectors('rats')
  if (!vectors.found) console.log(vectors.skipLine)
  const files = vectors.found
    ? (vectors.manifest as { vectors: readonly { kind: string; file: string; expected?: string }[] }).vectors.filter(
        ({ kind }) => kind === 'corim',
      )
    : []
  const inTime = new Date('2024-01-01T00:00:00Z')
  const tooLate = new Date('2026-01-01T00:00:00Z')
  /**
   * The manifest accepts this one and refuses others for the profile, which none of them has in
   * common with us: so the caller must know it. The draft allows neither its profile in plain text,
   * nor a payload without tag 501, nor CoMIDs with the tag inside the bytes; all three are read in
   * signed files only.
   */
  const ofOldDraft = 'corim/cocli-signed-corim-valid.cbor'
  const profilesOf = (file: string): readonly string[] => (file === ofOldDraft ? ['http://arm.com/iot/profile/1'] : [])

  const keyOfVeraison = async (): Promise<Uint8Array> => {
    if (!vectors.found) throw new Error('no vectors')
    const jwk = JSON.parse(new TextDecoder().decode(vectors.read('keys/corim-veraison-p256.jwk'))) as JsonWebKey
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    return spkiOf({ publicKey: await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']) })
  }

  /**
   * As whoever trusts that key would: what is signed must verify, what is not can only be looked
   * at.
   */
  async function read(file: string, at = inTime, profiles = profilesOf(file)): Promise<DecodedCorim> {
    if (!vectors.found) throw new Error('no vectors')
    const content = vectors.read(file)
    if (content[0] !== 0xd2) return decodeCorim(content, { profiles })
    return openCorim(content, { signer: await keyOfVeraison(), now: at, profiles })
  }

  const reasons: Readonly<Record<string, RegExp>> = {
    'corim/veraison-unsigned-example-corim.cbor':
      /^reference-profile: .*, found http:\/\/example.com\/example-profile$/,
    'corim/veraison-signed-corim-with-extensions.cbor':
      /^reference-profile: .*, found http:\/\/example.com\/test-profile$/,
    'corim/veraison-corim-design-cd.cbor': /^reference-profile: .*, found 111\(h'6086480186f84d010f06'\)$/,
    'corim/veraison-corim-firmware-cd.cbor': /^reference-profile: .*, found 111\(h'6086480186f84d010f06'\)$/,
    'corim/cocli-signed-corim.cbor': /^reference-profile: .*, found \["http:\/\/arm.com\/psa\/iot\/1"\]$/,
    'corim/cocli-signed-corim-bad-signature.cbor': /^cose-shape: /,
    'corim/cocli-signed-corim-invalid.cbor': /^reference-content: /,
    'corim/cocli-signed-corim-valid-with-cots.cbor':
      /^reference-content: kind of tag must be 506, a CoMID, found tag 507$/,
    'corim/cocli-unsigned-corim.cbor': /^reference-cbor: first byte/,
    'corim/trustee-unsigned-example-corim.cbor':
      /^reference-profile: .*, found "http:\/\/example.com\/example-profile"$/,
  }

  test.skipIf(!vectors.found).each(files.map(({ file, expected = '' }) => [file, expected] as const))(
    '%s: %s',
    async (file, expected) => {
      if (expected.startsWith('reject')) {
        expect(await refusalText(() => read(file))).toMatch(reasons[file] ?? /no reason is stated for it/)
        return
      }
      expect(expected).toMatch(/^accept/)
      const { comids } = await read(file)
      expect(comids.flatMap(({ references }) => references).length).toBeGreaterThan(0)
      if (expected.includes('2025-12-31'))
        expect(await refusalText(() => read(file, tooLate))).toMatch(/^reference-validity: .*until 2025-12-31/)
    },
  )

  test.skipIf(!vectors.found)('there are as many as the manifest had', () => {
    expect(files).toHaveLength(16)
  })

  test.skipIf(!vectors.found)(
    'another profile needs a caller who knows it, and what it adds stays refused',
    async () => {
      expect(await refusalText(() => read(ofOldDraft, inTime, []))).toMatch(
        /^reference-profile: profile: expected tag:veritee.dev,2026:reference-values#2 or tag:veritee.dev,2026:reference-values#1, found http:\/\/arm.com\/iot\/profile\/1$/,
      )
      const { dependencies, entities } = await read(ofOldDraft)
      expect(dependencies).toContain('https://parent.example/rims/')
      expect(entities).toEqual([{ name: 'ACME Ltd.', uri: 'acme.example', roles: '[1]' }])
      const extended = 'corim/veraison-unsigned-example-corim.cbor'
      expect(await refusalText(() => read(extended, inTime, ['http://example.com/example-profile']))).toBe(
        'reference-content: keys of CoRIM (tag 501): expected 0, 1, 2, 3, 4, 5, found -1',
      )
      const known = await read('corim/veraison-corim-firmware-cd.cbor', inTime, ["111(h'6086480186f84d010f06')"])
      expect(known.comids[0]?.references[0]?.measurements[0]?.others).toEqual([{ key: 1, value: '552(1)' }])
    },
  )

  test.skipIf(!vectors.found)('what they say is all there', async () => {
    const { comids, meta } = await read('corim/veraison-signed-good-corim.cbor')
    expect(meta).toEqual({
      signer: { name: 'ACME Ltd signing key', uri: 'https://acme.example', roles: '[]' },
      validity: { notBefore: new Date('2021-12-31T00:00:00Z'), notAfter: new Date('2025-12-31T00:00:00Z') },
    })
    const [{ environment, measurements }] = comids[0]?.references as readonly [CorimReference]
    expect(environment).toEqual({
      id: "560(h'61636d652d696d706c656d656e746174696f6e2d69642d303030303030303031')",
      vendor: 'ACME',
      model: 'RoadRunner',
      others: [],
    })
    expect(measurements.map(({ key }) => key)).toEqual(Array(3).fill("37(h'31fb5abf023e4992aa4e95f9c1503bfa')"))
    expect(measurements[0]?.digests.map(({ algorithm, value }) => [algorithm, value.length])).toEqual([['sha-256', 32]])

    const two = await read('corim/veraison-corim-2.cbor')
    expect(two.comids[0]?.triples).toEqual([
      { kind: 'reference', count: 3 },
      { kind: 'endorsed', count: 1 },
    ])
    expect(two.comids[0]?.references[1]?.environment.others).toEqual([
      { key: 3, value: '2' },
      { key: 4, value: '0' },
    ])
    const one = await read('corim/veraison-corim-1.cbor')
    expect(one.comids[0]?.references[0]?.measurements[0]).toMatchObject({ version: '1.0.0', versionScheme: '16384' })
  })
})

describe('openCorim', () => {
  const open = (file: Uint8Array, change: object = {}): Promise<unknown> =>
    openCorim(file, { signer: spki, now, ...change })

  test('by key: the certificates in the file do not count', async () => {
    const opened = await openCorim(await makeCorim(signer), { signer: spki, now })
    expect(opened).toMatchObject({ id: 'release', subject: undefined, validUntil: new Date('2027-06-01T00:00:00Z') })
    const own = await makeCorim(signer, { key: stranger })
    expect(await refusalText(() => open(own))).toMatch(/^reference-signature: /)
    await expect(open(own, { signer: foreign })).resolves.toMatchObject({ id: 'release' })
    const other = await createSigner('P-256')
    expect(await refusalText(async () => open(own, { signer: await spkiOf(other) }))).toBe(
      'reference-algorithm: alg: expected that of the key of signer, found ES384',
    )
  })

  test('by CA, as openReferenceValues', async () => {
    const trust = { signer: undefined, trustAnchors: [signer.ca] }
    await expect(open(await makeCorim(signer), trust)).resolves.toMatchObject({ subject: 'CN=veritee test build' })
    const other = await createCorimSigner()
    expect(await refusalText(async () => open(await makeCorim(other), trust))).toMatch(/^cert-chain-signature: /)
    const bare = await makeCorim(signer, { protectedHeader: { 33: undefined } })
    expect(await refusalText(() => open(bare, trust))).toMatch(/^reference-untrusted: /)
  })

  test('frozen, down to the last list', async () => {
    const opened = await openCorim(await makeCorim(signer), { signer: spki, now })
    const parts: unknown[] = [opened]
    for (const part of parts) {
      if (typeof part !== 'object' || part === null || part instanceof Uint8Array || part instanceof Date) continue
      expect(Object.isFrozen(part)).toBe(true)
      parts.push(...(Object.values(part) as unknown[]))
    }
    expect(parts.length).toBeGreaterThan(50)
  })

  test('never ends where nothing does', async () => {
    const file = await makeCorim(signer, { corim: { 4: undefined }, protectedHeader: { 8: undefined } })
    expect((await openCorim(file, { signer: spki, now })).validUntil).toBeUndefined()
  })

  test('every byte, and every truncation', async () => {
    const file = await makeCorim(signer, { protectedHeader: { 33: undefined } })
    const accepted: string[] = []
    const attempt = async (what: string, changed: Uint8Array): Promise<void> => {
      try {
        await open(changed)
        accepted.push(what)
      } catch (error) {
        if (!(error instanceof AttestationError)) throw error
      }
    }
    for (let i = 0; i < file.length; i++) {
      const changed = file.slice()
      changed[i] = (changed[i] ?? 0) ^ 1
      await attempt(`byte ${i}`, changed)
      await attempt(`the first ${i} bytes`, file.slice(0, i))
    }
    expect(accepted).toEqual([])
  })

  test.each<[string, object, string]>([
    ['neither key nor CA', { signer: undefined }, 'trustAnchors must be certificates in DER'],
    ['both', { trustAnchors: [bytes(0x30)] }, 'signer must be given without trustAnchors'],
    ['a key that is none', { signer: bytes(0x30) }, 'signer must be a DER SubjectPublicKeyInfo on P-256 or P-384'],
    ['a key in PEM', { signer: '-----BEGIN' }, 'signer must be a DER SubjectPublicKeyInfo on P-256 or P-384'],
    ['no list of profiles', { profiles: 'http://example.com' }, 'profiles must be a list of texts'],
    ['a misspelt option', { profile: [] }, 'option "profile" must be one of signer, trustAnchors'],
    ['a skew without bound', { clockSkewSeconds: Infinity }, 'clockSkewSeconds must be 0 to 86400'],
  ])('TypeError: %s', async (_, change, message) => {
    await expect(open(new Uint8Array(), change)).rejects.toThrow(message)
    await expect(open(new Uint8Array(), change)).rejects.toBeInstanceOf(TypeError)
  })

  test('an option is read once', async () => {
    let reads = 0
    const options = {
      now,
      get signer() {
        return reads++ === 0 ? spki : foreign
      },
    }
    await expect(openCorim(await makeCorim(signer), options as OpenCorimOptions)).resolves.toBeDefined()
    expect(reads).toBe(1)
  })
})

describe('decodeCorim', () => {
  const decode = async (plan: CorimPlan): Promise<DecodedCorim> => decodeCorim(await makeCorim(signer, plan))

  test('verifies nothing', async () => {
    const file = await makeCorim(signer, { key: stranger, notAfter: new Date('2026-06-01T00:00:01Z') })
    const { comids, meta } = decodeCorim(file)
    expect(comids[0]?.references[0]?.measurements[0]?.registers[0]).toEqual({
      id: 0,
      digests: [{ algorithm: 'sha-384', value: register(0) }],
    })
    expect(meta?.signer.name).toBe('veritee test')
  })

  test('shows what it does not read, in diagnostic notation', async () => {
    const { comids } = await decode({
      environment: { 1: cbor.tag(550, cbor.bytes(bytes(1))) },
      class: { 3: cbor.unsigned(2) },
      measurement: { 0: cbor.text('a "key"\n'), 2: cbor.array(cbor.negative(-1)) },
      mval: { 1: cbor.tag(552, cbor.unsigned(9)), 3: cbor.map([[cbor.unsigned(3), bytes(0xf4)]]), 15: cbor.float64(1) },
      triples: { 10: cbor.array(cbor.unsigned(0)) },
      comid: { 3: cbor.array(cbor.map([])) },
    })
    expect(comids[0]).toMatchObject({ linked: '[{}]', triples: [{ count: 1 }, { kind: 'conditional-endorsement' }] })
    const { environment, measurements } = comids[0]?.references[0] as CorimReference
    expect(environment.others).toEqual([
      { key: 1, value: "550(h'01')" },
      { key: 3, value: '2' },
    ])
    expect(measurements[0]?.key).toBe('"a \\"key\\"\\n"')
    expect(measurements[0]?.others).toEqual([
      { key: 2, value: '[-1]' },
      { key: 1, value: '552(9)' },
      { key: 3, value: '{3: false}' },
      { key: 15, value: 'float' },
    ])
  })

  test.each<[string, RegExp, CorimPlan]>([
    [
      'a key of no draft',
      /keys of triples: expected 0, 1, 2, 3, 4, 5, 6, 8, 10, found 7/,
      { triples: { 7: cbor.array() } },
    ],
    [
      'an extended entity',
      /keys of entity: .*found -1/,
      { corim: { 5: cbor.array(cbor.map([[cbor.negative(-1), cbor.text('')]])) } },
    ],
    ['an extended measurement', /keys of measurement values: .*found -1/, { mval: { [-1]: cbor.unsigned(1) } }],
    ['a value that is undefined', /keys of environment: .*found 1/, { environment: { 1: bytes(0xf7) } }],
    ['a class that is null', /class must be a map/, { environment: { 0: bytes(0xf6) } }],
    ['a CoTL', /found tag 508/, { tags: () => cbor.array(cbor.tag(508, cbor.bytes(bytes()))) }],
    [
      'a date beyond the calendar',
      /dates must be tag 1/,
      { corim: { 4: cbor.map([[cbor.unsigned(0), cbor.tag(1, cbor.unsigned(2 ** 52))]]) } },
    ],
  ])('refuses %s', async (_, message, plan) => {
    const refusal = await refusalText(() => decode(plan))
    expect(refusal).toMatch(/^reference-content: /)
    expect(refusal).toMatch(message)
  })

  test('a payload without its tag, or a profile in plain text, only below a signature', async () => {
    const bare = await makeCorim(signer, { payload: (corim) => corim.slice(3) })
    expect(decodeCorim(bare).id).toBe('release')
    const plain = { corim: { 3: cbor.text('tag:veritee.dev,2026:reference-values#2') } }
    expect((await decode(plain)).profile).toBe('tag:veritee.dev,2026:reference-values#2')
    let payload: Uint8Array = bytes()
    await makeCorim(signer, { ...plain, payload: (corim) => (payload = corim) })
    expect(await refusalText(() => decodeCorim(payload))).toMatch(/^reference-profile: .*found "tag:veritee/)
    expect(await refusalText(() => decodeCorim(payload.slice(3)))).toMatch(/^reference-cbor: /)
  })

  test('at most 1 MiB, signed or not', async () => {
    for (const head of [[0xd2], [0xd9, 0x01, 0xf5]]) {
      const large = new Uint8Array(1_048_577)
      large.set(head)
      expect(await refusalText(() => decodeCorim(large))).toMatch(/^reference-size: /)
    }
  })

  test('a mistake of the caller is a TypeError', () => {
    expect(() => decodeCorim('d901f5' as never)).toThrow(TypeError)
    expect(() => decodeCorim(bytes(0xd2), { profile: [] } as never)).toThrow('option "profile" must be one of profiles')
  })
})
