/**
 * Phones of a fake Google and a fake Apple, changed inside and signed again: certificates, key
 * descriptions, attestation objects, authenticator data and assertions.
 */
import {
  allowDebug,
  type AndroidKeyOptions,
  skipFreshness,
  skipReferenceValues,
  skipRevocation,
} from '../../src/formats/android/key/index.ts'
import {
  type AndroidAttesterOptions,
  type AndroidCertificateId,
  application,
  authorization,
  challenge,
  createCredential,
  createPhone,
  type DescriptionOverrides,
  enumerated,
  flag,
  number,
  numbers,
  packageName,
  rootOfTrust,
  signer,
  soundHardware,
  type WebAuthnOverrides,
} from '../attester/android.ts'
import {
  appId,
  type AssertionOverrides,
  type AttestationOverrides,
  clientData,
  createDevice,
  development,
} from '../attester/app-attest.ts'
import { concat } from '../attester/bytes.ts'
import * as cbor from '../attester/cbor.ts'
import type { Signer } from '../attester/certificate.ts'
import * as der from '../attester/der.ts'
import { asAnchor, type Edits } from './edits.ts'
import type { Question } from './verifiers.ts'

type Bytes = Uint8Array<ArrayBuffer>

const now = new Date('2026-06-01T12:00:00.250Z')
const tags = [
  0,
  1,
  2,
  3,
  4,
  5,
  8,
  10,
  30,
  31,
  127,
  128,
  203,
  303,
  405,
  502,
  503,
  509,
  600,
  701,
  702,
  703,
  704,
  705,
  706,
  709,
  710,
  718,
  719,
  720,
  723,
  724,
  725,
  900,
  16383,
  16384,
  2 ** 21,
  2 ** 27,
]

