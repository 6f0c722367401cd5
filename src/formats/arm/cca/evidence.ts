/**
 * A CCA token: two signed tokens, that of the platform and that of a realm on it. Read and bounded;
 * nothing is verified here.
 *
 * Sources: RMM specification DEN0137, draft-ffm-rats-cca-token-00 to -04, and what Trusted Firmware
 * really writes where that differs.
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import { type CoseToken, decodeCoseToken } from '../../../encoding/cose-token.ts'
import { copyEvidence } from '../../options.ts'
import type { PublicKey } from '../anchors.ts'
import {
  arrayOf,
  bytesOf,
  claim,
  type Claims,
  decodeClaims,
  type HashName,
  integerOf,
  optionalClaim,
  readDigest,
  readHashName,
  readInstanceId,
  readMap,
  readText,
  wrongValue,
} from '../claims.ts'
import { componentOf, type MeasuredComponent } from '../components.ts'
import { type Lifecycle, readLifecycle } from '../lifecycle.ts'
import { checkSignatureAlgorithm } from '../signature.ts'
import { challengeKey, type Profile, profileOf } from './profile.ts'
import { realmKeyOf } from './realm-key.ts'
import { unwrapTokens } from './wrapper.ts'

/** What the platform says. */
export interface CcaPlatformClaims extends Lifecycle {
  readonly profile: string
  /** 32 bytes: the make of the platform. */
  readonly implementationId: Bytes
  /** 33 bytes: this one machine. */
  readonly instanceId: Bytes
  /** As the platform's maker defines it. */
  readonly config: Bytes
  readonly hashAlgorithm: HashName
  readonly softwareComponents: readonly MeasuredComponent[]
  /** Whatever the platform's maker wrote there: no address to fetch, and no link to show. */
  readonly verificationService: string | undefined
  readonly clientId: number | undefined
}

/** What the realm management monitor says of a realm. */
export interface CcaRealmClaims {
  readonly profile: string | undefined
  /** The 64 bytes that the realm asked for. */
  readonly challenge: Bytes
  /** What the realm began with. */
  readonly rim: Bytes
  /** Four measurements that the realm has extended itself. */
  readonly rems: readonly Bytes[]
  /** 64 bytes that the host chose, and nothing measures. */
  readonly personalizationValue: Bytes
  readonly hashAlgorithm: HashName
  readonly publicKeyHashAlgorithm: HashName
  readonly instanceId: Bytes | undefined
  readonly memoryEncryptionPolicy: 'shared' | 'private' | undefined
}

/** A decoded CCA token. Not verified: for display only. */
export interface CcaEvidence {
  readonly wrapper: 399 | 907
  readonly platform: CcaPlatformClaims
  readonly realm: CcaRealmClaims
}

/** A decoded CCA token with what its verification needs. */
export interface DecodedCca extends CcaEvidence {
  readonly tokens: { readonly platform: CoseToken; readonly realm: CoseToken }
  /** The hash of the realm's key that the platform has signed. */
  readonly binding: Bytes
  /** The realm's key as the claim has it: what is hashed. */
  readonly keyContent: Bytes
  readonly realmKey: PublicKey
}

/**
 * Reads a CCA token for display. **Nothing that it returns is verified**: anyone can write such a
 * token. Use `verifyCca` to decide anything.
 * @param evidence a collection of a platform token and a realm token under tag 399 or 907, at most
 *   65,536 bytes
 * @throws VerificationError `token-…`, `outer-cbor`, `cose-…`, `payload-…` or `realm-key` when the
 *   bytes are not a well-formed token
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function decodeCcaEvidence(evidence: Uint8Array): CcaEvidence {
  const { wrapper, platform, realm } = decodeCca(copyEvidence(evidence), recordChecks())
  return Object.freeze({ wrapper, platform, realm })
}

/** @throws VerificationError as {@link decodeCcaEvidence} does */
export function decodeCca(evidence: Bytes, checks: CheckRecorder): DecodedCca {
  const wrapped = unwrapTokens(evidence, checks)
  const tokens = {
    platform: decodeSigned(wrapped.platform, 'platform token', checks),
    realm: decodeSigned(wrapped.realm, 'realm token', checks),
  }
  const claims = checks.decodes('payload-cbor', 'claims of both tokens', () => ({
    platform: decodeClaims(tokens.platform.payload, 'platform token'),
    realm: decodeClaims(tokens.realm.payload, 'realm token'),
  }))
  const profile = checks.decodes('token-profile', 'profiles of both tokens', () =>
    profileOf(claims.platform, claims.realm),
  )
  const { platform, binding } = checks.decodes('payload-field-value', 'claims of the platform token', () =>
    readPlatform(claims.platform, profile),
  )
  const { realm, keyContent } = checks.decodes('payload-field-value', 'claims of the realm token', () =>
    readRealm(claims.realm, profile),
  )
  const realmKey = checks.decodes('realm-key', 'key of the realm token', () =>
    realmKeyOf(keyContent, profile.realm === undefined),
  )
  return { wrapper: wrapped.wrapper, tokens, platform, realm, binding, keyContent, realmKey }
}

