/**
 * k of n signers: the same values, signed by k authorities that no smaller number of insiders can
 * stand in for. All certificates and signatures are right.
 */
import { refusalText } from '../../support/refusal.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  openCorim,
  openReferenceValues,
  type OpenReferenceValuesOptions,
  signReferenceValues,
} from '../../../src/reference/index.ts'
import * as cbor from '../../attester/cbor.ts'
import { createSigner, issue, type Signer } from '../../attester/certificate.ts'
import {
  corimCertificate,
  type CorimPlan,
  type CorimSigner,
  createCorimSigner,
  madeAt,
  makeCorim,
  register,
} from '../../attester/corim.ts'

const now = new Date('2026-06-02T00:00:00Z')

let release: CorimSigner
let security: CorimSigner
let auditor: CorimSigner
let fileOf: { readonly release: Uint8Array; readonly security: Uint8Array; readonly auditor: Uint8Array }
beforeAll(async () => {
  ;[release, security, auditor] = (await Promise.all(
    ['release', 'security', 'auditor'].map((organization) => createCorimSigner({ organization })),
  )) as [CorimSigner, CorimSigner, CorimSigner]
  const [a, b, c] = await Promise.all([release, security, auditor].map((signer) => makeCorim(signer)))
  fileOf = { release: a as Uint8Array, security: b as Uint8Array, auditor: c as Uint8Array }
})

const optionsOf = (change: object = {}): OpenReferenceValuesOptions => ({
  environment: 'nitro',
  product: 'example.com/app',
  trustAnchors: [release.ca, security.ca, auditor.ca],
  threshold: 2,
  minimumVersion: 1,
  now,
  ...change,
})

const open = (files: Uint8Array | readonly Uint8Array[], change: object = {}) =>
  openReferenceValues(files, optionsOf(change))
const refused = (files: Uint8Array | readonly Uint8Array[], change: object = {}): Promise<string> =>
  refusalText(() => open(files, change))

const tooFew = (found: number, wanted = 2): string =>
  `reference-threshold: authorities that signed: expected at least ${wanted}, found ${found}`

/** A file under another chain, with another key: leaf first. */
const signedWith = (key: Signer, chain: readonly Uint8Array[], plan: CorimPlan = {}): Promise<Uint8Array> =>
  makeCorim(release, {
    ...plan,
    key,
    protectedHeader: { 33: cbor.array(...chain.map((der) => cbor.bytes(der))), ...plan.protectedHeader },
  })

/** A certificate of the issuer for a key. */
const certify = (
  organization: string,
  id: string,
  key: Signer,
  issuer: { readonly organization: string; readonly id?: string; readonly key: Signer },
): Promise<Uint8Array> =>
  issue(
    corimCertificate(id, id !== 'build', { organization, serialNumber: '77' }),
    key,
    [{ CN: [`${issuer.organization} ${issuer.id ?? 'CA'}`] }],
    issuer.key,
  )

