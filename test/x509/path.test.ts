/**
 * Certification paths: a sound chain holds, and every rule has chains in which that rule alone is
 * broken, by certificates that are signed as they should be.
 */
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { describe, expect, test } from 'vitest'
import { ecdsaP384Sha256, ES256, ES384, ES512, PS256, RS256 } from '../../src/crypto/algorithms.ts'
import { recordChecks } from '../../src/core/record.ts'
import { iso } from '../../src/core/time.ts'
import { fingerprint } from '../../src/crypto/digest.ts'
import type { Check } from '../../src/core/check.ts'
import { type CertificationPath, findInvalid, type NamedCertificate } from '../../src/x509/path.ts'
import { concat, hex, withByte } from '../attester/bytes.ts'
import { type CertificatePlan, createSigner } from '../attester/certificate.ts'
import { bitString, type Bytes, ecdsaSignature, element, objectIdentifier, sequence } from '../attester/der.ts'
import {
  authorityExtensions,
  basicConstraints,
  check,
  critical,
  day,
  extension,
  keyUsage,
  leafExtensions,
  hour,
  makeChain,
  names,
  now,
  refusal,
  signerOf,
  startPath,
  verify,
} from './made.ts'

const sound = await makeChain()
const { keyCertSign, digitalSignature, cRLSign } = x509.KeyUsageFlags

describe('sound chains', () => {
  test('four certificates', async () => {
    const checks: Check[] = []
    const path = await check(
      sound,
      ES384,
      undefined,
      recordChecks((made) => checks.push(made)),
    )
    expect(path.certificates.map(({ name }) => name)).toEqual(['root', 'middle', 'issuing', 'leaf'])
    expect(path.leaf).toBe(path.certificates[3])
    expect(path.notAfter).toBe(now + 2 * hour)
    await startPath(path, ES384).settle(recordChecks((made) => checks.push(made)))
    expect(checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'root-mismatch pass',
      'cert-parse pass',
      'cert-algorithm pass',
      'cert-extension pass',
      'cert-path-length pass',
      'cert-chain-name pass',
      'cert-chain-signature pass',
    ])
  })

  test('the earliest end is the end of the path, wherever it stands', async () => {
    const chain = await makeChain({ middle: { notAfter: new Date(now + hour) } })
    expect((await verify(chain)).notAfter).toBe(now + hour)
  })

  test.each<readonly [what: string, algorithm: typeof ES256, change: Partial<CertificatePlan>]>([
    ['P-256', ES256, { curve: 'P-256', hash: 'SHA-256' }],
    ['P-521', ES512, { curve: 'P-521', hash: 'SHA-512' }],
    ['P-384 with SHA-256', ecdsaP384Sha256, { hash: 'SHA-256' }],
  ])('%s', async (_what, algorithm, change) => {
    const chain = await makeChain({ root: change, middle: change, issuing: change, leaf: change })
    await expect(verify(chain, algorithm)).resolves.toMatchObject({ notAfter: now + 2 * hour })
    for (const other of [ES384, ES256, ES512, ecdsaP384Sha256, RS256, PS256].filter((row) => row !== algorithm)) {
      expect(await refusal(verify(chain, other))).toMatch(/^cert-algorithm: /)
    }
  })

  test('RSA', async () => {
    await expect(verify(await makeRsaChain(), RS256)).resolves.toMatchObject({ leaf: { name: 'leaf' } })
    expect(await refusal(verify(await makeRsaChain(), PS256))).toMatch(
      /^cert-algorithm: algorithms of root: expected PS256/,
    )
  })

  test.each<readonly [what: string, change: Parameters<typeof makeChain>[0]]>([
    ['a leaf whose basicConstraints are missing', { leaf: { extensions: [keyUsage(digitalSignature)] } }],
    [
      'extensions that are unknown and not critical',
      { leaf: { extensions: [...leafExtensions(), extension('1.2.3', [5, 0])] } },
    ],
    [
      'a keyUsage that is not critical',
      { middle: { extensions: [basicConstraints(true), keyUsage(keyCertSign, false)] } },
    ],
    ['a pathLenConstraint larger than needed', { middle: { extensions: authorityExtensions(7) } }],
  ])('%s', async (_what, change) => {
    await expect(verify(await makeChain(change))).resolves.toBeDefined()
  })

  test('root and leaf alone', async () => {
    const chain = await makeChain({}, ([root, , , leaf]) => [root as CertificatePlan, leaf as CertificatePlan])
    await expect(verify(chain)).resolves.toBeDefined()
  })
})

