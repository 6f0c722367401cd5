/**
 * H13 for phones: a page's other code can put anything on `Object.prototype`. None of it may be an
 * option, or something that a phone has said: each call must end as it does without.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { AttestationError } from '../../../src/core/errors.ts'
import {
  allowDebug,
  skipFreshness,
  skipReferenceValues,
  skipRevocation,
} from '../../../src/formats/android/key/index.ts'
import { verifyAppAttest, verifyAppAttestAssertion } from '../../../src/formats/apple/app-attest/index.ts'
import { verifyEvidence } from '../../../src/index.ts'
import { bootKey, packageName, signer } from '../../attester/android.ts'
import { appId, clientData, createDevice, development } from '../../attester/app-attest.ts'
import { pattern } from '../../attester/bytes.ts'
import { type Change, make, now } from './key/made.ts'

const undo: string[] = []
function clean(): void {
  for (const key of undo.splice(0)) Reflect.deleteProperty(Object.prototype, key)
}
afterEach(clean)
function pollute(key: string, value: unknown): void {
  Object.defineProperty(Object.prototype, key, { value, enumerable: true, configurable: true, writable: true })
  undo.push(key)
}

/** What a phone could be made to say, and what an application could be made to ask. */
const values: Readonly<Record<string, unknown>> = {
  freshness: skipFreshness,
  nonce: pattern(32),
  referenceValues: skipReferenceValues,
  endorsements: skipRevocation,
  statusList: '{"entries":{}}',
  validUntil: new Date(0),
  securityLevel: 'tee',
  verifiedBootKeys: [bootKey],
  minimumOsPatchLevel: 203001,
  purposes: ['agree'],
  debug: allowDebug,
  webauthn: { clientDataJSON: pattern(2), rpId: 'a', origins: ['b'] },
  trustAnchors: [],
  clockSkewSeconds: 86_400,
  packageName: 'polluted',
  packages: [{ name: packageName, version: 7 }],
  signers: [signer],
  minimumVersion: 100,
  origin: 0,
  purpose: [2],
  allApplications: true,
  rootOfTrust: { verifiedBootKey: bootKey, deviceLocked: true, verifiedBootState: 'verified' },
  deviceLocked: true,
  verifiedBootState: 'verified',
  verifiedBootKey: bootKey,
  osPatchLevel: 209901,
  application: { packages: [{ name: packageName, version: 7 }], signers: [signer] },
  721: 'purpose',
  crossOrigin: true,
  challenge: 'AA',
  keyId: pattern(32),
  clientData,
  appId,
  publicKey: pattern(91),
  previousCounter: 0,
  fmt: 'android-key',
  entries: {},
  status: 'REVOKED',
}

const changes: readonly Change[] = [
  {},
  { phone: { shape: 'remote' } },
  { webauthn: {} },
  { phone: { description: { hardware: { 702: undefined } } } },
  { phone: { description: { hardware: { 704: undefined } } } },
  { phone: { description: { hardware: { 704: undefined } } }, options: { debug: allowDebug } },
  { phone: { description: { hardware: { 706: undefined } } }, options: { minimumOsPatchLevel: 202001 } },
  { phone: { description: { hardware: { 1: undefined } } }, options: { purposes: ['sign'] } },
  { phone: { description: { hardware: { 721: new Uint8Array([5, 0]) } } } },
  { phone: { description: { software: { 709: undefined } } } },
  { phone: { description: { attestationLevel: 0, keyMintLevel: 0 } } },
  { options: { endorsements: { statusList: '{"entries":{"1":{}}}' } } },
  { options: { endorsements: { statusList: '{}' } } },
  { options: { referenceValues: {} } },
  { options: { freshness: {} } },
  { options: { endorsements: {} } },
]

const device = await createDevice({ now })
const shared = { clientData, referenceValues: { appId }, now }
const ofApple = { ...shared, trustAnchors: [device.root] }
const [attestation, inDevelopment, assertion] = [
  await device.attest(),
  await device.attest({ aaguid: development }),
  await device.assert(),
]
const calls: readonly (readonly [name: string, call: () => Promise<unknown>])[] = [
  ...(await Promise.all(
    changes.map(async (change) => {
      const { evidence, options } = await make(change)
      return [JSON.stringify(change), () => verifyEvidence(evidence, { 'android-key': options })] as const
    }),
  )),
  ['an attestation', () => verifyAppAttest(attestation, ofApple)],
  ['in development', () => verifyAppAttest(inDevelopment, ofApple)],
  ['of no application', () => verifyAppAttest(attestation, { ...ofApple, referenceValues: {} as never })],
  ['without client data', () => verifyAppAttest(attestation, { referenceValues: { appId } } as never)],
  [
    'an assertion',
    () => verifyAppAttestAssertion(assertion, { ...shared, publicKey: device.publicKey, previousCounter: 0 }),
  ],
  ['an assertion without a key', () => verifyAppAttestAssertion(assertion, shared as never)],
]

async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    const { format } = (await call()) as { readonly format: string }
    return `accepted: ${format}`
  } catch (error) {
    if (error instanceof AttestationError) return `${error.code}: ${error.message}`
    return String(error)
  }
}

const before = await Promise.all(calls.map(async ([name, call]) => [name, await outcomeOf(call)] as const))

describe('H13 what is on Object.prototype is nothing that a phone says', () => {
  test('some of the calls are accepted, and some are not', () => {
    expect(before.filter(([, outcome]) => outcome.startsWith('accepted'))).toHaveLength(6)
  })

  test.each(Object.entries(values))('%s', async (key, value) => {
    const after: (readonly [string, string])[] = []
    for (const [name, call] of calls) {
      pollute(key, value)
      after.push([name, await outcomeOf(call).finally(clean)])
    }
    expect(after).toEqual(before)
  })
})
