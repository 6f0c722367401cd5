/**
 * Results of other verifiers: from a token to a result that only an authentic, current, affirming
 * one can produce.
 */
import { type NonceFreshness, readNonce } from '../appraisal/expectations.ts'
import type { Check } from '../core/check.ts'
import { itemsOf, knownOptions, requireOption } from '../core/options.ts'
import { type CheckRecorder, recordChecks, stopwatch } from '../core/record.ts'
import { type AttestationResult, attestationResult } from '../core/result.ts'
import { type Clock, iso, lastMoment, readSkew, readTime } from '../core/time.ts'
import { isKeyOf, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { isSignedBy } from '../crypto/raw-signature.ts'
import { fromBase64Url, toBase64Url } from '../encoding/base64url.ts'
import { type Bytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import {
  draft4,
  type EarContent,
  type EarProfile,
  type EarSubmodule,
  isEarProfile,
  profileOf,
  readEar,
} from './ear-claims.ts'
import { decodeJws, decodePayload, type Jws, jwsAlgorithms } from './jws.ts'
import type { EarStatus } from './trust-vector.ts'

/** What {@link verifyEar} takes besides the token. Unknown options are a `TypeError`. */
export interface VerifyEarOptions {
  /**
   * Keys of the verifiers that you trust, DER SubjectPublicKeyInfo on P-256, P-384 or P-521; 1 to
   * 16. Keys in a token are not looked at.
   */
  readonly keys: readonly Uint8Array[]
  /**
   * `{ nonce }`: 8 to 64 bytes that you made for this one request. Without one any current token
   * passes, a replayed one too: `skipFreshness`.
   */
  readonly freshness: NonceFreshness
  /**
   * Submodules that must be there and affirming. Default: every one that is there, whatever they
   * are.
   */
  readonly submodules?: readonly string[]
  /** Dialects that you accept. Default: that of draft -04 alone. */
  readonly profiles?: readonly EarProfile[]
  /** Default: the clock, read once. */
  readonly now?: Date
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
  /**
   * Called with every check as soon as it was made. What it throws, the verifier throws. Default:
   * none.
   */
  readonly trace?: (check: Check) => void
}

/** What a verified attestation result says. */
export interface EarResultClaims {
  readonly profile: EarProfile
  readonly issuedAt: Date
  readonly expiresAt: Date | undefined
  /** Who says so. */
  readonly verifierId: { readonly developer: string; readonly build: string }
  /** Of the whole; `undefined` where only submodules have one. */
  readonly status: EarStatus | undefined
  /** The nonce that it answers; `undefined` where it says none, or several that differ. */
  readonly nonce: Uint8Array | undefined
  /** By label; inherits nothing. */
  readonly submodules: Readonly<Record<string, EarSubmodule>>
}

/** What {@link verifyEar} returns. */
export type EarResult = AttestationResult<'ear', EarResultClaims>

/** Without an end of its own, a result is due again after a day. */
const dayMs = 86_400_000

/**
 * Verifies an attestation result (EAR, draft-ietf-rats-ear) that another verifier signed as a JSON
 * Web Token.
 *
 * Proves: one of `keys` signed exactly this, it is current, answers `freshness`, and calls every
 * one of `submodules` affirming. Does not prove that the attester is what it is said to be: you
 * believe the verifier and its policies instead of evidence. Never give a page the key of a
 * verifier that runs in that page.
 *
 * @param token in compact form, at most 262,144 characters
 * @throws VerificationError `ear-format`, `ear-alg`, `ear-signature`, `ear-profile`, `ear-validity`
 * @throws AppraisalError `policy-nonce`, `policy-ear-status`
 * @throws TypeError when the options are wrong
 * @example
 * ```ts
 * const { claims } = await verifyEar(token, { keys: [spki], freshness: { nonce }, submodules: ['CCA_REALM'] })
 * ```
 */
export async function verifyEar(token: string, options: VerifyEarOptions): Promise<EarResult> {
  // 0. The caller's own mistakes: TypeError, before a byte of the token is read.
  requireOption('token', 'text', typeof token === 'string')
  const policy = readOptions(options)
  const checks = recordChecks(policy.trace)

  // 1. The token: shape and bounds. Not one claim is read yet.
  const jws = checks.decodes('ear-format', 'JSON Web Token', () => decodeJws(token))

  // 2. Authenticity: one of the caller's keys signed exactly these bytes.
  const startedAt = stopwatch()
  checks.verifies('ear-signature', 'signature', {
    holds: await isSigned(jws, policy.keys),
    otherwise: `none of ${policy.keys.length} keys made this ${jws.algorithm.name} signature`,
    startedAt,
  })

  // 3. What it says: its profile first, then claims in that dialect.
  const claims = checks.decodes('ear-format', 'claims', () => decodePayload(jws.payload))
  const profile = checks.decodes('ear-profile', 'profile', () => profileOf(claims, policy.profiles))
  const ear = checks.decodes('ear-format', 'claims of the profile', () => readEar(claims, profile))

  // 4. It holds now.
  checkValidity(ear, policy.clock, checks)

  // 5. Appraisal: the verifier's word. Is it what the caller expects?
  appraiseNonce(ear, policy.nonce, checks)
  appraiseSubmodules(ear, policy.submodules, checks)

  // 6. Only here does a result exist, and only if no appraisal failed.
  const until = Math.min(endOf(ear), policy.clock.now + dayMs)
  return attestationResult('ear', resultClaims(ear), checks, {
    clock: policy.clock,
    timestamp: new Date(ear.issuedAt * 1000),
    validUntil: until,
    matched: undefined,
    publicKey: undefined,
  })
}

/** Whether any of the keys that fit the algorithm made the signature. */
async function isSigned({ algorithm, signature, signed }: Jws, keys: readonly Bytes[]): Promise<boolean> {
  if (signature.length !== 2 * algorithm.key.coordinateSize) return false
  const fitting = keys.filter((key) => isKeyOf(key, algorithm.key))
  const held = await Promise.all(fitting.map((key) => isSignedBy(key, algorithm, signature, signed)))
  return held.includes(true)
}

/**
 * From `iat` and `nbf` on, until before `exp`; each may be off by the clock's skew. Fails with
 * `ear-validity`.
 */
function checkValidity(ear: EarContent, { now, skewMs }: Clock, checks: CheckRecorder): void {
  const from = 1000 * Math.max(ear.issuedAt, ear.notBefore ?? 0)
  const isPast = (ms: number): boolean => ms > lastMoment
  const text = (ms: number): string => (isPast(ms) ? 'the year 10000' : iso(ms))
  checks.verifies('ear-validity', 'validity', {
    holds: !isPast(from) && now >= from - skewMs && now < endOf(ear) + skewMs,
    expected: `${text(from)} until before ${ear.expiresAt === undefined ? 'any time' : text(endOf(ear))}`,
    found: iso(now),
  })
}

const endOf = ({ expiresAt }: EarContent): number => (expiresAt === undefined ? Infinity : 1000 * expiresAt)

/** There is one, and wherever one is, it is this one. Fails with `policy-nonce`. */
function appraiseNonce({ nonces }: EarContent, nonce: Bytes | undefined, checks: CheckRecorder): void {
  if (nonce === undefined) {
    checks.omit('policy-nonce', 'skipped', 'freshness skipped')
    return
  }
  const expected = toBase64Url(nonce)
  checks.appraises('policy-nonce', 'eat_nonce', {
    holds: nonces.length > 0 && nonces.every((found) => found === expected),
    expected,
    found: nonces.map((found) => JSON.stringify(found).slice(0, 128)).join(', ') || 'none',
  })
}

/** Fails with `policy-ear-status`, for each submodule that is not affirming. */
function appraiseSubmodules(
  { submodules }: EarContent,
  named: readonly string[] | undefined,
  checks: CheckRecorder,
): void {
  for (const label of named ?? Object.keys(submodules)) {
    const found = submodules[label]?.status ?? 'no such submodule'
    checks.appraises('policy-ear-status', `status of ${JSON.stringify(label)}`, {
      holds: found === 'affirming',
      expected: 'affirming',
      found,
    })
  }
}

function resultClaims(ear: EarContent): EarResultClaims {
  const { profile, issuedAt, expiresAt, verifierId, status, submodules, nonces } = ear
  const [nonce] = new Set(nonces).size === 1 ? nonces.map(fromBase64Url) : []
  return Object.freeze({
    profile,
    issuedAt: new Date(1000 * issuedAt),
    expiresAt: expiresAt === undefined ? undefined : new Date(1000 * Math.min(expiresAt, lastMoment / 1000)),
    verifierId: Object.freeze(verifierId),
    status,
    nonce,
    submodules: deeplyFrozen(submodules),
  })
}

/** Plain data, whose depth the reader of JSON has bounded. */
function deeplyFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  Object.values(value).forEach(deeplyFrozen)
  return Object.freeze(value)
}

interface VerifyPolicy {
  readonly keys: readonly Bytes[]
  readonly nonce: Bytes | undefined
  readonly submodules: readonly string[] | undefined
  readonly profiles: readonly EarProfile[]
  readonly clock: Clock
  readonly trace: ((check: Check) => void) | undefined
}

function readOptions(options: unknown): VerifyPolicy {
  const given = knownOptions<VerifyEarOptions>(options, [
    'keys',
    'freshness',
    'submodules',
    'profiles',
    'now',
    'clockSkewSeconds',
    'trace',
  ])
  const { freshness, submodules, profiles = [draft4], now, clockSkewSeconds, trace } = given
  const keys = itemsOf(given.keys)
  const isKey = (key: unknown): key is Uint8Array =>
    isBytes(key) && jwsAlgorithms.some((algorithm: SignatureAlgorithm) => isKeyOf(key, algorithm.key))
  const isList = keys.length > 0 && keys.length <= 16 && keys.every(isKey)
  requireOption('keys', '1 to 16 DER SubjectPublicKeyInfos on P-256, P-384 or P-521', isList)
  const labels = itemsOf(submodules)
  const isLabels = labels.length > 0 && labels.every((label) => typeof label === 'string')
  // An empty list would accept anything, and one that is there but `undefined` is an expectation
  // that was lost.
  requireOption('submodules', 'labels, at least one', !Object.hasOwn(given, 'submodules') || isLabels)
  const enabled = itemsOf(profiles)
  requireOption('profiles', 'known profiles, at least one', enabled.length > 0 && enabled.every(isEarProfile))
  requireOption('trace', 'a function', trace === undefined || typeof trace === 'function')
  return {
    keys: (keys as Uint8Array[]).map(copyBytes),
    // RFC 9711 section 4.1.
    nonce: readNonce(freshness, '8 to 64', (size) => size >= 8 && size <= 64),
    submodules: Object.hasOwn(given, 'submodules') ? (labels as string[]) : undefined,
    profiles: enabled as readonly EarProfile[],
    clock: { now: readTime(now), skewMs: readSkew(clockSkewSeconds) },
    trace,
  }
}
