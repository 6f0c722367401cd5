/**
 * Results of this library as EAT Attestation Results (EAR, draft-ietf-rats-ear-04), for others to
 * read.
 */
import { isPlainObject, itemsOf, knownOptions, readOwn, requireOption, snapshotOf } from '../core/options.ts'
import { type AttestationResult, isAttestationResult } from '../core/result.ts'
import { readTime } from '../core/time.ts'
import type { CryptoKey } from '../crypto/keys.ts'
import { toBase64Url } from '../encoding/base64url.ts'
import { decodeJson, type JsonObject } from '../encoding/json.ts'
import { draft4, profileOf, readEar } from './ear-claims.ts'
import { jwsAlgorithms, signJws } from './jws.ts'
import { amd } from './trust/amd.ts'
import { android } from './trust/android.ts'
import { arm } from './trust/arm.ts'
import { type Attester, hasPassed, only, type Rows, vectorOf } from './trust/attester.ts'
import { aws } from './trust/aws.ts'
import { intel } from './trust/intel.ts'
import { type EarStatus, statusOfVector, type TrustworthinessVector, worstOf } from './trust-vector.ts'

/** A claims-set of draft -04, as JSON has it. */
export interface EarClaims {
  readonly eat_profile: 'tag:ietf.org,2026:rats/ear#04'
  /** Unix seconds. */
  readonly iat: number
  readonly exp: number
  readonly ear_verifier_id: { readonly developer: string; readonly build: string }
  readonly ear_status: EarStatus
  /** By label. */
  readonly submods: Readonly<Record<string, EarAppraisal>>
}

/** What is said of one environment. */
export interface EarAppraisal {
  readonly ear_status: EarStatus
  readonly ear_trustworthiness_vector: TrustworthinessVector
  readonly ear_appraisal_policy_ids: readonly string[]
  /** What the evidence answered, base64url, where that was checked. */
  readonly eat_nonce?: string
}

/** What {@link toEar} takes besides the result. Unknown options are a `TypeError`. */
export interface ToEarOptions {
  /** Who wrote the verifier, like `https://example.com`. */
  readonly developer: string
  /** Which version it is, like `veritee 0.2.0`. */
  readonly build: string
  /**
   * URIs or hashes of the policies that the evidence was appraised by: your options, by a name that
   * the reader knows.
   */
  readonly policyIds: readonly string[]
  /** Default: the clock, read once. */
  readonly now?: Date
  /**
   * How long others may rely on it, 1 to 86400. Default 300. Never longer than the results hold.
   */
  readonly expiresInSeconds?: number
  /**
   * Labels of submodules by format; `cca` is the realm, `cca-platform` the platform below it.
   * Default: the usual ones.
   */
  readonly submodules?: Readonly<Record<string, string>>
}

/**
 * Says in the words of EAR what a verifier of this library has found out: a status and a
 * trustworthiness vector for each environment that attested.
 *
 * Proves nothing to others: a page that makes a result can make any. It is a report, for logs and
 * for parties that trust the code that calls this. A claim appears only where the check behind it
 * was made: skipped reference values leave `executables` out, and the status is `none`; an accepted
 * debug mode is `contraindicated`, an accepted state of a platform that is not up to date a
 * `warning`.
 *
 * @param results of this copy of the library, from now: no archives. Several become submodules of
 *   one claims-set
 * @returns frozen; `JSON.stringify` makes the text (`application/eat-ucs+json`)
 * @throws TypeError for what no verifier of this copy made, what does not hold any more, two
 *   submodules of one label, or wrong options
 * @example
 * ```ts
 * const result = await verifyNitro(evidence, nitroOptions)
 * const claims = toEar(result, { developer: 'https://example.com', build: 'shop 1.2', policyIds: ['https://example.com/policy/7'] })
 * ```
 */
export function toEar(results: AttestationResult | readonly AttestationResult[], options: ToEarOptions): EarClaims {
  const policy = readOptions(options)
  const list = Array.isArray(results) ? itemsOf(results) : [results]
  requireOption('results', 'results of verifiers of this library', list.length > 0 && list.every(isAttestationResult))
  const made = list as readonly AttestationResult[]
  const isNow = made.every(({ timeSource, format }) => timeSource === 'clock' && format !== 'ear')
  requireOption('results', 'of evidence, and of now: no archives, and no EARs', isNow)
  const until = Math.min(...made.map(({ validUntil }) => validUntil.getTime()))
  const iat = Math.floor(policy.now / 1000)
  const exp = Math.min(iat + policy.expiresInSeconds, Math.floor(until / 1000))
  requireOption('results', 'still valid', exp > iat)

  const attesters = made.flatMap((result) => attestersOf(result))
  const submods = Object.fromEntries(
    attesters.map((attester) => [labelOf(attester, policy), appraisalOf(attester, policy)]),
  )
  requireOption(
    'results',
    'of different kinds, or named apart by submodules',
    Object.keys(submods).length === attesters.length,
  )
  const statuses = Object.values(submods).map((submodule) => submodule.ear_status)
  const worst = worstOf(statuses)
  return Object.freeze({
    eat_profile: draft4,
    iat,
    exp,
    ear_verifier_id: Object.freeze({ developer: policy.developer, build: policy.build }),
    // Where one was not appraised, there is no verdict on the whole but a bad one.
    ear_status: worst === 'affirming' && statuses.includes('none') ? 'none' : worst,
    submods: Object.freeze(submods),
  })
}