describe('H11 k of n signers', () => {
  test('two of three are enough, in any order, and the result names both', async () => {
    const opened = await open([fileOf.security, fileOf.release])
    expect(opened).toMatchObject({ version: 7, signers: ['CN=security build', 'CN=release build'] })
    expect(opened.referenceValues).toEqual([
      { name: 'build 1', PCR0: register(0), PCR1: register(1), PCR2: register(2) },
    ])
    expect(Object.isFrozen(opened.signers)).toBe(true)
    await expect(open([fileOf.auditor, fileOf.release])).resolves.toMatchObject({ version: 7 })
    const all = [fileOf.release, fileOf.security, fileOf.auditor]
    await expect(open(all, { threshold: 3 })).resolves.toMatchObject({ version: 7 })
    await expect(open(all)).resolves.toMatchObject({ version: 7 })
  })

  test('one is enough where nothing is said, alone or in a list', async () => {
    const { threshold, ...rest } = optionsOf()
    expect(threshold).toBe(2)
    for (const files of [fileOf.release, [fileOf.release], [fileOf.release, fileOf.security]])
      await expect(openReferenceValues(files, rest)).resolves.toMatchObject({ version: 7 })
  })

  test('one of two is not enough', async () => {
    expect(await refused(fileOf.release)).toBe(tooFew(1))
    expect(await refused([fileOf.release])).toBe(tooFew(1))
    expect(await refused([fileOf.release, fileOf.security], { threshold: 3 })).toBe(tooFew(2, 3))
  })

  test('what signers sign with the same options is equal byte for byte, with other keys and curves', async () => {
    const small = await createCorimSigner({ organization: 'small', curve: 'P-256' })
    const sign = ({ key, certificate, authority }: CorimSigner, version = 3): Promise<Uint8Array> =>
      signReferenceValues([{ name: 'a', PCR0: register(0) }], {
        environment: 'nitro',
        product: 'example.com/app',
        key: key.privateKey,
        chain: [certificate, authority],
        version,
        notBefore: madeAt,
        notAfter: new Date('2026-07-01T00:00:00Z'),
      })
    const files = await Promise.all([sign(release), sign(small)])
    await expect(open(files, { trustAnchors: [release.ca, small.ca] })).resolves.toMatchObject({ version: 3 })
    const later = await sign(small, 4)
    expect(await refused([files[0], later], { trustAnchors: [release.ca, small.ca] })).toBe(
      'reference-mismatch: files[1]: expected what files[0] says, found others',
    )
  })

  test.each<[string, CorimPlan]>([
    ['another build', { builds: [{ name: 'build 1', registers: { 0: register(9) } }] }],
    [
      'another name of the build',
      { builds: [{ name: 'build 2', registers: { 0: register(0), 1: register(1), 2: register(2) } }] },
    ],
    ['another product', { product: 'example.com/other' }],
    ['another version', { version: 8 }],
    ['other dates', { notAfter: new Date('2027-05-01T00:00:00Z') }],
    [
      'the same in another encoding',
      { payload: (corim) => new Uint8Array([0xda, 0, 0, 0x01, 0xf5, ...corim.slice(3)]) },
    ],
  ])('%s is not the same: whoever agrees, agrees to every byte', async (_, plan) => {
    const other = await makeCorim(security, plan)
    expect(await refused([fileOf.release, other])).toBe(
      'reference-mismatch: files[1]: expected what files[0] says, found others',
    )
    // Beyond the threshold it counts as little.
    expect(await refused([fileOf.release, fileOf.auditor, other])).toMatch(/^reference-mismatch: files\[2\]: /)
  })

  test('dates of the signatures may differ, and the first to end counts', async () => {
    const end = new Date('2026-08-01T00:00:00Z')
    const meta = { 1: cbor.map([[cbor.unsigned(1), cbor.tag(1, cbor.unsigned(end.getTime() / 1000))]]) }
    const short = await makeCorim(security, { meta })
    expect((await open([fileOf.release, short])).validUntil).toEqual(end)
    expect(await refused([fileOf.release, short], { now: new Date('2026-09-01T00:00:00Z') })).toMatch(
      /^reference-validity: files\[1\]: validity of the signature: expected until 2026-08-01/,
    )
  })

  test.each<[string, RegExp, () => Promise<Uint8Array> | Uint8Array]>([
    [
      'forged',
      /^reference-signature: files\[2\]: signature of the CoRIM/,
      async () => makeCorim(auditor, { key: await createSigner() }),
    ],
    [
      'of a CA that is not listed',
      /^reference-untrusted: files\[2\]: CA of the signer/,
      async () => makeCorim(await createCorimSigner({ organization: 'stranger' })),
    ],
    [
      'expired',
      /^reference-validity: files\[2\]: validity of the signature/,
      () =>
        makeCorim(auditor, { meta: { 1: cbor.map([[cbor.unsigned(1), cbor.tag(1, cbor.unsigned(1_780_000_000))]]) } }),
    ],
    ['empty', /^reference-cbor: files\[2\]: first byte/, () => new Uint8Array()],
    ['unsigned', /^reference-unsigned: files\[2\]: CoRIM/, () => new Uint8Array([0xd9, 0x01, 0xf5, 0xa0])],
  ])('a file too many that is %s: it does not count, and is not passed over', async (_, message, make) => {
    expect(await refused([fileOf.release, fileOf.security, await make()])).toMatch(message)
  })
})

