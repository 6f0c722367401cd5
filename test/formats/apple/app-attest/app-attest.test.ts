/**
 * Attestations and assertions of App Attest: what is accepted, and every rule broken alone: the
 * reason, its class and what its message says.
 */
import { describe, expect, test } from 'vitest'
import type { AttestationErrorCode } from '../../../../src/core/codes.ts'
import {
  allowDebug,
  AppraisalError,
  type AppAttestOptions,
  AttestationError,
  decodeAppAttestEvidence,
  skipReferenceValues,
  VerificationError,
  verifyAppAttest,
  verifyAppAttestAssertion,
} from '../../../../src/formats/apple/app-attest/index.ts'
import { isAppAttestEvidence } from '../../../../src/formats/apple/looks-like.ts'
import { caExtensions, coseKey, sha256 } from '../../../attester/android.ts'
import {
  type AppAttestAttesterOptions,
  appId,
  type AssertionOverrides,
  type AttestationOverrides,
  clientData,
  createDevice,
  development,
  nonceValue,
} from '../../../attester/app-attest.ts'
import { concat, pattern, unhex } from '../../../attester/bytes.ts'
import * as cbor from '../../../attester/cbor.ts'
import { createSigner, type Signer } from '../../../attester/certificate.ts'
import * as der from '../../../attester/der.ts'
import { extension } from '../../../attester/nitro.ts'

const now = new Date('2026-06-01T12:00:00Z')
const day = 86_400_000
const keys = new Map<string, Signer>()
const stranger = await createSigner('P-256')
const strangerCa = await createSigner('P-384')
const device = await createDevice({ now, keys })

interface Change {
  readonly device?: Omit<AppAttestAttesterOptions, 'now'>
  readonly attestation?: AttestationOverrides
  readonly options?: Readonly<Record<string, unknown>>
  readonly evidence?: (evidence: Uint8Array<ArrayBuffer>) => Uint8Array
}

async function attest(change: Change = {}): ReturnType<typeof verifyAppAttest> {
  const own = change.device === undefined ? device : await createDevice({ now, keys, ...change.device })
  const evidence = await own.attest(change.attestation)
  const options = { clientData, referenceValues: { appId }, trustAnchors: [own.root], now, ...change.options }
  const given = Object.fromEntries(
    Object.entries(options as Readonly<Record<string, unknown>>).filter(([, value]) => value !== undefined),
  )
  return verifyAppAttest(change.evidence?.(evidence) ?? evidence, given as unknown as AppAttestOptions)
}

interface AssertionChange {
  readonly assertion?: AssertionOverrides
  readonly options?: Readonly<Record<string, unknown>>
  readonly evidence?: (evidence: Uint8Array<ArrayBuffer>) => Uint8Array
}

async function assert({ assertion, options, evidence }: AssertionChange = {}): ReturnType<
  typeof verifyAppAttestAssertion
> {
  const sound = await device.assert(assertion)
  return verifyAppAttestAssertion(evidence?.(sound) ?? sound, {
    publicKey: device.publicKey,
    clientData,
    referenceValues: { appId },
    previousCounter: 0,
    now,
    ...options,
  })
}

type Row<C> = readonly [code: AttestationErrorCode, rule: string, message: RegExp, change: C]
const attestation = (overrides: AttestationOverrides): Change => ({ attestation: overrides })
const certificate = (
  id: 'ca' | 'leaf',
  plan: NonNullable<NonNullable<AppAttestAttesterOptions['certificates']>[typeof id]>,
): Change => ({ device: { certificates: { [id]: plan } } })
const option = (name: string, value: unknown): { readonly options: Readonly<Record<string, unknown>> } => ({
  options: { [name]: value },
})
const basic = (isCa: boolean): ReturnType<typeof extension> =>
  extension('2.5.29.19', isCa ? unhex('30030101ff') : unhex('3000'), true)
const usage = extension('2.5.29.15', unhex('030204f0'), true)