/** What {@link signEar} takes besides the claims. Unknown options are a `TypeError`. */
export interface SignEarOptions {
  /** ECDSA, with the usage `sign`. */
  readonly privateKey: CryptoKey
  /** That of the key: ES256 on P-256, ES384 on P-384, ES512 on P-521. */
  readonly algorithm: 'ES256' | 'ES384' | 'ES512'
  /** A hint for readers that know several keys. Default: none. */
  readonly keyId?: string
}

/**
 * Signs a claims-set as a JSON Web Token. The key is yours and says who you are: others believe it
 * as much as they believe its users. A key inside a page is one that everyone has.
 *
 * @param claims of {@link toEar}, with more claims of your own if you like
 * @returns in compact form, for `verifyEar`
 * @throws TypeError when the claims are none of draft -04, or the key does not fit
 */
export async function signEar(claims: EarClaims, options: SignEarOptions): Promise<string> {
  const given = knownOptions<SignEarOptions>(options, ['privateKey', 'algorithm', 'keyId'])
  const { privateKey, keyId } = given
  const algorithm = jwsAlgorithms.find(({ name }) => name === given.algorithm)
  if (algorithm === undefined) throw new TypeError('algorithm must be ES256, ES384 or ES512')
  const own = privateKey?.algorithm as Partial<EcKeyAlgorithm> | undefined
  const isKey =
    own?.name === 'ECDSA' &&
    own.namedCurve === algorithm.key.name &&
    privateKey?.type === 'private' &&
    privateKey.usages.includes('sign')
  requireOption('privateKey', `an ECDSA private key on ${algorithm.key.name} that may sign`, isKey)
  requireOption('keyId', 'text', keyId === undefined || (typeof keyId === 'string' && keyId !== ''))
  requireOption('claims', 'an object', isPlainObject(claims))
  // What is read is what is signed.
  const text = JSON.stringify(claims)
  readOwn(() => {
    const read = decodeJson(text, { name: 'claims', code: 'ear-format' }) as JsonObject
    return readEar(read, profileOf(read, [draft4]))
  })
  const header = { alg: algorithm.name, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) }
  return signJws(header, text, algorithm, privateKey as CryptoKey)
}

/** A format that has no row of its own: it is genuine, and perhaps what runs there is known. */
function attestersOf(result: AttestationResult): readonly Attester[] {
  const rows: Rows = { ...aws, ...intel, ...amd, ...arm, ...android }
  const { format } = result
  const row = Object.hasOwn(rows, format) ? rows[format] : undefined
  if (row !== undefined) return row(result)
  const { debug } = { ...(result.claims as { readonly debug?: unknown }) }
  const isAppraised = hasPassed(result, 'policy-measurements')
  const vector = vectorOf({
    hardware: 2,
    executables: only(isAppraised, 3),
    'runtime-opaque': only(debug === true, 96),
  })
  return [{ key: format, label: format, isAppraised, vector, nonce: undefined }]
}

function labelOf({ key, label }: Attester, { submodules }: EarPolicy): string {
  return Object.hasOwn(submodules, key) ? (submodules[key] as string) : label
}

function appraisalOf({ vector, isAppraised, nonce }: Attester, { policyIds }: EarPolicy): EarAppraisal {
  const worst = statusOfVector(vector)
  return Object.freeze({
    ear_status: worst === 'affirming' && !isAppraised ? 'none' : worst,
    ear_trustworthiness_vector: Object.freeze(vector),
    ear_appraisal_policy_ids: policyIds,
    // RFC 9711 section 4.1: others are no nonces of an EAT.
    ...(nonce !== undefined && nonce.length >= 8 && nonce.length <= 64 && { eat_nonce: toBase64Url(nonce) }),
  })
}

interface EarPolicy {
  readonly developer: string
  readonly build: string
  readonly policyIds: readonly string[]
  /** Unix milliseconds. */
  readonly now: number
  readonly expiresInSeconds: number
  readonly submodules: Readonly<Record<string, string>>
}

function readOptions(options: unknown): EarPolicy {
  const given = knownOptions<ToEarOptions>(options, [
    'developer',
    'build',
    'policyIds',
    'now',
    'expiresInSeconds',
    'submodules',
  ])
  const { developer, build, now, expiresInSeconds = 300 } = given
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
  requireOption('developer', 'text', isText(developer))
  requireOption('build', 'text', isText(build))
  const policyIds = itemsOf(given.policyIds)
  requireOption('policyIds', 'texts, at least one', policyIds.length > 0 && policyIds.every(isText))
  const isPeriod = Number.isInteger(expiresInSeconds) && expiresInSeconds > 0 && expiresInSeconds <= 86_400
  requireOption('expiresInSeconds', '1 to 86400', isPeriod)
  const submodules = snapshotOf<Record<string, string>>(given.submodules ?? {}, 'submodules')
  requireOption('submodules', 'labels by format', Object.values(submodules).every(isText))
  return {
    developer: developer as string,
    build: build as string,
    policyIds: Object.freeze(policyIds as string[]),
    now: readTime(now),
    expiresInSeconds,
    submodules: submodules as Readonly<Record<string, string>>,
  }
}