describe('H11 one insider is one authority, however often and under whatever certificate', () => {
  test('the same file twice, and two signatures of one certificate', async () => {
    expect(await refused([fileOf.release, fileOf.release])).toBe(tooFew(1))
    expect(await refused([fileOf.release, await makeCorim(release)])).toBe(tooFew(1))
  })

  test('two certificates of one CA, with keys and names of their own', async () => {
    const key = await createSigner()
    const leaf = await certify('alias', 'build', key, { organization: 'release', key: release.caKey })
    expect(await refused([fileOf.release, await signedWith(key, [leaf])])).toBe(tooFew(1))
    const [middleKey, leafKey] = await Promise.all([createSigner(), createSigner()])
    const middle = await certify('alias', 'authority', middleKey, { organization: 'release', key: release.caKey })
    const below = await certify('alias', 'build', leafKey, { organization: 'alias', id: 'authority', key: middleKey })
    expect(await refused([fileOf.release, await signedWith(leafKey, [below, middle])])).toBe(tooFew(1))
  })

  test('one key with certificates of two CAs', async () => {
    const leaf = await certify('release', 'build', release.key, { organization: 'security', key: security.caKey })
    const second = await signedWith(release.key, [leaf])
    await expect(open(second, { threshold: 1 })).resolves.toMatchObject({ version: 7 })
    expect(await refused([fileOf.release, second])).toBe(tooFew(1))
  })

  test('one authority below two CAs', async () => {
    const cross = await certify('release', 'authority', release.authorityKey, {
      organization: 'security',
      key: security.caKey,
    })
    const key = await createSigner()
    const leaf = await certify('other', 'build', key, {
      organization: 'release',
      id: 'authority',
      key: release.authorityKey,
    })
    const second = await signedWith(key, [leaf, cross])
    await expect(open(second, { threshold: 1 })).resolves.toMatchObject({ version: 7 })
    expect(await refused([fileOf.release, second])).toBe(tooFew(1))
    // A third authority that shares nothing counts.
    await expect(open([fileOf.release, second, fileOf.auditor])).resolves.toMatchObject({ version: 7 })
  })

  test('a CA that another one has signed across: with its old key, or with a new one under its name', async () => {
    for (const caKey of [release.caKey, await createSigner()]) {
      const cross = await certify('release', 'CA', caKey, { organization: 'security', key: security.caKey })
      const key = await createSigner()
      const leaf = await certify('other', 'build', key, { organization: 'release', key: caKey })
      const second = await signedWith(key, [leaf, cross])
      await expect(open(second, { threshold: 1, trustAnchors: [security.ca] })).resolves.toMatchObject({ version: 7 })
      expect(await refused([fileOf.release, second], { trustAnchors: [release.ca, security.ca] })).toBe(tooFew(1))
    }
  })

  test('trust anchors join what shares nothing itself: an old and a new CA that a third certificate connects', async () => {
    const [oldKey, newKey] = await Promise.all([createSigner(), createSigner()])
    const self = (organization: string, key: Signer): Promise<Uint8Array> =>
      certify(organization, 'CA', key, { organization, key })
    const [before, after, bridge] = await Promise.all([
      self('before', oldKey),
      self('after', newKey),
      self('before', newKey),
    ])
    const file = async (organization: string, caKey: Signer): Promise<Uint8Array> => {
      const key = await createSigner()
      return signedWith(key, [await certify(`${organization} own`, 'build', key, { organization, key: caKey })])
    }
    const files = [await file('before', oldKey), await file('after', newKey)]
    await expect(open(files, { trustAnchors: [before, after] })).resolves.toMatchObject({ version: 7 })
    expect(await refused(files, { trustAnchors: [before, bridge, security.ca, after] })).toBe(tooFew(1))
  })
})

