/**
 * AMD's certificates under their profile: genuine chains of Milan, Genoa and Turin hold, signatures
 * included. Then every rule by itself, on chains that are genuine but for their keys, one thing in
 * them, and the signatures that follow from both.
 */
import { describe, expect, test } from 'vitest'
import { ps384By4096, ps384By4096WithTrailer, PS384 } from '../../../src/crypto/algorithms.ts'
import { recordChecks } from '../../../src/core/record.ts'
import { fingerprint } from '../../../src/crypto/digest.ts'
import { startSignatures } from '../../../src/crypto/signatures.ts'
import { vcekProfile, vlekProfile } from '../../../src/formats/amd/profile.ts'
import { awsProfile } from '../../../src/formats/aws/profile.ts'
import { pckProfile } from '../../../src/formats/intel/collateral/profiles.ts'
import { checkCrl, decodeCrl, refuseRevoked } from '../../../src/x509/crl.ts'
import { type CertificationPath, checkPath, type NamedCertificate, signatureRows } from '../../../src/x509/path.ts'
import type { PathProfile } from '../../../src/x509/profile.ts'
import { hex, unhex } from '../../attester/bytes.ts'
import { bitString, boolean, type Bytes, elementsOf, explicit, integer } from '../../attester/der.ts'
import { contentOf, objectIdentifier, octetString, sequence } from '../../attester/der.ts'
import { findVectors } from '../../support/vectors.ts'
import { refusal } from '../../x509/made.ts'

/** Every rule and every signature of a chain, root first. Trusts its root. */
async function verify(chain: readonly NamedCertificate[], profile: PathProfile): Promise<CertificationPath> {
  const root = await fingerprint((chain[0] as NamedCertificate).der)
  const path = await checkPath(chain, { roots: [root] }, profile, recordChecks())
  await startSignatures(signatureRows(path, profile)).settle(recordChecks())
  return path
}

interface Case {
  readonly kind: string
  readonly endorsements?: { readonly vek?: string; readonly intermediate?: string; readonly ark?: string }
}

const vectors = findVectors('sev-snp')