/** Makes mutants of phones. */
export async function createPhoneMutants(
  edits: Edits,
): Promise<{ readonly [Kind in 'android' | 'attestation' | 'assertion']: (name: string) => Promise<Question> }> {
  const { random, pick, edit, editOne, editText, planChange } = edits
  const keys = { android: new Map<string, Signer>(), apple: new Map<string, Signer>() }
  const sound = await createDevice({ now, keys: keys.apple })
  // Name and key of a root count, so that the one of a changed chain is compared with this one.
  const { root } = await createPhone({ now, keys: keys.android })

  /** What may be under a tag of a key description. */
  const anyValue = (): Bytes =>
    pick([
      () => number(pick([0, 1, 3, 127, 128, 202_605, 20_260_505, 2 ** 40])),
      () => der.element(0x02, new Uint8Array(pick([8, 9, 10])).fill(random(128))),
      () => numbers(...Array.from({ length: random(4) }, () => random(8))),
      () => flag,
      () => enumerated(random(5)),
      () => der.octetString(new Uint8Array(random(40)).fill(random(256))),
      () => rootOfTrust({ state: enumerated(random(5)), locked: der.boolean(random(2) === 0) }),
      () => rootOfTrust({ locked: der.element(0x01, Uint8Array.of(pick([0, 1, 255]))), hash: undefined }),
      () => application([[packageName, random(9)]], pick([[], [signer], [signer, new Uint8Array(32)]])),
      () => application([[Uint8Array.of(0x64, random(256)), 7]]),
      () => der.sequence(authorization(pick(tags), flag)),
      () => new Uint8Array(),
    ])()

  const description = (): DescriptionOverrides =>
    pick<() => DescriptionOverrides>([
      () => ({ value: edit }),
      () => ({ value: edit }),
      () => ({ members: editOne }),
      () => ({ entries: editOne }),
      () => ({ entries: (entries) => [...entries].reverse() }),
      () => ({ hardware: { [pick(tags)]: random(4) === 0 ? edit(anyValue()) : anyValue() } }),
      () => ({
        hardware: { [pick(Object.keys(soundHardware).map(Number))]: random(3) === 0 ? undefined : anyValue() },
      }),
      () => ({ software: { [pick(tags)]: anyValue() } }),
      () => ({ entries: (entries) => [...entries, authorization(pick(tags), anyValue())] }),
      () => ({ version: pick([0, 1, 2, 3, 4, 5, 100, 200, 300, 400, 500, 600]), keyMintVersion: random(500) }),
      () => ({ attestationLevel: random(4), keyMintLevel: random(4) }),
      () => ({ challenge: edit(challenge), uniqueId: new Uint8Array(random(5)) }),
    ])()

  const statusList = (serial: string): string =>
    JSON.stringify({ entries: { [serial]: { status: pick(['REVOKED', 'SUSPENDED']), reason: 'KEY_COMPROMISE' } } })
  const endorsements = (): AndroidKeyOptions['endorsements'] => {
    const list = statusList(pick(['99aabbcc', '099AABBCC', '1', '5f', '2c85cd']))
    return pick([
      skipRevocation,
      { statusList: '{"entries":{}}' },
      { statusList: list },
      { statusList: editText(list) },
    ] as const)
  }

  function withoutOne<T>(plans: readonly T[]): readonly T[] {
    const gone = random(plans.length)
    return plans.filter((_, i) => i !== gone)
  }

  async function android(name: string): Promise<Question> {
    const shape = pick(['factory', 'remote'] as const)
    const id = pick<AndroidCertificateId>(['root', 'ca2', 'ca3', 'intermediate', 'attestation', 'leaf'])
    const kind = random(4)
    const plan: AndroidAttesterOptions = {
      now,
      keys: keys.android,
      shape,
      level: pick(['TEE', 'StrongBox'] as const),
      ...(kind === 0 && { certificates: { [id]: planChange() } }),
      ...(kind === 1 && { description: description() }),
      ...(kind === 2 && random(4) === 0 && { chain: withoutOne }),
    }
    const isStrong = plan.level === 'StrongBox' && plan.description === undefined
    const asked = isStrong ? { ...plan, description: { attestationLevel: 2, keyMintLevel: 2 } } : plan
    const options = {
      freshness: pick<unknown>([{ nonce: challenge }, skipFreshness]),
      referenceValues: pick<unknown>([skipReferenceValues, { packageName, signers: [signer] }]),
      endorsements: kind === 3 ? endorsements() : skipRevocation,
      debug: pick<unknown>([undefined, allowDebug]),
      ...pick([{}, { minimumOsPatchLevel: 202_605, minimumVendorPatchLevel: 20_260_505 }]),
      ...pick([{}, {}, { purposes: pick([['sign'], ['sign', 'verify'], ['attest']]) }]),
      now,
    }
    if (random(3) !== 0) {
      const phone = await createPhone(asked)
      const chain = concat(...phone.certificates)
      const pem = new TextEncoder().encode(phone.certificates.map(pemOf).join(''))
      const evidence = pick([() => chain, () => chain, () => pem, () => edit(chain), () => edit(pem)])()
      return { name, format: 'android-key', evidence, options: { ...options, trustAnchors: [root] } }
    }
    const credential = await createCredential(asked, kind === 2 ? page() : {})
    const origins = ['https://veritee.example']
    const webauthn = { clientDataJSON: credential.clientDataJSON, rpId: 'veritee.example', origins }
    return {
      name,
      format: 'android-key',
      evidence: random(6) === 0 ? edit(credential.evidence) : credential.evidence,
      options: { ...options, webauthn, trustAnchors: [root] },
    }
  }

  const member = (): Uint8Array =>
    pick([cbor.bytes(new Uint8Array(random(3))), cbor.text('none'), cbor.negative(-35), cbor.array(), cbor.nothing])

  const page = (): WebAuthnOverrides =>
    pick<() => WebAuthnOverrides>([
      () => ({ authData: edit }),
      () => ({ authData: edit }),
      () => ({
        authData: (data) => concat(data, cbor.map([[cbor.text('a'), cbor.nothing]])),
        flags: pick([0x45, 0xc5]),
      }),
      () => ({ flags: random(256) }),
      () => ({
        clientDataJSON: new TextEncoder().encode(
          editText(
            JSON.stringify({
              type: 'webauthn.create',
              challenge: Buffer.from(challenge).toString('base64url'),
              origin: 'https://veritee.example',
              crossOrigin: false,
            }),
          ),
        ),
      }),
      () => ({
        clientData: {
          [pick(['type', 'origin', 'crossOrigin', 'challenge', 'extra'])]: pick([true, null, 1, '', undefined]),
        },
      }),
      () => ({ x5c: (certificates) => editOne(certificates) }),
      () => ({ x5c: (certificates) => certificates.slice(0, -1) }),
      () => ({ statement: { [pick(['alg', 'sig', 'x5c', 'ver'])]: random(3) === 0 ? undefined : member() } }),
      () => ({ object: { [pick(['fmt', 'attStmt', 'authData', 'more'])]: random(3) === 0 ? undefined : member() } }),
    ])()

  async function attestation(name: string): Promise<Question> {
    const isChain = random(3) === 0
    const id = pick(['ca', 'leaf'] as const)
    const device = isChain ? await createDevice({ now, keys: keys.apple, certificates: { [id]: planChange() } }) : sound
    const changes: readonly (() => AttestationOverrides)[] = [
      () => ({}),
      () => ({ authData: edit }),
      () => ({ authData: edit }),
      () => ({ authData: (data) => concat(data, cbor.map([])), flags: pick([0x40, 0xc0]) }),
      () => ({ aaguid: pick([development, new Uint8Array(16)]) }),
      () => ({ counter: random(3), flags: random(256) }),
      () => ({ nonce: (nonce) => edit(der.sequence(der.explicit(1, der.octetString(nonce)))) }),
      () => ({ nonce: () => undefined }),
      () => ({ x5c: (certificates) => editOne(certificates) }),
      () => ({ statement: { [pick(['x5c', 'receipt', 'more'])]: random(3) === 0 ? undefined : member() } }),
      () => ({ object: { [pick(['fmt', 'attStmt', 'authData', 'more'])]: random(3) === 0 ? undefined : member() } }),
    ]
    const made = await device.attest(isChain ? {} : pick(changes)())
    return {
      name,
      format: 'app-attest',
      evidence: random(6) === 0 ? edit(made) : made,
      options: {
        clientData,
        referenceValues: pick<unknown>([skipReferenceValues, { appId }]),
        debug: pick<unknown>([undefined, allowDebug]),
        ...pick([{}, { keyId: device.keyId }]),
        trustAnchors: [asAnchor(device.root)],
        now,
      },
    }
  }

  async function assertion(name: string): Promise<Question> {
    const changes: readonly (() => AssertionOverrides)[] = [
      () => ({}),
      () => ({ authData: edit }),
      () => ({ counter: pick([0, 1, 5, 6, 2 ** 31, 2 ** 32 - 1]) }),
      () => ({ signature: edit }),
      () => ({ appId: pick([appId, 'another.app']) }),
      () => ({
        object: { [pick(['signature', 'authenticatorData', 'more'])]: random(3) === 0 ? undefined : member() },
      }),
    ]
    const made = await sound.assert({ counter: 6, ...pick(changes)() })
    return {
      name,
      format: 'app-attest-assertion',
      evidence: random(4) === 0 ? edit(made) : made,
      options: {
        publicKey: sound.publicKey,
        clientData,
        referenceValues: pick<unknown>([skipReferenceValues, { appId }]),
        previousCounter: 5,
        now,
      },
    }
  }

  return { android, attestation, assertion }
}

function pemOf(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