describe('root-mismatch', () => {
  test('another root of the same name and validity', async () => {
    const stranger = await createSigner()
    const genuine = await fingerprint((sound[0] as NamedCertificate).der)
    const lookAlike = await makeChain({ root: { id: 'root', signedBy: stranger } })
    const found = await fingerprint((lookAlike[0] as NamedCertificate).der)
    expect(await refusal(check(lookAlike, ES384, { roots: [genuine] }))).toBe(
      `root-mismatch: SHA-256 of the root: expected ${genuine}, found ${found}`,
    )
  })

  test('the root with one bit changed, and no root trusted at all', async () => {
    const [root, ...rest] = sound as [NamedCertificate, ...NamedCertificate[]]
    const genuine = await fingerprint(root.der)
    const changed = { ...root, der: withByte(root.der, -1, (byte) => byte ^ 1) }
    expect(await refusal(check([changed, ...rest], ES384, { roots: [genuine] }))).toMatch(/^root-mismatch: /)
    expect(await refusal(check(sound, ES384, { roots: [] }))).toMatch(
      /^root-mismatch: SHA-256 of the root: expected , found/,
    )
    expect(await refusal(check([root, ...rest].reverse(), ES384, { roots: [genuine] }))).toMatch(/^root-mismatch: /)
    expect(await refusal(check(rest, ES384, { roots: [genuine] }))).toMatch(/^root-mismatch: /)
  })

  test('any of several, and nothing that merely contains it', async () => {
    const genuine = await fingerprint((sound[0] as NamedCertificate).der)
    await expect(check(sound, ES384, { roots: ['00'.repeat(32), genuine] })).resolves.toBeDefined()
    for (const root of [genuine.toUpperCase(), genuine.slice(1), `${genuine}00`, '']) {
      expect(await refusal(check(sound, ES384, { roots: [root] }))).toMatch(/^root-mismatch: /)
    }
  })

  test('is decided before anything is decoded', async () => {
    expect(await refusal(check([{ name: 'root', der: Uint8Array.of(1) }], ES384, { roots: ['00'] }))).toMatch(
      /^root-mismatch: /,
    )
  })
})

test('cert-parse says which certificate it was', async () => {
  const chain = sound.map(({ name, der }) => (name === 'issuing' ? { name, der: concat(der, [0]) } : { name, der }))
  expect(await refusal(check(chain))).toMatch(/^cert-parse: issuing: 1 bytes left over/)
})

describe('cert-algorithm', () => {
  test.each<readonly [what: string, change: Parameters<typeof makeChain>[0], name: string]>([
    ['a P-256 leaf', { leaf: { curve: 'P-256' } }, 'leaf'],
    ['a P-521 issuer', { middle: { curve: 'P-521' } }, 'middle'],
    ['SHA-256 somewhere', { issuing: { hash: 'SHA-256' } }, 'issuing'],
    ['SHA-512 in the leaf', { leaf: { hash: 'SHA-512' } }, 'leaf'],
    ['SHA-256 in the root', { root: { hash: 'SHA-256' } }, 'root'],
  ])('%s', async (_what, change, name) => {
    expect(await refusal(check(await makeChain(change)))).toMatch(
      new RegExp(`^cert-algorithm: algorithms of ${name}: expected ES384, found 30`),
    )
  })

  test('ES384 with NULL parameters, in both places', async () => {
    const identifier = sequence(objectIdentifier('1.2.840.10045.4.3.3'), element(5))
    const chain = await makeChain({
      leaf: {
        tbs: (elements) => elements.map((given, i) => (i === 2 ? identifier : given)),
        outer: ([tbs, , signature]) => [tbs as Bytes, identifier, signature as Bytes],
      },
    })
    expect(await refusal(check(chain))).toMatch(/^cert-algorithm: algorithms of leaf: expected ES384, found 300c/)
  })

  test('a compressed point', async () => {
    const { publicKey } = await signerOf('leaf')
    const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
    const point = spki.subarray(-96)
    const algorithm = sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.3.132.0.34'))
    const compressed = sequence(algorithm, bitString(concat([2 | ((point[95] as number) & 1)], point.subarray(0, 48))))
    const chain = await makeChain({
      leaf: { tbs: (elements) => elements.map((given, i) => (i === 6 ? compressed : given)) },
    })
    expect(await refusal(check(chain))).toMatch(/^cert-algorithm: algorithms of leaf/)
  })
})