function decodeSigned(bytes: Bytes, name: string, checks: CheckRecorder): CoseToken {
  const token = checks.decodes('cose-shape', `${name}: COSE_Sign1`, () => decodeCoseToken(bytes, name))
  checks.decodes('cose-tag', `${name}: tag`, {
    holds: token.kind === 'signature',
    expected: '18 (COSE_Sign1)',
    found: token.kind === 'signature' ? '18' : '17',
  })
  checkSignatureAlgorithm(token, checks)
  return token
}

function readPlatform(
  claims: Claims,
  { platform: profile, binding, hasClientId }: Profile,
): { readonly platform: CcaPlatformClaims; readonly binding: Bytes } {
  if (binding !== challengeKey && claims.map.has(challengeKey[0]))
    throw wrongValue(`${claims.name}: ${challengeKey[1]} (${challengeKey[0]})`, 'nothing in this profile', 'a value')
  const hashAlgorithm = claim(claims, [2402, 'hash algorithm'], readHashName)
  const clientId = [2394, 'client id'] as const
  const platform = Object.freeze({
    profile,
    implementationId: claim(claims, [2396, 'implementation id'], bytesOf(32)),
    instanceId: claim(claims, [256, 'instance id'], readInstanceId),
    config: claim(claims, [2401, 'config'], bytesOf()),
    ...claim(claims, [2395, 'lifecycle'], readLifecycle),
    hashAlgorithm,
    softwareComponents: claim(
      claims,
      [2399, 'software components'],
      arrayOf(1, 256, (value, subject) => componentOf(readMap(value, subject), hashAlgorithm)),
    ),
    verificationService: optionalClaim(claims, [2400, 'verification service'], readText),
    clientId: hasClientId
      ? claim(claims, clientId, integerOf(1, 1))
      : optionalClaim(claims, clientId, integerOf(-(2 ** 31), 2 ** 31 - 1)),
  })
  return { platform, binding: claim(claims, binding, readDigest) }
}

function readRealm(
  claims: Claims,
  { realm: profile }: Profile,
): { readonly realm: CcaRealmClaims; readonly keyContent: Bytes } {
  // Until October 2025 the policy had the number that the wrapper uses for the realm token.
  const policyKey = claims.map.has(44243) ? 44243 : 44241
  const realm = Object.freeze({
    profile,
    challenge: claim(claims, challengeKey, bytesOf(64)),
    rim: claim(claims, [44238, 'RIM'], readDigest),
    rems: claim(claims, [44239, 'REMs'], arrayOf(4, 4, readDigest)),
    personalizationValue: claim(claims, [44235, 'personalization value'], bytesOf(64)),
    hashAlgorithm: claim(claims, [44236, 'hash algorithm'], readHashName),
    publicKeyHashAlgorithm: claim(claims, [44240, 'hash algorithm of the key'], readHashName),
    instanceId: optionalClaim(claims, [256, 'instance id'], readInstanceId),
    memoryEncryptionPolicy: optionalClaim(claims, [policyKey, 'memory encryption policy'], (value, subject) => {
      if (value === 0 || value === 'shared') return 'shared' as const
      if (value === 1 || value === 'private') return 'private' as const
      throw wrongValue(subject, '0, 1, shared or private', typeof value === 'number' ? `${value}` : typeof value)
    }),
  })
  return { realm, keyContent: claim(claims, [44237, 'public key'], bytesOf()) }
}