const refusedAttestations: readonly Row<Change>[] = [
  [
    'payload-size',
    'evidence is bounded',
    /^evidence: 70000 bytes, at most 65536/,
    { evidence: () => new Uint8Array(70_000) },
  ],
  ['outer-cbor', 'nothing follows', /1 bytes left over/, { evidence: (bytes) => concat(bytes, [0]) }],
  ['outer-cbor', 'CBOR', /needs/, { evidence: (bytes) => bytes.subarray(0, 100) }],
  [
    'app-attest-format',
    'the format',
    /fmt: expected apple-appattest, found "apple"$/,
    attestation({ object: { fmt: cbor.text('apple') } }),
  ],
  [
    'app-attest-format',
    'three members',
    /exactly fmt, attStmt, authData$/,
    attestation({ object: { more: cbor.nothing } }),
  ],
  ['app-attest-format', 'x5c and receipt', /exactly x5c, receipt$/, attestation({ statement: { more: cbor.nothing } })],
  ['app-attest-format', 'a receipt', /receipt must be bytes$/, attestation({ statement: { receipt: cbor.nothing } })],
  [
    'app-attest-format',
    'one certificate is too few',
    /x5c must be two certificates$/,
    attestation({ x5c: (all) => all.slice(0, 1) }),
  ],
  [
    'app-attest-format',
    'three are too many',
    /x5c must be two certificates$/,
    attestation({ x5c: (all) => [...all, device.root] }),
  ],
  [
    'app-attest-format',
    'an environment',
    /aaguid [0-9a-f]{32} is no environment/,
    attestation({ aaguid: pattern(16) }),
  ],
  [
    'app-attest-format',
    'an environment, all of it',
    /is no environment/,
    attestation({ aaguid: concat(new TextEncoder().encode('appattest'), pattern(7)) }),
  ],
  [
    'app-attest-format',
    'a credential id of 32 bytes',
    /credentialId must have 32 bytes$/,
    attestation({ credentialId: pattern(16) }),
  ],
  ['app-attest-format', 'a credential', /no attested credential$/, attestation({ flags: 0 })],
  [
    'app-attest-format',
    'nothing behind the key',
    /1 bytes left over/,
    attestation({ authData: (data) => concat(data, [0]) }),
  ],
  ['cert-parse', 'X.509', /^x5c\[1\]: /, attestation({ x5c: ([leaf]) => [leaf as Uint8Array, pattern(9)] })],
  [
    'root-mismatch',
    'the root is trusted',
    /^issuer of x5c\[1\]: not a trusted root$/,
    option('trustAnchors', undefined),
  ],
  [
    'cert-algorithm',
    "the CA's signature",
    /^algorithms of x5c\[1\]: expected ES384/,
    certificate('ca', { hash: 'SHA-256' }),
  ],
  [
    'cert-algorithm',
    "the leaf's signature",
    /^algorithms of x5c\[0\]: expected P-384 with SHA-256/,
    certificate('leaf', { hash: 'SHA-384' }),
  ],
  [
    'cert-extension',
    'the CA is one',
    /^x5c\[1\] must be a CA$/,
    certificate('ca', { extensions: [basic(false), usage] }),
  ],
  [
    'cert-extension',
    'the leaf is none',
    /^x5c\[0\] must not be a CA$/,
    certificate('leaf', { extensions: caExtensions() }),
  ],
  [
    'cert-chain-name',
    'the leaf names the CA',
    /^issuer of x5c\[0\]/,
    certificate('leaf', { issuer: [{ CN: ['other'] }] }),
  ],
  [
    'cert-chain-signature',
    'the CA is signed by the root',
    /^x5c\[1\]: signature does not match the root$/,
    certificate('ca', { signedBy: strangerCa }),
  ],
  [
    'cert-chain-signature',
    'the leaf is signed by the CA',
    /^x5c\[0\]: signature does not match x5c\[1\]$/,
    certificate('leaf', { signedBy: strangerCa }),
  ],
  [
    'cert-validity',
    'the leaf is valid still',
    /^x5c\[0\] has expired/,
    certificate('leaf', { notAfter: new Date(now.getTime() - day / 2) }),
  ],
  [
    'cert-validity',
    'the CA is valid already',
    /^x5c\[1\] is not valid yet/,
    certificate('ca', { notBefore: new Date(now.getTime() + day) }),
  ],
  ['app-attest-nonce', 'there is one', /^nonce of x5c\[0\]: there is none$/, attestation({ nonce: () => undefined })],
  [
    'app-attest-nonce',
    'client data',
    /^nonce of authenticator data and client data: expected/,
    option('clientData', pattern(32, 8)),
  ],
  [
    'app-attest-nonce',
    'its shape',
    /^nonce of x5c\[0\]: extension must have the tags a1/,
    attestation({ nonce: (nonce) => der.sequence(der.octetString(nonce)) }),
  ],
  [
    'app-attest-nonce',
    'nothing beside it',
    /must be one OCTET STRING$/,
    attestation({ nonce: (nonce) => der.sequence(der.explicit(1, der.octetString(nonce), der.octetString(nonce))) }),
  ],
  [
    'app-attest-nonce',
    'nothing behind it',
    /left over/,
    attestation({ nonce: (nonce) => concat(nonceValue(nonce), [0]) }),
  ],
  [
    'app-attest-key',
    "credential id is that of the leaf's key",
    /^credential id, SHA-256 of the leaf's key: expected/,
    attestation({ credentialId: pattern(32) }),
  ],
  [
    'app-attest-key',
    "credential key is the leaf's",
    /^credential key: another$/,
    attestation({ credentialKey: await coseKey(stranger) }),
  ],
  ['app-attest-key', 'the key that the application names', /^key id: expected 0001/, option('keyId', pattern(32))],
  [
    'app-attest-counter',
    'a new key has signed nothing',
    /^counter of an attestation: expected 0, found 1$/,
    attestation({ counter: 1 }),
  ],
  [
    'policy-debug',
    'production',
    /^environment: expected production, found development$/,
    attestation({ aaguid: development }),
  ],
  [
    'policy-application',
    'the application',
    /^application, 1 of 1: expected ABCDE12345\.dev\.veritee\.demo, found [0-9a-f]{64}$/,
    attestation({ appId: 'ABCDE12345.com.example' }),
  ],
]

