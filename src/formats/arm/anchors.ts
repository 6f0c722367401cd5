/**
 * Trust anchors: the key of each device, by the ids of its implementation and of itself. Tokens are
 * signed by bare keys that no vendor's root vouches for: what makes one genuine is that its maker
 * told the caller so.
 */
import { VerificationError } from '../../core/errors.ts'
import { isPlainObject, itemsOf, readFields, requireOption, snapshotOf } from '../../core/options.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { iso } from '../../core/time.ts'
import { ES256, ES384, ES512, isKeyOf, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { type Bytes, concatBytes, copyBytes, equalBytes, givenBytes, isBytes, toHex } from '../../encoding/bytes.ts'
import type { Hex } from '../../appraisal/expectations.ts'
import { readBytes, readValidUntil } from './reference-values.ts'
import { dangerouslyAllowTestKeys, isPublished } from './test-keys.ts'

/** Whose key it is. */
export interface AnchorIds {
  /** 32 bytes: the make of the platform. */
  readonly implementationId: Hex | Uint8Array
  /** 33 bytes: this one device (a UEID). */
  readonly instanceId: Hex | Uint8Array
  /** Not accepted after this; no result is valid for longer. */
  readonly validUntil?: Date
}

/** A public key on a curve (RFC 7517), as WebCrypto exports it. */
export interface PublicJwk {
  readonly kty?: string
  readonly crv?: string
  /** Coordinates, in base64url. */
  readonly x?: string
  readonly y?: string
  /** What JWKs say besides is not read. */
  readonly alg?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
  readonly ext?: boolean
  readonly kid?: string
}

/** The public key of a device: on P-256, P-384 or P-521. */
export interface KeyAnchor extends AnchorIds {
  /** A public JWK, or a SubjectPublicKeyInfo in DER. */
  readonly key: PublicJwk | Uint8Array
}

/** A secret that the caller shares with a device: for servers. What a page holds is no secret. */
export interface SecretAnchor extends AnchorIds {
  /** 16 to 128 bytes. */
  readonly secret: Uint8Array
}

/** A public key. */
export interface PublicKey {
  readonly kind: 'signature'
  readonly algorithm: SignatureAlgorithm
  /** An uncompressed point. */
  readonly bytes: Bytes
}

/** A secret. */
export interface SecretKey {
  readonly kind: 'mac'
  readonly bytes: Bytes
}

/** The key of a trust anchor. */
export type AnchorKey = PublicKey | SecretKey

/** A trust anchor, checked and copied. */
export interface Anchor {
  readonly implementationId: Bytes
  readonly instanceId: Bytes
  readonly key: AnchorKey
  /** Unix milliseconds. */
  readonly validUntil: number
}

/** The algorithm of each curve: COSE does not tie them, this library does. */
const algorithms = (): readonly SignatureAlgorithm[] => [ES256, ES384, ES512]

/** The row of a COSE algorithm that signs; `undefined` for others. */
export function signatureAlgorithm(cose: number): SignatureAlgorithm | undefined {
  return algorithms().find((row) => row.cose === cose)
}

/**
 * The algorithm that goes with a curve, by the number that COSE (RFC 9053 section 7.1) gives it.
 */
export function algorithmOfCurve(curve: number): SignatureAlgorithm | undefined {
  return algorithms()[curve - 1]
}

/** Trust anchors by both of their ids. */
export type Anchors = ReadonlyMap<string, Anchor>

const idsOf = ({ implementationId, instanceId }: Pick<Anchor, 'implementationId' | 'instanceId'>): string =>
  `implementation ${toHex(implementationId)}, instance ${toHex(instanceId)}`

/**
 * @param takesSecrets whether an anchor may be a secret
 * @throws TypeError for every mistake that a caller can make; published test keys are one unless
 *   `testKeys` is the symbol for it
 */
export function readAnchors(input: unknown, testKeys: unknown, takesSecrets: boolean): Anchors {
  const isAllowed = testKeys === dangerouslyAllowTestKeys
  requireOption('testKeys', 'dangerouslyAllowTestKeys', testKeys === undefined || isAllowed)
  const list = itemsOf(input)
  requireOption('trustAnchors', 'a list of keys with their ids, at least one', list.length > 0)
  const anchors = new Map<string, Anchor>()
  for (const [i, entry] of list.entries()) {
    const path = `trustAnchors[${i}]`
    const anchor = readAnchor(entry, path, takesSecrets)
    const ids = idsOf(anchor)
    const other = anchors.get(ids)
    // A device has one key. Which of two it is must not be for the token to say.
    requireOption(path, 'of another device, or the same key again', other === undefined || isSameKey(anchor, other))
    requireOption(path, 'a key of a device: this one is published, for tests', isAllowed || !isPublished(anchor.key))
    if (other === undefined || anchor.validUntil > other.validUntil) anchors.set(ids, anchor)
  }
  return anchors
}

/**
 * The trust anchor of a token: both ids must be its.
 * @param now Unix milliseconds
 * @throws VerificationError `anchor-unknown`
 */
export function findAnchor(
  ids: Pick<Anchor, 'implementationId' | 'instanceId'>,
  anchors: Anchors,
  now: number,
  checks: CheckRecorder,
): Anchor {
  return checks.verifies('anchor-unknown', 'trust anchor of this device', () => {
    const own = idsOf(ids)
    const anchor = anchors.get(own)
    if (anchor === undefined) throw new VerificationError('anchor-unknown', `no trust anchor for ${own}`)
    if (anchor.validUntil < now)
      throw new VerificationError('anchor-unknown', {
        subject: 'trust anchor',
        expected: `used until ${iso(anchor.validUntil)}`,
        found: iso(now),
      })
    return anchor
  })
}

function readAnchor(input: unknown, path: string, takesSecrets: boolean): Anchor {
  const names = ['implementationId', 'instanceId', 'key', 'validUntil'] as const
  const own = readFields<KeyAnchor & SecretAnchor>(input, path, takesSecrets ? [...names, 'secret'] : names)
  requireOption(path, 'with a key or a secret, not both', 'key' in own !== 'secret' in own || !takesSecrets)
  return {
    implementationId: readBytes(own.implementationId, [32], `${path}.implementationId`),
    instanceId: readBytes(own.instanceId, [33], `${path}.instanceId`),
    validUntil: readValidUntil(own.validUntil, path),
    key: 'secret' in own ? readSecret(own.secret, `${path}.secret`) : readKey(own.key, `${path}.key`),
  }
}

function readSecret(value: unknown, path: string): AnchorKey {
  const secret = givenBytes(value)
  requireOption(path, '16 to 128 bytes (Uint8Array)', secret.length >= 16 && secret.length <= 128)
  return { kind: 'mac', bytes: secret }
}

/** Whether the key is a point of its curve is found out when it is used. */
function readKey(value: unknown, path: string): PublicKey {
  const key = isBytes(value) ? keyOfSpki(copyBytes(value)) : keyOfJwk(value, path)
  if (key === undefined)
    throw new TypeError(
      `${path} must be a public key on P-256, P-384 or P-521: a JWK, or a SubjectPublicKeyInfo in DER`,
    )
  return key
}

function keyOfSpki(spki: Bytes): PublicKey | undefined {
  const algorithm = algorithms().find(({ key }) => isKeyOf(spki, key))
  return algorithm && { kind: 'signature', algorithm, bytes: spki.slice(-1 - 2 * algorithm.key.coordinateSize) }
}

function keyOfJwk(value: unknown, path: string): PublicKey | undefined {
  if (!isPlainObject(value)) return undefined
  const { kty, crv, x, y, d } = snapshotOf<PublicJwk & { readonly d?: unknown }>(value, path)
  requireOption(path, 'a public key: this one has a private half', d === undefined)
  const algorithm = kty === 'EC' ? algorithms().find(({ key }) => key.name === crv) : undefined
  const point = [x, y].map(coordinateOf)
  const fits = point.every(({ length }) => length === algorithm?.key.coordinateSize)
  return algorithm && fits ? { kind: 'signature', algorithm, bytes: concatBytes([4], ...point) } : undefined
}

/**
 * Base64url (RFC 7515 section 2), of the caller's own key: the decoder for what strangers send
 * would be twice as long. No bytes for anything else.
 */
function coordinateOf(text: unknown): Bytes {
  // Of the alphabet, `atob` throws for nothing but a digit by itself.
  if (typeof text !== 'string' || !/^[\w-]+$/.test(text) || text.length % 4 === 1) return new Uint8Array()
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
}

function isSameKey({ key }: Anchor, { key: other }: Anchor): boolean {
  return key.kind === other.kind && equalBytes(key.bytes, other.bytes)
}
