/**
 * The second opinion on Arm CCA: a platform token and a realm token in one collection.
 *
 * Source: DEN0137 and draft-ffm-rats-cca-token-00 to -04, read a second time.
 */
import {
  areSame,
  areZeros,
  demand,
  digitsOf,
  digitsOfEither,
  isOctets,
  octetsOf,
  type Octets,
} from '../readers/bytes.ts'
import { readTokenCbor, taggedIn, type TokenEnvelope } from '../readers/cose.ts'
import { digestOf, type Hash } from '../readers/engine.ts'
import type { Answer, Options, Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import {
  type ClaimMap,
  claimsIn,
  type Component,
  component,
  deviceId,
  digest,
  hashName,
  integer,
  list,
  octets,
  oneOf,
  state,
  text,
} from './arm-claims.ts'
import {
  anchorOf,
  arePaired,
  endOf,
  expectFreshAndSecured,
  expectOneOf,
  isWanted,
  type Kind,
  kinds,
} from './arm-expect.ts'
import { pointOf, proveToken, readSigned } from './arm-signature.ts'

/** A pair of profiles: which claim of the platform binds the realm's key, and whether it names its client. */
type Pair = readonly [platform: string, realm: string | undefined, binding: number, hasClient: boolean]

const arm = 'tag:arm.com,'
const pairs: readonly Pair[] = [
  ['http://arm.com/CCA-SSD/1.0.0', undefined, 10, false],
  ['http://arm.com/CCA-SSD/1.0.0', `${arm}2023:realm#1.0.0`, 10, false],
  [`${arm}2023:cca_platform#1.0.0`, `${arm}2023:realm#1.0.0`, 10, false],
  [`${arm}2023:cca_platform#1.0.0`, `${arm}2024:realm#2.0.0`, 10, false],
  [`${arm}2024:cca_platform#2.0.0`, `${arm}2024:realm#2.0.0`, 10, true],
  [`${arm}2024:cca_platform#1.1.0`, `${arm}2024:realm#2.0.0`, 10, true],
  ...['#2.0.0', '#2.1.0', '#2.0.0;delegated', '#2.1.0;delegated'].map((version): Pair => [
    `${arm}2026:cca_platform${version}`,
    `${arm}2026:realm#2.0.0`,
    2408,
    true,
  ]),
]

/** Both tokens, read. */
interface Collection {
  readonly wrapper: 399 | 907
  readonly platform: Octets
  readonly realm: Octets
}

/** The key that signs the realm token, and what of it the platform has hashed. */
interface RealmKey {
  readonly content: Octets
  readonly kind: Kind
  readonly point: Octets
}

/** @throws AttestationError where it refuses */
export async function opine(question: Question, notes: Notes): Promise<Answer> {
  const { evidence, options, now } = question
  // 1. The bytes.
  const collection = notes.reads('token-wrapper', 'collection', () => readCollection(evidence))
  const tokens = {
    platform: readSigned(collection.platform, 'platform token', notes),
    realm: readSigned(collection.realm, 'realm token', notes),
  }
  const [platformClaims, realmClaims] = notes.reads('payload-cbor', 'claims', () => [
    claimsIn(tokens.platform.payload, 'platform token'),
    claimsIn(tokens.realm.payload, 'realm token'),
  ])
  const pair = notes.reads('token-profile', 'profiles', () => pairOf(platformClaims, realmClaims))
  const { binding, ...platform } = notes.reads('payload-field-value', 'platform claims', () =>
    readPlatform(platformClaims, pair),
  )
  const realm = notes.reads('payload-field-value', 'realm claims', () => readRealm(realmClaims, pair))
  const key = notes.reads('realm-key', 'realm key', () => readRealmKey(realmClaims.get(44237, octets()), pair))

  // 2. Anchor, platform, the realm's key, realm: each vouches for the next.
  const anchor = anchorOf(platform, question, notes)
  await proveLinks(tokens, { anchor: anchor.key as Omit<RealmKey, 'content'>, key, binding }, realm, notes)

  // 3. What the caller expects.
  expectFreshAndSecured(realm.challenge, platform, options, notes)
  const skipsRealm = isSymbol(options['referenceValues'], 'skipReferenceValues')
  const match = expectOneOf(
    skipsRealm ? undefined : options['referenceValues'],
    { code: 'policy-measurements', fits: (wanted) => isRealm(wanted, realm), now },
    notes,
  )
  const skipsPlatform = isSymbol(options['platform'], 'skipPlatformReferenceValues')
  const below = expectOneOf(
    skipsPlatform ? undefined : options['platform'],
    { code: 'policy-platform', fits: (wanted) => isPlatform(wanted, platform), now },
    notes,
  )
  return {
    claims: { wrapper: collection.wrapper, platform: { ...platform, matched: below?.label }, realm },
    validUntil: endOf(now, anchor, match, below),
    matched: match?.label,
  }
}

function readCollection(bytes: Octets): Collection {
  const { tag, value } = taggedIn(readTokenCbor(bytes)) ?? {}
  demand(tag === 399 || tag === 907, 'another tag, or none')
  demand(value instanceof Map && value.size === 2, 'not a map of two')
  const tokenUnder = (key: number): Octets => {
    const entry: unknown = (value as Map<unknown, unknown>).get(key)
    const token = tag === 399 ? entry : insideOf(entry)
    demand(isOctets(token), `no token under ${key}`)
    return token as Octets
  }
  return { wrapper: tag, platform: tokenUnder(44234), realm: tokenUnder(44241) }
}

/** A CMW record of an EAT; its third member, where it has one, must say evidence. */
function insideOf(record: unknown): unknown {
  const [type, inside, ...more] = Array.isArray(record) ? (record as unknown[]) : []
  const areRight = more.every((kind) => typeof kind === 'number' && kind > 0 && kind < 32 && ((kind >> 2) & 1) === 1)
  return type === 263 && areRight && more.length < 2 ? inside : undefined
}

function pairOf(platformClaims: ClaimMap, realmClaims: ClaimMap): Pair {
  const [platform, realm] = [platformClaims.get(265, text), realmClaims.find(265, text)]
  const pair = pairs.find(([one, other]) => one === platform && other === realm)
  demand(pair !== undefined, 'a pair that is not known')
  return pair
}

interface Platform {
  readonly profile: string
  readonly implementationId: Octets
  readonly instanceId: Octets
  readonly config: Octets
  readonly lifecycle: number
  readonly lifecycleState: string
  readonly hashAlgorithm: string
  readonly softwareComponents: readonly Component[]
  readonly verificationService: string | undefined
  readonly clientId: number | undefined
}

function readPlatform(
  claims: ClaimMap,
  [profile, , binding, hasClient]: Pair,
): Platform & { readonly binding: Octets } {
  demand(binding === 10 || !claims.has(10), 'a challenge, which this profile forbids')
  const hashAlgorithm = claims.get(2402, hashName)
  return {
    profile,
    binding: claims.get(binding, digest),
    implementationId: claims.get(2396, octets(32)),
    instanceId: claims.get(256, deviceId),
    config: claims.get(2401, octets()),
    ...claims.get(2395, state),
    hashAlgorithm,
    softwareComponents: claims.get(2399, list(1, 256, component(hashAlgorithm))),
    verificationService: claims.find(2400, text),
    clientId: hasClient ? claims.get(2394, integer(1, 1)) : claims.find(2394, integer(-(2 ** 31), 2 ** 31 - 1)),
  }
}

interface Realm {
  readonly profile: string | undefined
  readonly challenge: Octets
  readonly rim: Octets
  readonly rems: readonly Octets[]
  readonly personalizationValue: Octets
  readonly hashAlgorithm: string
  readonly publicKeyHashAlgorithm: string
  readonly instanceId: Octets | undefined
  readonly memoryEncryptionPolicy: string | undefined
}

function readRealm(claims: ClaimMap, [, profile]: Pair): Realm {
  const policy = claims.has(44243) ? 44243 : 44241
  return {
    profile,
    challenge: claims.get(10, octets(64)),
    rim: claims.get(44238, digest),
    rems: claims.get(44239, list(4, 4, digest)),
    personalizationValue: claims.get(44235, octets(64)),
    hashAlgorithm: claims.get(44236, hashName),
    publicKeyHashAlgorithm: claims.get(44240, hashName),
    instanceId: claims.find(256, deviceId),
    memoryEncryptionPolicy: claims.find(policy, (value, what) =>
      typeof value === 'number'
        ? (['shared', 'private'][integer(0, 1)(value, what)] as string)
        : oneOf('shared', 'private')(value, what),
    ),
  }
}

function readRealmKey(content: Octets, [, profile]: Pair): RealmKey {
  const [p256, p384, p521] = kinds as readonly [Kind, Kind, Kind]
  if (profile === undefined) {
    demand(content.length === 97 && content[0] === 4, 'no uncompressed point of P-384')
    return { content, kind: p384, point: content }
  }
  const key = readTokenCbor(content)
  demand(key instanceof Map, 'no COSE_Key')
  const label = (number: number): unknown => (key as Map<unknown, unknown>).get(number)
  const kind = new Map<unknown, Kind>([
    [1, p256],
    [2, p384],
    [3, p521],
  ]).get(label(-1))
  demand(label(1) === 2 && kind !== undefined, 'another type of key, or another curve')
  demand(!(key as Map<unknown, unknown>).has(-4), 'a private key')
  const [algorithm, operations] = [label(3), label(4)]
  demand(algorithm === kind.algorithm || !(key as Map<unknown, unknown>).has(3), 'a key for another algorithm')
  const verifies = Array.isArray(operations) && operations.includes(2)
  demand(verifies || !(key as Map<unknown, unknown>).has(4), 'a key that does not verify')
  return { content, kind, point: pointOf(label(-2), label(-3), kind) }
}

/** @throws VerificationError */
async function proveLinks(
  tokens: { readonly platform: TokenEnvelope; readonly realm: TokenEnvelope },
  {
    anchor,
    key,
    binding,
  }: { readonly anchor: Omit<RealmKey, 'content'>; readonly key: RealmKey; readonly binding: Octets },
  { publicKeyHashAlgorithm }: Realm,
  notes: Notes,
): Promise<void> {
  await proveToken(tokens.platform, anchor, 'platform-signature', notes)
  const hashed = digestOf(publicKeyHashAlgorithm.toUpperCase() as Hash, key.content)
  await notes.awaits(
    'attestation-key-binding',
    'realm key in the platform token',
    hashed.then((hash) => areSame(hash, binding)),
  )
  await proveToken(tokens.realm, key, 'realm-signature', notes)
}

function isRealm(wanted: Options, { rim, rems, personalizationValue }: Realm): boolean {
  const { rim: expected, rems: extended, personalizationValue: value } = wanted
  // What is not named must be zero, and of the size of what is.
  const areRems = Array.isArray(extended)
    ? extended.length === 4 && rems.every((rem, i) => isWanted(extended[i], rem))
    : rems.every((rem) => areZeros(rem) && rem.length === rim.length)
  const isValue =
    value === undefined
      ? areZeros(personalizationValue)
      : isSymbol(value, 'anyValue') || isWanted(value, personalizationValue)
  return digitsOfEither(expected) === digitsOf(rim) && (areRems || isSymbol(extended, 'anyValue')) && isValue
}

function isPlatform(wanted: Options, { implementationId, softwareComponents, config }: Platform): boolean {
  return (
    isWanted(wanted['implementationId'], implementationId) &&
    isConfig(wanted['config'], config) &&
    arePaired(wanted['softwareComponents'], softwareComponents)
  )
}

function isConfig(wanted: unknown, config: Octets): boolean {
  if (wanted === undefined || isSymbol(wanted, 'anyValue')) return true
  if (typeof wanted === 'string' || isOctets(wanted)) return isWanted(wanted, config)
  const { value, mask } = wanted as Options
  const [bits, which] = [value, mask].map((one) => octetsOf(digitsOfEither(one))) as [Octets, Octets]
  return which.length === config.length && config.every((byte, i) => ((byte ^ (bits[i] ?? 0)) & (which[i] ?? 0)) === 0)
}