describe('cert-extension', () => {
  const ca = authorityExtensions(1)
  const unknown = extension('1.2.3', [5, 0], critical)
  const constraints = (isCritical: boolean): x509.Extension => extension('2.5.29.30', [0x30, 0], isCritical)
  test.each<
    readonly [what: string, id: 'root' | 'middle' | 'issuing' | 'leaf', extensions: x509.Extension[], problem: string]
  >([
    ['unknown and critical, in an issuer', 'middle', [...ca, unknown], 'has the unknown critical extension 2a03'],
    ['unknown and critical, in the root', 'root', [...ca, unknown], 'has the unknown critical extension 2a03'],
    [
      'unknown and critical, in the leaf',
      'leaf',
      [...leafExtensions(), unknown],
      'has the unknown critical extension 2a03',
    ],
    [
      'critical extendedKeyUsage',
      'leaf',
      [...leafExtensions(), extension('2.5.29.37', [0x30, 0], critical)],
      'has the unknown critical extension 551d25',
    ],
    [
      'critical certificatePolicies',
      'middle',
      [...ca, extension('2.5.29.32', [0x30, 0], critical)],
      'has the unknown critical extension 551d20',
    ],
    ['name constraints', 'middle', [...ca, constraints(false)], 'has name constraints'],
    ['critical name constraints', 'middle', [...ca, constraints(true)], 'has the unknown critical extension 551d1e'],
    ['an issuer that is no CA', 'issuing', [basicConstraints(false), keyUsage(keyCertSign)], 'must be a CA'],
    ['an issuer without basicConstraints', 'issuing', [keyUsage(keyCertSign)], 'must be a CA'],
    [
      'an issuer whose basicConstraints are not critical',
      'issuing',
      [basicConstraints(true, undefined, false), keyUsage(keyCertSign)],
      'must have critical basicConstraints',
    ],
    [
      'an issuer without keyCertSign',
      'issuing',
      [basicConstraints(true), keyUsage(digitalSignature | cRLSign)],
      'must have keyCertSign',
    ],
    ['an issuer without keyUsage', 'issuing', [basicConstraints(true)], 'must have keyCertSign'],
    ['a root without keyCertSign', 'root', [basicConstraints(true), keyUsage(cRLSign)], 'must have keyCertSign'],
    ['a leaf that is a CA', 'leaf', authorityExtensions(0), 'must not be a CA'],
    [
      'a leaf that may sign certificates',
      'leaf',
      leafExtensions(digitalSignature | keyCertSign),
      'must not have keyCertSign',
    ],
    ['a leaf that may not sign', 'leaf', leafExtensions(x509.KeyUsageFlags.keyAgreement), 'must have digitalSignature'],
    ['a leaf that may sign lists only', 'leaf', leafExtensions(cRLSign), 'must have digitalSignature'],
    ['a leaf without keyUsage', 'leaf', [basicConstraints(false)], 'must have digitalSignature'],
  ])('%s', async (_what, id, extensions, problem) => {
    expect(await refusal(check(await makeChain({ [id]: { extensions } })))).toBe(`cert-extension: ${id} ${problem}`)
  })

  test('a leaf that issues', async () => {
    const chain = await makeChain({}, (plans) => [
      ...plans,
      { ...(plans[3] as CertificatePlan), id: 'below', subject: [{ CN: ['below'] }] },
    ])
    expect(await refusal(check(chain))).toBe('cert-extension: leaf must be a CA')
  })

  test('one certificate alone: a root that is its own leaf', async () => {
    expect(await refusal(check(sound.slice(0, 1)))).toBe('cert-extension: root must not be a CA')
  })
})

describe('cert-path-length', () => {
  test.each<readonly [id: 'root' | 'middle', pathLength: number, below: number]>([
    ['root', 0, 2],
    ['root', 1, 2],
    ['middle', 0, 1],
  ])('%s allows %d, %d follow', async (id, pathLength, below) => {
    const chain = await makeChain({ [id]: { extensions: authorityExtensions(pathLength) } })
    expect(await refusal(check(chain))).toBe(
      `cert-path-length: ${id} has too many CAs below it: expected at most ${pathLength}, found ${below}`,
    )
  })
})

