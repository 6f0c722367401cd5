/**
 * A fake Arm platform and a fake device: they sign CCA and PSA tokens with anything in them.
 * Everything that a test does not change is right, signatures included. The encodings come from
 * `cbor.ts`, so that they share no mistake with what is tested.
 */
import { concat, hex, pattern } from './bytes.ts'
import * as cbor from './cbor.ts'
import { createSigner, type Curve, type Hash, sign, type Signer } from './certificate.ts'
import type { Bytes } from './der.ts'

/**
 * Claims by key, encoded; `undefined` leaves one out. Keys that are there keep their place, others
 * come last.
 */
export type ClaimOverrides = ReadonlyMap<number | string, Uint8Array | undefined>

/** What can be wrong about one token. */
export interface TokenOverrides {
  readonly claims?: ClaimOverrides
  /** Changes the payload before it is signed. */
  readonly payload?: (payload: Bytes) => Bytes
  /**
   * What is inside the protected header's byte string. Default: a map with the algorithm of the
   * key.
   */
  readonly protectedHeader?: Uint8Array
  /** A map, encoded. Default: empty. */
  readonly unprotectedHeader?: Uint8Array
  /** Signs instead of the usual key. */
  readonly signer?: Signer
  /** The secret of a MAC instead of a signature. */
  readonly secret?: Uint8Array
  /**
   * What is signed: context, protected header, external data, payload. Default: as RFC 9052 section
   * 4.4 and 6.3 say.
   */
  readonly structure?: (parts: readonly Bytes[]) => readonly Uint8Array[]
  /** Changes the signature or MAC. */
  readonly proof?: (proof: Bytes) => Uint8Array
  /** Changes the four items of the envelope, encoded, after signing. */
  readonly envelope?: (items: readonly Bytes[]) => readonly Uint8Array[]
  /** Default: 18, or 17 with a secret; `undefined` for none. */
  readonly tag?: number | undefined
  /** Changes the whole token. */
  readonly token?: (token: Bytes) => Uint8Array
}

/** COSE's identifiers (RFC 9053 section 2). */
export const algorithms: Readonly<Record<Curve, number>> = { 'P-256': -7, 'P-384': -35, 'P-521': -36 }
const macs: Readonly<Record<number, Hash>> = { 32: 'SHA-256', 48: 'SHA-384', 64: 'SHA-512' }

const utf8 = (text: string): Bytes => new TextEncoder().encode(text)

/** Signs a claims-set. */
export async function signToken(
  claims: ReadonlyMap<number | string, Uint8Array | undefined>,
  signer: Signer,
  change: TokenOverrides = {},
): Promise<Bytes> {
  const all = new Map([...claims, ...(change.claims ?? [])])
  const entries = [...all].flatMap(([key, value]) => (value === undefined ? [] : [[cbor.encode(key), value] as const]))
  const payload = (change.payload ?? ((own) => own))(cbor.map(entries))
  const { secret } = change
  const by = change.signer ?? signer
  const algorithm = secret === undefined ? algorithms[by.curve] : 5
  const header = change.protectedHeader ?? cbor.encode(new Map([[1, algorithm]]))
  const parts = [utf8(secret === undefined ? 'Signature1' : 'MAC0'), new Uint8Array(header), new Uint8Array(), payload]
  const [context, ...items] = change.structure?.(parts) ?? parts
  const covered = cbor.array(cbor.text(context ?? new Uint8Array()), ...items.map((item) => cbor.bytes(item)))
  const made = secret === undefined ? await sign(by, covered) : await mac(secret, covered, 32)
  const proof = change.proof?.(made) ?? made
  const envelope = [
    cbor.bytes(new Uint8Array(header)),
    new Uint8Array(change.unprotectedHeader ?? cbor.map([])),
    cbor.bytes(payload),
    cbor.bytes(proof),
  ]
  const bare = cbor.array(...(change.envelope?.(envelope) ?? envelope))
  const tag = 'tag' in change ? change.tag : secret === undefined ? 18 : 17
  const token = tag === undefined ? bare : cbor.tag(tag, bare)
  return new Uint8Array(change.token?.(token) ?? token)
}

/** HMAC with the hash whose size is `size`. */
export async function mac(secret: Uint8Array, data: Uint8Array, size: number): Promise<Bytes> {
  const algorithm = { name: 'HMAC', hash: macs[size] ?? 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', new Uint8Array(secret), algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new Uint8Array(data)))
}

/** The uncompressed point of a public key. */
export async function pointOf({ publicKey }: Signer): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
}