if (!vectors.found) test.skip(vectors.skipLine)
else {
  const { cases } = vectors.manifest as { readonly cases: readonly Case[] }
  const chainOf = (ark: string, intermediate: string, vek: string): NamedCertificate[] => [
    { name: 'ARK', der: vectors.read(ark) },
    { name: 'intermediate', der: vectors.read(intermediate) },
    { name: 'VEK', der: vectors.read(vek) },
  ]
  const productOf = (ark: string): string => {
    const name = /ark-(\w+)\.der$/.exec(ark)?.[1] ?? ''
    return name.slice(0, 1).toUpperCase() + name.slice(1)
  }
  const genuine = new Map(
    cases
      .filter(({ kind }) => kind === 'real')
      .flatMap(({ endorsements: { vek, intermediate, ark } = {} }) =>
        vek !== undefined && /^real\/[0-9a-f]{8}\./.test(vek) && intermediate !== undefined && ark?.startsWith('roots/')
          ? [[vek, [ark, intermediate, vek] as const] as const]
          : [],
      ),
  )
  const profileFor = (vek: string): typeof vcekProfile => (vek.includes('.vlek.') ? vlekProfile : vcekProfile)

  describe('genuine chains', () => {
    test('there are some of each kind and product', () => {
      const kinds = new Set([...genuine].map(([vek, [ark]]) => `${productOf(ark)} ${vek.split('.')[1] ?? ''}`))
      expect([...kinds].sort()).toEqual(['Genoa vcek', 'Milan vcek', 'Milan vlek', 'Turin vcek'])
    })

    test.each([...genuine.values()])('%s, %s, %s', async (ark, intermediate, vek) => {
      const profile = profileFor(vek)(productOf(ark))
      const { leaf } = await verify(chainOf(ark, intermediate, vek), profile)
      expect(hex(leaf.serialNumber)).toBe('00')
      expect(leaf.extensions.size).toBeGreaterThan(8)
    })

    test('both encodings of the parameters occur', async () => {
      const found = new Set<string>()
      for (const [vek, files] of genuine) {
        const path = await verify(chainOf(...files), profileFor(vek)(productOf(files[0])))
        for (const { signatureAlgorithm } of path.certificates) found.add(hex(signatureAlgorithm))
      }
      expect([...found].sort()).toEqual([ps384By4096.x509, ps384By4096WithTrailer.x509].sort())
    })

    test('no chain passes as the other kind, as another product, or as one of another vendor', async () => {
      for (const [vek, files] of genuine) {
        const chain = chainOf(...files)
        const product = productOf(files[0])
        const otherKind = vek.includes('.vlek.') ? vcekProfile : vlekProfile
        const otherProduct = product === 'Milan' ? 'Genoa' : 'Milan'
        expect(await refusal(verify(chain, otherKind(product)))).toMatch(/^cert-chain-name: subject of intermediate/)
        expect(await refusal(verify(chain, profileFor(vek)(otherProduct)))).toMatch(/^cert-chain-name: subject of ARK/)
        for (const profile of [awsProfile, pckProfile])
          expect(await refusal(verify(chain, profile))).toBe('cert-extension: intermediate: malformed keyUsage')
      }
    })

    test.each(['real/peer-broken-vcek-signature.vcek.der', 'real/peer-fake-vcek.vcek.der'])(
      '%s is not genuine',
      async (vek) => {
        const chain = chainOf('roots/ark-milan.der', 'roots/ask-milan.der', vek)
        expect(await refusal(verify(chain, vcekProfile('Milan')))).toMatch(
          /^cert-chain-signature: VEK: signature does not match/,
        )
      },
    )

    test('the list of an ARK is checked with the same algorithm, and revokes the first ASK of Genoa', async () => {
      const files = [...genuine.values()].find(([ark]) => ark === 'roots/ark-genoa.der')
      if (files === undefined) throw new Error('no genuine chain of Genoa')
      const [root, ask] = (await verify(chainOf(...files), vcekProfile('Genoa'))).certificates
      const crl = decodeCrl(vectors.read('crls/genoa-crl-4.der'), 'list')
      const clock = { now: crl.thisUpdate, skewMs: 0 }
      if (root === undefined || ask === undefined) throw new Error('three certificates expected')
      const list = await checkCrl(crl, { issuer: root, algorithm: ps384By4096 }, clock, recordChecks())
      expect(() => {
        refuseRevoked(ask, list)
      }).not.toThrow()
      const [ark, , vek] = files
      const revoked = chainOf(ark, 'roots/ask-genoa-revoked.der', vek)
      const [, first] = (
        await checkPath(revoked, { roots: [await fingerprint(root.der)] }, vcekProfile('Genoa'), recordChecks())
      ).certificates
      if (first === undefined) throw new Error('three certificates expected')
      expect(() => {
        refuseRevoked(first, list)
      }).toThrow('intermediate: revoked since 2022-10-31')
    })
  })

  const milan = [...genuine.values()].find(([ark, , vek]) => ark === 'roots/ark-milan.der' && vek.includes('.vcek.'))
  if (milan === undefined) throw new Error('no genuine chain of Milan')
  const templates = chainOf(...milan).map(({ der }) => elementsOf(elementsOf(der)[0] as Bytes))
  const pss = { name: 'RSA-PSS', hash: 'SHA-384', modulusLength: 4096, publicExponent: Uint8Array.of(1, 0, 1) }
  const spkiOf = async ({ publicKey }: CryptoKeyPair): Promise<Bytes> =>
    new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const [ark, ask, vcek] = await Promise.all([
    crypto.subtle.generateKey(pss, true, ['sign', 'verify']),
    crypto.subtle.generateKey(pss, true, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify']),
  ])

  /** The fields of a TBSCertificate, by their place. */
  const at = { serial: 1, algorithm: 2, issuer: 3, validity: 4, subject: 5, spki: 6, extensions: 7 } as const
  type Change = Partial<Record<keyof typeof at, (given: Bytes) => Bytes>>

  /** The genuine chain with keys of ours and one change in one certificate, signed as AMD signs. */
  async function made(which?: 'ARK' | 'intermediate' | 'VEK', change: Change = {}): Promise<NamedCertificate[]> {
    const plans = [
      { name: 'ARK', keys: ark, by: ark },
      { name: 'intermediate', keys: ask, by: ark },
      { name: 'VEK', keys: vcek, by: ask },
    ]
    return Promise.all(
      plans.map(async ({ name, keys, by }, i) => {
        const fields = [...(templates[i] as Bytes[])]
        fields[at.spki] = await spkiOf(keys)
        if (name === which)
          for (const [field, to] of Object.entries(change)) {
            const place = at[field as keyof typeof at]
            fields[place] = to(fields[place] as Bytes)
          }
        const tbs = sequence(...fields)
        const signature = await crypto.subtle.sign({ name: 'RSA-PSS', saltLength: 48 }, by.privateKey, tbs)
        return { name, der: sequence(tbs, fields[at.algorithm] as Bytes, bitString(new Uint8Array(signature))) }
      }),
    )
  }

  const BASIC_CONSTRAINTS = '2.5.29.19'
  const KEY_USAGE = '2.5.29.15'
  const idOf = (extension: Bytes): string => hex(elementsOf(extension)[0] as Bytes)
  /** Replaces, adds or takes out one extension. */
  const extension =
    (id: string, value?: Bytes, isCritical = true) =>
    (given: Bytes): Bytes => {
      const oid = objectIdentifier(id)
      const others = elementsOf(contentOf(given)).filter((known) => idOf(known) !== hex(oid))
      const own = value && sequence(oid, ...(isCritical ? [boolean(true)] : []), octetString(value))
      return explicit(3, sequence(...others, ...(own === undefined ? [] : [own])))
    }
  const isCa = (pathLength?: number): Bytes =>
    sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)]))
  const usage = (bits: number, unused: number): Bytes => bitString(Uint8Array.of(bits), unused)

  describe('every rule of the profile', () => {
    const profile = vcekProfile('Milan')

    test('the chain that is changed below holds as it is', async () => {
      const { leaf } = await verify(await made(), profile)
      expect(leaf.name).toBe('VEK')
      const { signatures } = profile.leaf
      expect(signatures).toEqual([ps384By4096, ps384By4096WithTrailer])
    })

    test.each([ps384By4096, ps384By4096WithTrailer])('parameters as $x509', async ({ x509 }) => {
      for (const which of ['ARK', 'intermediate', 'VEK'] as const)
        await expect(verify(await made(which, { algorithm: () => unhex(x509) }), profile)).resolves.toBeDefined()
    })

    const hashed = (arc: string): string => `300d060960864801650304020${arc}0500`
    const parameters = (hash: string, mask: string, salt: string, trailer = ''): string =>
      hex(
        sequence(
          objectIdentifier('1.2.840.113549.1.1.10'),
          sequence(
            explicit(0, unhex(hash)),
            explicit(1, sequence(objectIdentifier('1.2.840.113549.1.1.8'), unhex(mask))),
            explicit(2, unhex(salt)),
            unhex(trailer),
          ),
        ),
      )
    test('the parameters above are built as the table has them', () => {
      expect(parameters(hashed('2'), hashed('2'), '020130')).toBe(PS384.x509)
      expect(parameters(hashed('2'), hashed('2'), '020130', 'a303020101')).toBe(ps384By4096WithTrailer.x509)
    })

    test.each([
      ['SHA-256', parameters(hashed('1'), hashed('2'), '020130')],
      ['SHA-512', parameters(hashed('3'), hashed('2'), '020130')],
      ['MGF1 with SHA-256', parameters(hashed('2'), hashed('1'), '020130')],
      ['a salt of 32', parameters(hashed('2'), hashed('2'), '020120')],
      ['trailerField 2', parameters(hashed('2'), hashed('2'), '020130', 'a303020102')],
      ['hashes without NULL', parameters(hashed('2').slice(0, -4).replace('300d', '300b'), hashed('2'), '020130')],
      ['no parameters: SHA-1', hex(sequence(objectIdentifier('1.2.840.113549.1.1.10'), sequence()))],
      ['PKCS #1 v1.5 with SHA-384', '300d06092a864886f70d01010c0500'],
      ['ECDSA with SHA-384', '300a06082a8648ce3d040303'],
    ])('cert-algorithm: a signature of %s', async (_what, identifier) => {
      for (const which of ['ARK', 'intermediate', 'VEK'] as const)
        expect(await refusal(verify(await made(which, { algorithm: () => unhex(identifier) }), profile))).toMatch(
          new RegExp(
            `^cert-algorithm: algorithms of ${which}: expected PS384, a key of ${which === 'VEK' ? 'P-384' : 'RSA 4096'}, found ${identifier}, `.replace(
              ', a key of RSA 4096',
              '',
            ),
          ),
        )
    })

    test.each<readonly [what: string, which: 'ARK' | 'intermediate' | 'VEK', algorithm: object]>([
      ['a leaf on P-256', 'VEK', { name: 'ECDSA', namedCurve: 'P-256' }],
      ['a leaf with an RSA key', 'VEK', pss],
      ['a CA with a key of 2048 bits', 'intermediate', { ...pss, modulusLength: 2048 }],
      ['a CA with the exponent 3', 'intermediate', { ...pss, publicExponent: Uint8Array.of(3) }],
      ['a CA on P-384', 'intermediate', { name: 'ECDSA', namedCurve: 'P-384' }],
      ['a root with a key of 3072 bits', 'ARK', { ...pss, modulusLength: 3072 }],
    ])('cert-algorithm: %s', async (_what, which, algorithm) => {
      const keys = await crypto.subtle.generateKey(algorithm as EcKeyGenParams, true, ['sign', 'verify'])
      const spki = await spkiOf(keys)
      expect(await refusal(verify(await made(which, { spki: () => spki }), profile))).toMatch(
        new RegExp(`^cert-algorithm: algorithms of ${which}: expected PS384`),
      )
    })

    test.each<readonly [which: 'ARK' | 'intermediate' | 'VEK', problem: string, change: (given: Bytes) => Bytes]>([
      ['ARK', 'must be a CA', extension(BASIC_CONSTRAINTS)],
      ['intermediate', 'must be a CA', extension(BASIC_CONSTRAINTS, sequence())],
      ['intermediate', 'must have critical basicConstraints', extension(BASIC_CONSTRAINTS, isCa(0), false)],
      ['ARK', 'must have keyCertSign', extension(KEY_USAGE)],
      ['intermediate', 'must have keyCertSign', extension(KEY_USAGE, usage(0x80, 7))],
      ['VEK', 'must not be a CA', extension(BASIC_CONSTRAINTS, isCa())],
      ['VEK', 'must not have keyCertSign', extension(KEY_USAGE, usage(0x84, 2))],
      // What says nothing of its use may sign; what says something must say that.
      ['VEK', 'must have digitalSignature', extension(KEY_USAGE, usage(0x08, 3))],
      ['VEK', 'has the unknown critical extension 2a03', extension('1.2.3', Uint8Array.of(5, 0))],
      ['intermediate', 'has name constraints', extension('2.5.29.30', sequence(), false)],
    ])('cert-extension: %s %s', async (which, problem, change) => {
      expect(await refusal(verify(await made(which, { extensions: change }), profile))).toBe(
        `cert-extension: ${which} ${problem}`,
      )
    })

    test('a leaf that says that it signs holds', async () => {
      const chain = await made('VEK', { extensions: extension(KEY_USAGE, usage(0x80, 7)) })
      await expect(verify(chain, profile)).resolves.toBeDefined()
    })

    test('cert-path-length: a root that allows no CA', async () => {
      const chain = await made('ARK', { extensions: extension(BASIC_CONSTRAINTS, isCa(0)) })
      expect(await refusal(verify(chain, profile))).toBe(
        'cert-path-length: ARK has too many CAs below it: expected at most 0, found 1',
      )
    })

    test('cert-parse: serial numbers that are negative or too long, and 0 in a CA', async () => {
      await expect(verify(await made('VEK', { serial: () => integer(1) }), profile)).resolves.toBeDefined()
      for (const serial of [integer(0x80), integer(...new Uint8Array(21).fill(1))])
        expect(await refusal(verify(await made('VEK', { serial: () => serial }), profile))).toBe(
          'cert-parse: VEK: serialNumber out of range',
        )
      for (const which of ['ARK', 'intermediate'] as const)
        expect(await refusal(verify(await made(which, { serial: () => integer(0) }), profile))).toBe(
          `cert-parse: ${which}: serialNumber out of range`,
        )
    })

    test('cert-extension: a KeyUsage that is padded in another way, or in a leaf', async () => {
      const padded = 'cert-extension: intermediate: malformed keyUsage'
      for (const value of [
        usage(0x00, 1),
        usage(0x00, 7),
        bitString(Uint8Array.of(0x04, 0, 0)),
        bitString(new Uint8Array()),
      ])
        expect(
          await refusal(verify(await made('intermediate', { extensions: extension(KEY_USAGE, value) }), profile)),
        ).toBe(padded)
      const leaf = await made('VEK', { extensions: extension(KEY_USAGE, usage(0x80, 0)) })
      expect(await refusal(verify(leaf, profile))).toBe('cert-extension: VEK: malformed keyUsage')
    })

    const said = 'OU=Engineering, C=US, L=Santa Clara, ST=CA, O=Advanced Micro Devices, CN=SEV-VCEK'
    const attributes = (name: Bytes): Bytes[] => elementsOf(name)
    test.each<readonly [what: string, change: (name: Bytes) => Bytes]>([
      ['another common name', (name) => renamed(name, 'SEV-VCEK', 'SEV-VLEK')],
      ['another organisation', (name) => renamed(name, 'Advanced', 'Advancer')],
      ['an attribute less', (name) => sequence(...attributes(name).slice(1))],
      ['another order', (name) => sequence(...attributes(name).reverse())],
      ['an attribute twice', (name) => sequence(...attributes(name), attributes(name).at(-1) as Bytes)],
      ['another string type', (name) => unhex(hex(name).replace('0c085345562d5643454b', '13085345562d5643454b'))],
      ['no attribute at all', () => sequence()],
    ])('cert-chain-name: a leaf with %s', async (_what, change) => {
      expect(await refusal(verify(await made('VEK', { subject: change }), profile))).toMatch(
        new RegExp(`^cert-chain-name: subject of VEK: expected ${said}, found 30`),
      )
    })

    test('cert-chain-name: CAs of another product, and an issuer that is not the one above', async () => {
      const other = (name: Bytes): Bytes => renamed(name, 'Milan', 'Genoa')
      // Names of issuers are compared certificate by certificate, root first.
      expect(await refusal(verify(await made('ARK', { subject: other }), profile))).toMatch(
        /^cert-chain-name: subject of ARK: expected OU=Engineering, .*, CN=ARK-Milan, found 30/,
      )
      expect(await refusal(verify(await made('intermediate', { subject: other }), profile))).toMatch(
        /^cert-chain-name: subject of intermediate: expected OU=Engineering, .*, CN=SEV-Milan, found 30/,
      )
      expect(await refusal(verify(await made('VEK', { issuer: other }), profile))).toBe(
        'cert-chain-name: issuer of VEK is not intermediate, or is itself',
      )
    })

    test('cert-chain-signature: signed by another, or with another salt', async () => {
      const [root, middle, leaf] = (await made()) as [NamedCertificate, NamedCertificate, NamedCertificate]
      const [tbs, algorithm] = elementsOf(leaf.der) as [Bytes, Bytes]
      const signatures = [
        crypto.subtle.sign({ name: 'RSA-PSS', saltLength: 48 }, ark.privateKey, tbs),
        crypto.subtle.sign({ name: 'RSA-PSS', saltLength: 32 }, ask.privateKey, tbs),
        Promise.resolve(new ArrayBuffer(512)),
      ]
      for (const signature of signatures) {
        const forged = sequence(tbs, algorithm, bitString(new Uint8Array(await signature)))
        expect(await refusal(verify([root, middle, { ...leaf, der: forged }], profile))).toMatch(
          /^cert-chain-signature: VEK: signature does not match intermediate/,
        )
      }
    })

    test('root-mismatch: the made root is no root of AMD', async () => {
      const roots = await Promise.all(
        ['milan', 'genoa', 'turin'].map((product) => fingerprint(vectors.read(`roots/ark-${product}.der`))),
      )
      expect(await refusal(checkPath(await made(), { roots }, profile, recordChecks()))).toMatch(/^root-mismatch: /)
    })
  })

  /** Text in a DER name, for another of the same length. */
  function renamed(name: Bytes, from: string, to: string): Bytes {
    const digits = (text: string): string => hex(new TextEncoder().encode(text))
    const changed = unhex(hex(name).replace(digits(from), digits(to)))
    expect(hex(changed)).not.toBe(hex(name))
    return changed
  }
}