describe('cert-chain-name', () => {
  const wrong = (id: string, issuer: string): string =>
    `cert-chain-name: issuer of ${id} is not ${issuer}, or is itself`
  test.each<readonly [what: string, change: Parameters<typeof makeChain>[0], expected: string]>([
    ['another issuer', { leaf: { issuer: names.middle } }, wrong('leaf', 'issuing')],
    ['the same names in another order', { leaf: { issuer: [...names.issuing].reverse() } }, wrong('leaf', 'issuing')],
    ['another case', { leaf: { issuer: [{ O: ['Veritee tests'] }, { CN: ['issuing'] }] } }, wrong('leaf', 'issuing')],
    [
      'another string type',
      { leaf: { issuer: [{ O: ['veritee tests'] }, { CN: [{ bmpString: 'issuing' } as never] }] } },
      wrong('leaf', 'issuing'),
    ],
    [
      'a name of two values for two names',
      { leaf: { issuer: [{ O: ['veritee tests'], CN: ['issuing'] }] } },
      wrong('leaf', 'issuing'),
    ],
    ['a name too few', { middle: { issuer: [{ CN: ['root'] }] } }, wrong('middle', 'root')],
    ['a self-issued certificate', { middle: { subject: names.root } }, wrong('middle', 'root')],
  ])('%s', async (_what, change, expected) => {
    expect(await refusal(check(await makeChain(change)))).toBe(expected)
  })

  test('out of order, missing, or twice', async () => {
    const [root, middle, issuing, leaf] = sound as [
      NamedCertificate,
      NamedCertificate,
      NamedCertificate,
      NamedCertificate,
    ]
    expect(await refusal(check([root, issuing, leaf]))).toBe(wrong('issuing', 'root'))
    expect(await refusal(check([root, middle, leaf]))).toBe(wrong('leaf', 'middle'))
    // Too many CAs for a path length, before any name is read.
    expect(await refusal(check([root, issuing, middle, leaf]))).toMatch(/^cert-path-length: issuing/)
    expect(await refusal(check([root, middle, issuing, issuing, leaf]))).toMatch(/^cert-path-length: /)
    expect(await refusal(check([root, root, middle, issuing, leaf]))).toBe(wrong('root', 'root'))
  })
})

describe('cert-chain-signature', () => {
  test.each(['middle', 'issuing', 'leaf'] as const)('%s signed by a stranger', async (id) => {
    const chain = await makeChain({ [id]: { signedBy: await createSigner() } })
    const above = { middle: 'root', issuing: 'middle', leaf: 'issuing' }[id]
    expect(await refusal(verify(chain))).toBe(`cert-chain-signature: ${id}: signature does not match ${above}`)
  })

  test('a changed byte of what was signed, with names and extensions as they were', async () => {
    for (const id of ['middle', 'issuing', 'leaf']) {
      const chain = sound.map(({ name, der }) => {
        if (name !== id) return { name, der }
        // The serial number: 3082.... 3082.... a003020102 0201 ss.
        return { name, der: withByte(der, 15, (byte) => byte ^ 0x20) }
      })
      expect(await refusal(verify(chain))).toMatch(new RegExp(`^cert-chain-signature: ${id}: signature does not match`))
    }
  })

  test('a signature in another form: r || s, padded, with a byte more, empty', async () => {
    const forms: readonly ((signature: Bytes) => Bytes)[] = [
      (signature) => concat(...rawOf(signature)),
      (signature) => concat(signature, [0]),
      (signature) => sequence(...rawOf(signature).map((half) => element(2, concat([0, 0], half)))),
      () => new Uint8Array(),
      () => ecdsaSignature(new Uint8Array(96)),
    ]
    for (const form of forms) {
      const chain = await makeChain({
        leaf: {
          outer: ([tbs, algorithm, signature]) => [
            tbs as Bytes,
            algorithm as Bytes,
            bitString(form((signature as Bytes).subarray(3))),
          ],
        },
      })
      expect(await refusal(verify(chain))).toMatch(/^cert-chain-signature: leaf: signature does not match issuing/)
    }
  })

  test('names the first that is bad, and the keys are imported once each', async () => {
    const stranger = await createSigner()
    const chain = await makeChain({ middle: { signedBy: stranger }, leaf: { signedBy: stranger } })
    expect(await refusal(verify(chain))).toMatch(/^cert-chain-signature: middle: signature does not match root/)
  })
})