/** A public JWK. */
export async function jwkOf({ publicKey }: Signer): Promise<JsonWebKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  return { kty, crv, x, y } as JsonWebKey
}

/** A COSE_Key (RFC 9052 section 7), with entries changed by label. */
export async function coseKeyOf(signer: Signer, change: ClaimOverrides = new Map()): Promise<Bytes> {
  const point = await pointOf(signer)
  const size = (point.length - 1) / 2
  const curve = { 'P-256': 1, 'P-384': 2, 'P-521': 3 }[signer.curve]
  const labels = new Map<number | string, Uint8Array | undefined>([
    [1, cbor.unsigned(2)],
    [-1, cbor.unsigned(curve)],
    [-2, cbor.bytes(point.slice(1, 1 + size))],
    [-3, cbor.bytes(point.slice(1 + size))],
    ...change,
  ])
  return cbor.map(
    [...labels].flatMap(([label, value]) => (value === undefined ? [] : [[cbor.encode(label), value] as const])),
  )
}

/** What a software component of a token says. */
export interface Component {
  readonly type: string
  readonly version: string
  readonly measurement: Bytes
  readonly signerId: Bytes
}

/** The firmware of everything that is made here. */
export const components: readonly Component[] = [
  { type: 'BL2', version: '1.2.3', measurement: pattern(32, 1), signerId: pattern(32, 0x40) },
  { type: 'RMM', version: '2.0.0', measurement: pattern(32, 2), signerId: pattern(32, 0x40) },
]

/** A component with entries changed by key. */
export function encodeComponent({ type, version, measurement, signerId }: Component, change?: ClaimOverrides): Bytes {
  const entries = new Map<number | string, Uint8Array | undefined>([
    [1, cbor.text(type)],
    [2, cbor.bytes(measurement)],
    [4, cbor.text(version)],
    [5, cbor.bytes(signerId)],
    ...(change ?? []),
  ])
  return cbor.map(
    [...entries].flatMap(([key, value]) => (value === undefined ? [] : [[cbor.encode(key), value] as const])),
  )
}

export const encodedComponents: Bytes = cbor.array(...components.map((component) => encodeComponent(component)))

/** The ids of everything that is made here. */
export const implementationId: Bytes = pattern(32, 0x20)
export const instanceId: Bytes = concat([1], pattern(32, 0x80))

/** The nonce of CCA tokens; PSA tokens have the first half. */
export const nonce: Bytes = pattern(64, 0x10)

/** What a realm begins with. */
export const rim: Bytes = pattern(32, 0x60)

export type CcaGeneration = 'legacy' | '2023' | '2024' | '2026'

/** What can be wrong about a CCA token. */
export interface CcaOverrides {
  readonly generation?: CcaGeneration
  readonly platform?: TokenOverrides
  readonly realm?: TokenOverrides
  /** What is inside the claim with the realm's key. Default: the key that signs the realm token. */
  readonly realmKey?: Uint8Array
  /** The hash of it that the platform signs. */
  readonly binding?: Uint8Array
  /** SHA-256, SHA-384 or SHA-512 of the realm's key. */
  readonly bindingHash?: Hash
  /** 399 or 907, or something else. Default: 399 until 2023. */
  readonly tag?: number | undefined
  /** Changes what the collection holds: keys and values, encoded. */
  readonly entries?: (entries: readonly cbor.Entry[]) => readonly cbor.Entry[]
  /** A record of the collection under tag 907. */
  readonly record?: (token: Bytes) => Uint8Array
  readonly wrapper?: (bytes: Bytes) => Uint8Array
}

const profiles: Readonly<Record<CcaGeneration, readonly [platform: string, realm: string | undefined]>> = {
  legacy: ['http://arm.com/CCA-SSD/1.0.0', undefined],
  '2023': ['tag:arm.com,2023:cca_platform#1.0.0', 'tag:arm.com,2023:realm#1.0.0'],
  '2024': ['tag:arm.com,2024:cca_platform#2.0.0', 'tag:arm.com,2024:realm#2.0.0'],
  '2026': ['tag:arm.com,2026:cca_platform#2.0.0', 'tag:arm.com,2026:realm#2.0.0'],
}

/** The keys of a platform: its own, and the one that its realms sign with. */
export interface CcaKeys {
  readonly platform: Signer
  readonly realm: Signer
}

export async function createCcaKeys(platform: Curve = 'P-384', realm: Curve = 'P-384'): Promise<CcaKeys> {
  return { platform: await createSigner(platform), realm: await createSigner(realm) }
}

/**
 * The trust anchor that is right for {@link makeCca}, and for {@link makePsa} with the same key.
 */