const refusedAssertions: readonly Row<AssertionChange>[] = [
  ['payload-size', 'evidence is bounded', /^evidence: 70000 bytes/, { evidence: () => new Uint8Array(70_000) }],
  ['outer-cbor', 'nothing follows', /1 bytes left over/, { evidence: (bytes) => concat(bytes, [0]) }],
  [
    'app-attest-format',
    'two members',
    /exactly signature, authenticatorData$/,
    { assertion: { object: { more: cbor.nothing } } },
  ],
  ['app-attest-format', 'bytes', /signature must be bytes$/, { assertion: { object: { signature: cbor.text('a') } } }],
  ['app-attest-format', '37 bytes', /1 bytes left over/, { assertion: { authData: (data) => concat(data, [0]) } }],
  [
    'app-attest-format',
    '37 bytes, not fewer',
    /signCount at 33 needs 4 bytes, found 3$/,
    { assertion: { authData: (data) => data.slice(0, 36) } },
  ],
  [
    'app-attest-signature',
    'the attested key',
    /^assertion: signature does not match the attested key$/,
    { assertion: { signer: stranger } },
  ],
  ['app-attest-signature', 'client data', /^assertion: /, option('clientData', pattern(32, 8))],
  ['app-attest-signature', 'strict DER', /^assertion: /, { assertion: { signature: (own) => concat(own, [0]) } }],
  [
    'app-attest-counter',
    'never the same again',
    /^counter of an assertion: expected above 5, found 5$/,
    { assertion: { counter: 5 }, options: { previousCounter: 5 } },
  ],
  [
    'app-attest-counter',
    'never lower',
    /^counter of an assertion: expected above 5, found 4$/,
    { assertion: { counter: 4 }, options: { previousCounter: 5 } },
  ],
  ['policy-application', 'the application', /found [0-9a-f]{64}$/, { assertion: { appId: 'ABCDE12345.com.example' } }],
]

async function refuses(work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const outcome = await work.catch((error: unknown) => error)
  if (!(outcome instanceof AttestationError)) throw outcome instanceof Error ? outcome : new Error('accepted')
  expect({ code: outcome.code, message: outcome.message }).toEqual({
    code,
    message: expect.stringMatching(message) as string,
  })
  expect(outcome).toBeInstanceOf(code.startsWith('policy-') ? AppraisalError : VerificationError)
  expect(outcome.checks.filter(({ outcome: came }) => came === 'fail').map(({ id }) => id)).toEqual([code])
}

describe('an attestation', () => {
  test('says what the device says', async () => {
    const result = await attest({ options: { keyId: device.keyId } })
    expect(result).toMatchObject({
      format: 'app-attest',
      claims: {
        keyId: device.keyId,
        environment: 'production',
        appIdHash: await sha256(new TextEncoder().encode(appId)),
        receipt: pattern(40, 90),
      },
      publicKey: device.publicKey,
      verifiedAt: now,
      timeSource: 'clock',
      attestedAt: undefined,
      validUntil: new Date(now.getTime() + day),
      matched: 0,
    })
    expect(Object.isFrozen(result.claims)).toBe(true)
  })

  test('is good until the leaf expires', async () => {
    const notAfter = new Date(now.getTime() + day / 2)
    expect((await attest(certificate('leaf', { notAfter }))).validUntil).toEqual(notAfter)
  })

  test('of an application in development is accepted by name', async () => {
    const change = { attestation: { aaguid: development }, options: { debug: allowDebug } }
    expect((await attest(change)).claims.environment).toBe('development')
  })

  test('of any of several applications, or of any at all', async () => {
    const referenceValues = [{ appId: 'ABCDE12345.com.example' }, { appId, name: 'demo' }]
    expect((await attest(option('referenceValues', referenceValues))).matched).toBe('demo')
    const { matched, checks } = await attest(option('referenceValues', skipReferenceValues))
    expect([matched, checks.at(-1)?.outcome]).toEqual([undefined, 'skipped'])
  })

  test.each(refusedAttestations)('%s: %s', async (code, _rule, message, change) => {
    await refuses(attest(change), code, message)
  })

  test('all failures of an appraisal are told', async () => {
    const change = { aaguid: development, appId: 'ABCDE12345.com.example' }
    const error = await attest({ attestation: change }).catch((caught: unknown) => caught)
    expect((error as AppraisalError).failures.map(({ id }) => id)).toEqual(['policy-debug', 'policy-application'])
  })
})