describe('findInvalid: cert-validity', () => {
  const message = async (
    chain: readonly NamedCertificate[],
    moments: readonly number[],
    tolerance = 0,
  ): Promise<string | undefined> => {
    const error = findInvalid(await check(chain), moments, tolerance)
    return error && `${error.code}: ${error.message}`
  }
  const [start, end] = [now - 2 * hour, now + 2 * hour]

  test('both ends belong to the validity', async () => {
    for (const at of [start, now, end]) expect(await message(sound, [at])).toBeUndefined()
    expect(await message(sound, [start - 1])).toBe(
      `cert-validity: leaf is not valid yet: expected ${iso(start)} to ${iso(end)}, found ${iso(start - 1)}`,
    )
    expect(await message(sound, [end + 1])).toBe(
      `cert-validity: leaf has expired: expected ${iso(start)} to ${iso(end)}, found ${iso(end + 1)}`,
    )
  })

  test('tolerance is for both ends', async () => {
    for (const at of [start - 1000, end + 1000]) {
      expect(await message(sound, [at], 1000)).toBeUndefined()
      expect(await message(sound, [at], 999)).toMatch(/^cert-validity: leaf /)
    }
  })

  test('each moment counts, and each certificate, the root included', async () => {
    expect(await message(sound, [now, end + 1])).toMatch(/^cert-validity: leaf has expired/)
    expect(await message(sound, [start - 1, now])).toMatch(/^cert-validity: leaf is not valid yet/)
    for (const id of ['root', 'middle', 'issuing'] as const) {
      const expired = await makeChain({ [id]: { notAfter: new Date(now - day / 2) } })
      expect(await message(expired, [now])).toMatch(new RegExp(`^cert-validity: ${id} has expired`))
      const early = await makeChain({ [id]: { notBefore: new Date(now + 1000) } })
      expect(await message(early, [now])).toMatch(new RegExp(`^cert-validity: ${id} is not valid yet`))
    }
  })

  test('dates that exclude each other are valid at no time', async () => {
    const chain = await makeChain({ leaf: { notBefore: new Date(end), notAfter: new Date(start) } })
    for (const at of [start, now, end]) expect(await message(chain, [at])).toMatch(/^cert-validity: leaf /)
  })

  test('a time that is no number is within no validity', async () => {
    const path: CertificationPath = await check(sound)
    expect(() => findInvalid(path, [NaN], 0)).toThrow(RangeError)
  })
})

test('a key that is not on the curve: no signature by it holds', async () => {
  const { publicKey } = await signerOf('issuing')
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const off = withByte(spki, -1, (byte) => byte ^ 1)
  const chain = await makeChain({ issuing: { tbs: (elements) => elements.map((given, i) => (i === 6 ? off : given)) } })
  expect(hex((await check(chain)).certificates[2]?.spki as Uint8Array)).toBe(hex(off))
  expect(await refusal(verify(chain))).toMatch(/^cert-chain-signature: leaf: signature does not match issuing/)
})

/** r and s, 48 bytes each. */
function rawOf(signature: Bytes): Uint8Array[] {
  const start = (signature[1] as number) < 0x80 ? 2 : 3
  const r = signature.subarray(start + 2, start + 2 + (signature[start + 1] as number))
  const s = signature.subarray(start + 4 + r.length)
  return [r, s].map((half) => concat(new Uint8Array(48), half).subarray(-48))
}

async function makeRsaChain(): Promise<NamedCertificate[]> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  }
  const keys = await Promise.all([1, 2].map(async () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])))
  const [root, leaf] = keys as [CryptoKeyPair, CryptoKeyPair]
  const dates = { notBefore: new Date(now - day), notAfter: new Date(now + day) }
  const shared = { issuer: 'CN=root', signingKey: root.privateKey, signingAlgorithm: algorithm, ...dates }
  const certificates = await Promise.all([
    x509.X509CertificateGenerator.create({
      ...shared,
      serialNumber: '01',
      subject: 'CN=root',
      publicKey: root.publicKey,
      extensions: authorityExtensions(),
    }),
    x509.X509CertificateGenerator.create({
      ...shared,
      serialNumber: '02',
      subject: 'CN=leaf',
      publicKey: leaf.publicKey,
      extensions: leafExtensions(),
    }),
  ])
  return certificates.map(({ rawData }, i) => ({ name: ['root', 'leaf'][i] as string, der: new Uint8Array(rawData) }))
}
