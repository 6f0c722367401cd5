/**
 * What is accepted: both shapes of chains in both encodings, WebAuthn with and without the root,
 * every version, and what the result says.
 */
import { describe, expect, test } from 'vitest'
import {
  allowDebug,
  type AndroidKeyOptions,
  decodeAndroidKeyEvidence,
  isAttestationResult,
  skipFreshness,
  skipReferenceValues,
  verifyAndroidKey,
} from '../../../../src/formats/android/key/index.ts'
import { isAndroidKeyEvidence } from '../../../../src/formats/android/looks-like.ts'
import {
  application,
  bootKey,
  caExtensions,
  challenge,
  createPhone,
  enumerated,
  number,
  numbers,
  packageName,
  rootOfTrust,
  signer,
} from '../../../attester/android.ts'
import { concat, pattern, unhex } from '../../../attester/bytes.ts'
import type { Signer } from '../../../attester/certificate.ts'
import * as der from '../../../attester/der.ts'
import { extension, keyUsages } from '../../../attester/nitro.ts'
import * as x509 from '@peculiar/x509'
import { type Change, make, now, verify } from './made.ts'

const day = 86_400_000
const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`

describe('a result', () => {
  test('says what the phone says', async () => {
    const { evidence, options } = await make()
    const result = await verifyAndroidKey(evidence, options)
    expect(isAttestationResult(result)).toBe(true)
    expect(result).toMatchObject({
      format: 'android-key',
      timeSource: 'clock',
      attestedAt: undefined,
      clockOffsetSeconds: undefined,
      verifiedAt: now,
      validUntil: new Date(now.getTime() + day),
      matched: 0,
    })
    expect(result.claims).toMatchObject({
      provisioning: 'factory',
      attestationVersion: 400,
      keyMintVersion: 400,
      securityLevel: 'tee',
      challenge,
      uniqueId: new Uint8Array(),
      rootOfTrust: {
        verifiedBootKey: bootKey,
        deviceLocked: true,
        verifiedBootState: 'verified',
        verifiedBootHash: pattern(32, 13),
      },
      application: { packages: [{ name: packageName, version: 7 }], signers: [signer] },
      osVersion: 160_000,
      osPatchLevel: 202_605,
      vendorPatchLevel: 20_260_505,
      bootPatchLevel: 20_260_501,
      hardwareEnforced: {
        purpose: [2, 3],
        algorithm: 3,
        keySize: 256,
        digest: [4],
        ecCurve: 1,
        noAuthRequired: true,
        origin: 0,
        others: [],
      },
      softwareEnforced: { creationDateTime: 1_780_000_000_000 },
      expiredCertificates: [],
      certificatesIssued: undefined,
    })
  })

  test('has the key of the leaf', async () => {
    const keys = new Map<string, Signer>()
    const { leaf, certificates, root } = await createPhone({ now, keys })
    const { options } = await make()
    const result = await verifyAndroidKey(concat(...certificates), { ...options, trustAnchors: [root] })
    expect(result.publicKey).toEqual(new Uint8Array(await crypto.subtle.exportKey('spki', leaf.publicKey)))
  })

  test('is frozen, whatever is in it', async () => {
    const { claims } = await verify()
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      ArrayBuffer.isView(value) ||
      (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(claims)).toBe(true)
  })

  test('names the reference value that matched', async () => {
    const own = { packageName, signers: [signer], name: 'demo' }
    const options = { referenceValues: [{ packageName: 'com.example', signers: [signer] }, own] }
    expect((await verify({ options })).matched).toBe('demo')
    expect((await verify({ options: { referenceValues: skipReferenceValues } })).matched).toBeUndefined()
  })

  test('is good until the first certificate of a remote chain expires, the list, or for a day', async () => {
    const soon = new Date(now.getTime() + 3_600_000)
    const remote = await verify({
      phone: { shape: 'remote', certificates: { attestation: { notAfter: soon } } },
    })
    expect(remote.validUntil).toEqual(soon)
    const endorsements = { statusList: '{"entries":{}}', validUntil: soon }
    expect((await verify({ options: { endorsements } })).validUntil).toEqual(soon)
  })

  test('says what was skipped', async () => {
    const { checks } = await verify({
      options: { freshness: skipFreshness, referenceValues: skipReferenceValues },
    })
    const skipped = checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)
    expect(skipped).toEqual(['status-revoked', 'policy-nonce', 'policy-application'])
  })
})

const accepted: readonly (readonly [what: string, change: Change])[] = [
  ['a remote chain', { phone: { shape: 'remote' } }],
  [
    'StrongBox, and the certificates say so',
    {
      phone: { level: 'StrongBox', description: { attestationLevel: 2, keyMintLevel: 2 } },
      options: { securityLevel: 'strongbox' },
    },
  ],
  [
    'StrongBox, where a TEE is enough',
    { phone: { level: 'StrongBox', description: { attestationLevel: 2, keyMintLevel: 2 } } },
  ],
  [
    'StrongBox of remote provisioning',
    {
      phone: { shape: 'remote', level: 'StrongBox', description: { attestationLevel: 2, keyMintLevel: 2 } },
      options: { securityLevel: 'strongbox' },
    },
  ],
  [
    'an old factory, whose certificates say nothing and are no CA',
    {
      phone: {
        certificates: {
          intermediate: { subject: [{ '2.5.4.5': ['01'] }], notAfter: new Date(now.getTime() - day) },
          attestation: {
            subject: [{ '2.5.4.5': ['02'] }],
            notAfter: new Date(now.getTime() - day),
            extensions: [
              new x509.BasicConstraintsExtension(false, undefined, true),
              extension('2.5.29.15', keyUsages.leaf, true),
              extension('2.5.29.30', unhex('3000'), false),
            ],
          },
        },
      },
    },
  ],
  [
    'another certificate of the root, expired',
    { phone: { certificates: { root: { notAfter: new Date('2026-05-24T00:00:00Z') } } } },
  ],
  ['a leaf outside its dates', { phone: { certificates: { leaf: { notAfter: new Date('2000-01-01T00:00:00Z') } } } }],
  ['a P-256 key that signs SHA-384', { phone: { certificates: { leaf: { hash: 'SHA-384' } } } }],
  ['a P-384 key that signs SHA-256', { phone: { certificates: { attestation: { hash: 'SHA-256' } } } }],
  [
    'clocks that are apart',
    { phone: { shape: 'remote', certificates: { attestation: { notAfter: new Date(now.getTime() - 60_000) } } } },
  ],
  ['a set in any order', { phone: { description: { hardware: { 1: numbers(3, 2) } } } }],
  [
    'tags that are not known',
    { phone: { description: { hardware: { 9: number(1), 721: der.sequence(), 9999: number(1) } } } },
  ],
  [
    'a list without the certificates',
    {
      options: {
        endorsements: {
          statusList: '{"entries":{"99aabbc":{"status":"REVOKED"},"99aabbcc0":{"status":"REVOKED"}},"more":1}',
        },
      },
    },
  ],
  [
    'patch levels that are reached',
    { options: { minimumOsPatchLevel: 202605, minimumVendorPatchLevel: 20260505, minimumBootPatchLevel: 20260501 } },
  ],
  [
    'a month where a day is usual',
    { phone: { description: { hardware: { 718: number(202_605) } } }, options: { minimumVendorPatchLevel: 20260430 } },
  ],
  ['purposes', { options: { purposes: ['sign', 'verify'] } }],
  [
    'an own system with a pinned key',
    {
      phone: { description: { hardware: { 704: rootOfTrust({ state: enumerated(1) }) } } },
      options: { verifiedBootKeys: [bootKey] },
    },
  ],
  [
    'an unlocked device with allowDebug',
    {
      phone: {
        description: {
          hardware: { 704: rootOfTrust({ locked: der.boolean(false), state: enumerated(2), key: new Uint8Array() }) },
        },
      },
      options: { debug: allowDebug },
    },
  ],
  [
    'packages that share a user id',
    {
      phone: {
        description: {
          software: {
            709: application([
              ['b', 8],
              ['a', 9],
            ]),
          },
        },
      },
      options: { referenceValues: { packageName: ['a', 'b'], signers: [signer], minimumVersion: 8 } },
    },
  ],
  [
    'a version code of 64 bits',
    { phone: { description: { software: { 709: application([[packageName, 2 ** 60]]) } } } },
  ],
  ['WebAuthn', { webauthn: {} }],
  [
    'WebAuthn of remote provisioning without its root',
    { phone: { shape: 'remote' }, webauthn: { x5c: (all) => all.slice(0, -1) } },
  ],
  ['WebAuthn with other members of the client data', { webauthn: { clientData: { extraData: 'more' } } }],
  [
    'WebAuthn with extensions of the authenticator',
    { webauthn: { flags: 0xc5, authData: (data) => concat(data, [0xa0]) } },
  ],
]

describe('accepted', () => {
  test.each(accepted)('%s', async (_what, change) => {
    expect((await verify(change)).format).toBe('android-key')
  })

  test.each([1, 2, 3, 4, 100, 200, 300, 400, 500])('version %i', async (version) => {
    const hash = version < 3 ? { hash: undefined } : {}
    const description = { version, keyMintVersion: version + 1, hardware: { 704: rootOfTrust(hash) } }
    const { claims } = await verify({ phone: { description } })
    expect([claims.attestationVersion, claims.keyMintVersion]).toEqual([version, version + 1])
  })

  test('PEM, with anything between', async () => {
    const { certificates, root } = await createPhone({ now })
    const { options } = await make()
    const text = `first\n${certificates.map(pem).join('\r\n# next\r\n')}last`
    const result = await verifyAndroidKey(new TextEncoder().encode(text), { ...options, trustAnchors: [root] })
    expect(result.claims.provisioning).toBe('factory')
  })

  test('a cache spares the two upper links of remote chains, and no verdict', async () => {
    const endorsementCache: NonNullable<AndroidKeyOptions['endorsementCache']> = new Map()
    const change: Change = { phone: { shape: 'remote' }, options: { endorsementCache } }
    const { evidence, options } = await make(change)
    await verifyAndroidKey(evidence, options)
    expect(endorsementCache.size).toBe(2)
    await verifyAndroidKey(evidence, options)
    expect(endorsementCache.size).toBe(2)
    const factory = await make({ options: { endorsementCache } })
    await verifyAndroidKey(factory.evidence, factory.options)
    expect(endorsementCache.size).toBe(2)
  })

  test('how many certificates Google gave lately, unless that is malformed', async () => {
    const { claims } = await verify({ phone: { shape: 'remote' } })
    expect(claims.certificatesIssued).toBe(42)
    const info = extension('1.3.6.1.4.1.11129.2.1.30', unhex('a1'), false)
    const attestation = { extensions: [...caExtensions(), info] }
    expect(
      (await verify({ phone: { shape: 'remote', certificates: { attestation } } })).claims.certificatesIssued,
    ).toBeUndefined()
  })

  test('certificates that ended are named', async () => {
    const certificates = {
      intermediate: { notAfter: new Date(now.getTime() - day) },
      root: { notAfter: new Date(now.getTime() - day) },
    }
    expect((await verify({ phone: { certificates } })).claims.expiredCertificates).toEqual([2, 3])
  })
})

describe('decodeAndroidKeyEvidence', () => {
  test('shows a chain', async () => {
    const { evidence } = await make()
    const { kind, certificates, keyDescription } = decodeAndroidKeyEvidence(evidence)
    expect([kind, certificates.length]).toEqual(['chain', 4])
    expect(keyDescription).toMatchObject({ attestationChallenge: challenge, attestationSecurityLevel: 'tee' })
  })

  test('shows an attestation object, and a leaf that says nothing', async () => {
    const leaf = { extensions: [extension('2.5.29.15', keyUsages.leaf, true)] }
    const { evidence } = await make({ webauthn: {}, phone: { certificates: { leaf } } })
    expect(decodeAndroidKeyEvidence(evidence)).toMatchObject({ kind: 'webauthn', keyDescription: undefined })
  })

  test.each(['1', undefined, [48]])('takes bytes alone: %s', (evidence) => {
    expect(() => decodeAndroidKeyEvidence(evidence as never)).toThrow(new TypeError('evidence must be a Uint8Array'))
  })
})

test('it looks like what it is', async () => {
  const { certificates } = await createPhone({ now })
  const { evidence } = await make({ webauthn: {} })
  const chain = concat(...certificates)
  expect([chain, new TextEncoder().encode(pem(chain)), evidence].map(isAndroidKeyEvidence)).toEqual([true, true, true])
  const others = [
    chain.slice(0, 300),
    certificates[1] as Uint8Array,
    concat(...certificates.slice(1)),
    unhex('a3'),
    unhex('a0'),
    new Uint8Array(),
    new Uint8Array(70_000),
    concat(chain, new Uint8Array(70_000)),
  ]
  expect(others.map((bytes) => isAndroidKeyEvidence(new Uint8Array(bytes)))).toEqual(others.map(() => false))
})