describe('an assertion', () => {
  test('says its counter', async () => {
    expect(await assert({ assertion: { counter: 2 ** 32 - 1 } })).toMatchObject({
      format: 'app-attest-assertion',
      claims: { counter: 2 ** 32 - 1 },
      publicKey: device.publicKey,
      validUntil: new Date(now.getTime() + day),
      matched: 0,
    })
  })

  test.each(refusedAssertions)('%s: %s', async (code, _rule, message, change) => {
    await refuses(assert(change), code, message)
  })
})

describe('options', () => {
  const shared: readonly (readonly [name: string, value: unknown, message: RegExp])[] = [
    ['clientData', undefined, /^clientData must be bytes/],
    ['clientData', new Uint8Array(), /^clientData must be bytes/],
    ['clientData', 'text', /^clientData must be bytes/],
    ['referenceValues', undefined, /^referenceValues\[0\] must be an object/],
    ['referenceValues', [], /^referenceValues must be at least one/],
    ['referenceValues', { appId: 'ABCDE12345' }, /^referenceValues\[0\]\.appId must be team and bundle/],
    ['referenceValues', { appId, name: '' }, /^referenceValues\[0\]\.name must be text$/],
    ['referenceValues', { appId, team: 'A' }, /^referenceValues\[0\]\.team must be name or appId$/],
    ['now', 1, /^now must be a Date$/],
    ['trace', {}, /^trace must be a function$/],
    ['freshness', { nonce: clientData }, /^option "freshness" must be one of/],
  ]
  const ofAttestations: typeof shared = [
    ['keyId', pattern(31), /^keyId must be 32 bytes/],
    ['debug', true, /^debug must be allowDebug$/],
    ['trustAnchors', [], /^trustAnchors must be certificates/],
    ['trustAnchors', [pattern(3)], /^trustAnchors\[0\]: /],
    ['clockSkewSeconds', Infinity, /^clockSkewSeconds must be 0 to 86400$/],
  ]
  const ofAssertions: typeof shared = [
    ['publicKey', undefined, /^publicKey must be the publicKey of an attestation/],
    ['publicKey', pattern(91), /^publicKey must be the publicKey of an attestation/],
    ['previousCounter', undefined, /^previousCounter must be 0 to 4294967295$/],
    ['previousCounter', -1, /^previousCounter must be/],
    ['previousCounter', 2 ** 32, /^previousCounter must be/],
    ['previousCounter', '0', /^previousCounter must be/],
  ]

  const mistaken = async (work: Promise<unknown>, message: RegExp): Promise<void> => {
    const outcome = await work.catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(TypeError)
    expect((outcome as TypeError).message).toMatch(message)
  }

  test.each([...shared, ...ofAttestations])('of an attestation: %s %o', async (name, value, message) => {
    const options = { clientData, referenceValues: { appId }, [name]: value }
    await mistaken(verifyAppAttest(pattern(9), options), message)
  })

  test.each([...shared, ...ofAssertions])('of an assertion: %s %o', async (name, value, message) => {
    const { publicKey } = device
    const options = { publicKey, clientData, referenceValues: { appId }, previousCounter: 0, [name]: value }
    await mistaken(verifyAppAttestAssertion(pattern(9), options), message)
  })

  test('evidence is bytes', async () => {
    await mistaken(verifyAppAttest('' as never, { clientData, referenceValues: { appId } }), /^evidence must be/)
    expect(() => decodeAppAttestEvidence(1 as never)).toThrow(TypeError)
  })
})

test('an attestation is read without being verified, and looks like what it is', async () => {
  const evidence = await device.attest({ counter: 3 })
  expect(decodeAppAttestEvidence(evidence)).toMatchObject({
    keyId: device.keyId,
    counter: 3,
    environment: 'production',
  })
  expect(decodeAppAttestEvidence(evidence).certificates).toHaveLength(2)
  expect([evidence, evidence.slice(0, -1), await device.assert()].map(isAppAttestEvidence)).toEqual([
    true,
    false,
    false,
  ])
})