export async function anchorOf(signer: Signer): Promise<{
  implementationId: string
  instanceId: string
  key: JsonWebKey
}> {
  return { implementationId: hex(implementationId), instanceId: hex(instanceId), key: await jwkOf(signer) }
}

/** A CCA token: a platform token and a realm token. */
export async function makeCca(keys: CcaKeys, change: CcaOverrides = {}): Promise<Bytes> {
  const { generation = '2024', bindingHash = 'SHA-256' } = change
  const [platformProfile, realmProfile] = profiles[generation]
  const realmKey =
    change.realmKey ?? (generation === 'legacy' ? await pointOf(keys.realm) : await coseKeyOf(keys.realm))
  const binding = change.binding ?? new Uint8Array(await crypto.subtle.digest(bindingHash, new Uint8Array(realmKey)))
  const hasClientId = generation === '2024' || generation === '2026'
  const platform = new Map<number | string, Uint8Array | undefined>([
    [265, cbor.text(platformProfile)],
    [generation === '2026' ? 2408 : 10, cbor.bytes(binding)],
    [2396, cbor.bytes(implementationId)],
    [256, cbor.bytes(instanceId)],
    [2401, cbor.bytes(Uint8Array.of(0xcf, 0xcf, 0xcf, 0xcf))],
    [2395, cbor.unsigned(0x3003)],
    [2402, cbor.text('sha-256')],
    [2399, encodedComponents],
    [2400, cbor.text('whatever.com')],
    [2394, hasClientId ? cbor.unsigned(1) : undefined],
  ])
  const realm = new Map<number | string, Uint8Array | undefined>([
    [265, realmProfile === undefined ? undefined : cbor.text(realmProfile)],
    [10, cbor.bytes(nonce)],
    [44236, cbor.text('sha-256')],
    [44240, cbor.text(bindingHash.toLowerCase())],
    [44235, cbor.bytes(new Uint8Array(64))],
    [44237, cbor.bytes(new Uint8Array(realmKey))],
    [44238, cbor.bytes(rim)],
    [44239, cbor.array(...Array.from({ length: 4 }, () => cbor.bytes(new Uint8Array(32))))],
  ])
  const tag = 'tag' in change ? change.tag : generation === 'legacy' || generation === '2023' ? 399 : 907
  const record =
    change.record ??
    ((token: Bytes) => (tag === 907 ? cbor.array(cbor.unsigned(263), cbor.bytes(token)) : cbor.bytes(token)))
  const entries: readonly cbor.Entry[] = [
    [cbor.unsigned(44234), record(await signToken(platform, keys.platform, change.platform))],
    [cbor.unsigned(44241), record(await signToken(realm, keys.realm, change.realm))],
  ]
  const map = cbor.map(change.entries?.(entries) ?? entries)
  const collection = tag === undefined ? map : cbor.tag(tag, map)
  return new Uint8Array(change.wrapper?.(collection) ?? collection)
}

export type PsaGeneration = 'profile-1' | 'psa-2' | 'rfc-9783'

/** What can be wrong about a PSA token. */
export interface PsaOverrides extends TokenOverrides {
  readonly generation?: PsaGeneration
}

/** A PSA token. */
export async function makePsa(signer: Signer, change: PsaOverrides = {}): Promise<Bytes> {
  const { generation = 'rfc-9783' } = change
  const isOld = generation === 'profile-1'
  const seed = { 'profile-1': -75004, 'psa-2': 2397, 'rfc-9783': 268 }[generation]
  const profile = {
    'profile-1': 'PSA_IOT_PROFILE_1',
    'psa-2': 'http://arm.com/psa/2.0.0',
    'rfc-9783': 'tag:psacertified.org,2023:psa#tfm',
  }[generation]
  const claims = new Map<number | string, Uint8Array | undefined>([
    [isOld ? -75000 : 265, cbor.text(profile)],
    [isOld ? -75001 : 2394, cbor.unsigned(1)],
    [isOld ? -75002 : 2395, cbor.unsigned(0x3000)],
    [isOld ? -75003 : 2396, cbor.bytes(implementationId)],
    [seed, cbor.bytes(pattern(32, 0x90))],
    [isOld ? -75005 : 2398, cbor.text('1234567890123-12345')],
    [isOld ? -75006 : 2399, encodedComponents],
    [isOld ? -75008 : 10, cbor.bytes(nonce.slice(0, 32))],
    [isOld ? -75009 : 256, cbor.bytes(instanceId)],
    [isOld ? -75010 : 2400, cbor.text('whatever.com')],
  ])
  return signToken(claims, signer, change)
}