test('H11 a CA that changed its key is found among anchors of one name, in any order', async () => {
  const key = await createSigner()
  const rekeyed = await certify('release', 'CA', key, { organization: 'release', key })
  for (const trustAnchors of [
    [release.ca, rekeyed, security.ca],
    [rekeyed, security.ca, release.ca],
  ])
    await expect(open([fileOf.release, fileOf.security], { trustAnchors })).resolves.toMatchObject({ version: 7 })
  const others = [rekeyed, await certify('release', 'CA', security.key, { organization: 'release', key: security.key })]
  expect(await refused(fileOf.release, { trustAnchors: others, threshold: 1 })).toBe(
    'reference-untrusted: CA of the signer: expected one of trustAnchors, found CN=release CA',
  )
})

describe('H11 a threshold that cannot be met, or is none, is the mistake of the caller', () => {
  const most = (count: number): string => `threshold must be 1 to ${count}, the authorities in trustAnchors`

  test.each([0, -1, 1.5, NaN, Infinity, 4, '2', 2n, null, undefined, [2], { valueOf: () => 2 }, 2 ** 53])(
    'case %#: %s',
    async (threshold) => {
      const attempt = open([fileOf.release, fileOf.security], { threshold })
      await expect(attempt).rejects.toThrow(most(3))
      await expect(attempt).rejects.toBeInstanceOf(TypeError)
    },
  )

  test('anchors that are one authority count once: listed twice, renewed, with another key', async () => {
    const renewed = await certify('release', 'CA', release.caKey, { organization: 'release', key: release.caKey })
    const renamed = await certify('formerly', 'CA', release.caKey, { organization: 'formerly', key: release.caKey })
    const key = await createSigner()
    const rekeyed = await certify('release', 'CA', key, { organization: 'release', key })
    for (const twin of [release.ca, renewed, renamed, rekeyed]) {
      const attempt = open([fileOf.release, fileOf.release], { trustAnchors: [release.ca, twin] })
      await expect(attempt).rejects.toThrow(most(1))
      await expect(attempt).rejects.toBeInstanceOf(TypeError)
    }
  })

  test('an anchor that is no certificate', async () => {
    for (const threshold of [1, 2]) {
      const attempt = open(fileOf.release, { trustAnchors: [release.ca, new Uint8Array([0x30, 0])], threshold })
      await expect(attempt).rejects.toThrow('trustAnchors[1]: Certificate must have the tags')
      await expect(attempt).rejects.toBeInstanceOf(TypeError)
    }
  })

  test.each<[string, unknown]>([
    ['none', []],
    ['17', Array.from({ length: 17 }, () => new Uint8Array([0xd2]))],
    ['text', 'd284'],
    ['a list in a list', [[new Uint8Array([0xd2])]]],
    ['nothing', undefined],
  ])('files: %s', async (_, files) => {
    await expect(open(files as never)).rejects.toThrow('files must be a Uint8Array, or 1 to 16 of them')
    await expect(open(files as never)).rejects.toBeInstanceOf(TypeError)
  })

  test('files are read once: a list that changes while signatures are checked has no effect', async () => {
    const files = [fileOf.release, fileOf.security]
    const opening = open(files)
    files[1] = fileOf.release
    await expect(opening).resolves.toMatchObject({ signers: ['CN=release build', 'CN=security build'] })
  })

  test('openCorim knows no threshold, and does not pass over one', async () => {
    const attempt = openCorim(fileOf.release, { trustAnchors: [release.ca], now, threshold: 2 } as never)
    await expect(attempt).rejects.toThrow('option "threshold" must be one of')
    await expect(attempt).rejects.toBeInstanceOf(TypeError)
  })
})
