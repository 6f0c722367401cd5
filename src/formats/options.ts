/**
 * The options that every verifier takes, read once and checked before a byte of evidence is looked
 * at. What is wrong here is the caller's mistake: a `TypeError`.
 */
import { type FreshnessPolicy, skipFreshness } from '../appraisal/freshness.ts'
import { type Clock, readSkew, readTime } from '../core/time.ts'
import { type Bytes, copyBytes, givenBytes, isBytes } from '../encoding/bytes.ts'
import type { Check } from '../core/check.ts'
import { fingerprint } from '../crypto/digest.ts'
import { isPlainObject, knownOptions, requireOption, snapshotOf } from '../core/options.ts'
import { type Memory, openMemory } from '../crypto/memory.ts'
import type { EndorsementCache } from '../x509/endorsement-cache.ts'

/**
 * Pass it as `now` to verify evidence as of its own time, for archives. The result proves the past
 * only, and says so in `timeSource`.
 */
export const atEvidenceTime: unique symbol = /* @__PURE__ */ Symbol.for('veritee.atEvidenceTime')

/**
 * Pass it as `debug` to accept evidence of a debug enclave, whose memory its operator can read.
 * Never do so in production.
 */
export const allowDebug: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowDebug')

/** How the caller knows that evidence is from now: a nonce, an age, or both. Required. */
export type Freshness =
  | { readonly nonce: Uint8Array; readonly maxAgeSeconds?: number }
  | { readonly maxAgeSeconds: number }
  | typeof skipFreshness

/**
 * Options of every verifier. Unknown options are a `TypeError`, so that a misspelt expectation
 * cannot go unchecked.
 */
export interface VerifierOptions {
  /**
   * Root certificates, DER, matched byte for byte. Default: the vendor's, pinned in this library.
   */
  readonly trustAnchors?: readonly Uint8Array[]
  /** The time to verify at. Default: the clock, read once. */
  readonly now?: Date | typeof atEvidenceTime
  /**
   * How far clocks may be apart, 0 to 86400. Default 300: enclaves have no NTP. Not used with
   * {@link atEvidenceTime}.
   */
  readonly clockSkewSeconds?: number
  /**
   * A `Map` of yours that spares reading endorsements that were seen before, and checking their
   * signatures: issuers, and what Intel and AMD publish. Default: none.
   */
  readonly endorsementCache?: EndorsementCache
  /**
   * Called with every check as soon as it was made. What it throws, the verifier throws. Default:
   * none.
   */
  readonly trace?: (check: Check) => void
}

/** Options of verifiers of evidence that is dated and carries a nonce. */
export interface CommonOptions extends VerifierOptions {
  /**
   * `{ nonce }`: 1 to 1024 bytes that you made for this one request (32 random ones are right);
   * proves freshness without trusting a clock. `{ maxAgeSeconds }`: for evidence that was fetched
   * without a nonce. `{ nonce, maxAgeSeconds }`: both must hold. To go without either, pass
   * {@link skipFreshness}.
   */
  readonly freshness: Freshness
}

/** {@link VerifierOptions}, checked, copied and complete. */
export interface VerifierPolicy {
  /** SHA-256 of each root certificate that is trusted, lower-case hexadecimal. */
  readonly roots: readonly string[]
  /** `undefined` in archive mode: {@link atEvidenceTime}. */
  readonly clock: Clock | undefined
  /** What the caller's cache holds, for this one verification. */
  readonly memory: Memory | undefined
  readonly trace: ((check: Check) => void) | undefined
}

/** {@link CommonOptions}, checked, copied and complete. */
export interface CommonPolicy extends VerifierPolicy {
  readonly freshness: FreshnessPolicy
}

const commonNames = [
  'trustAnchors',
  'now',
  'clockSkewSeconds',
  'endorsementCache',
  'trace',
] as const satisfies readonly (keyof VerifierOptions)[]

/**
 * {@link knownOptions} of a verifier.
 * @param names the options of this format, beside the common ones
 * @throws TypeError when `options` is no plain object or has a property that is not known
 */
export function snapshotOptions<T extends object>(options: T, names: readonly (keyof T & string)[]): Partial<T> {
  return knownOptions<T>(options, [...commonNames, ...names] as readonly (keyof T & string)[])
}

/**
 * @param pinnedRoots SHA-256 of the vendor's root certificates, lower-case hexadecimal
 * @throws TypeError
 */
export async function readVerifierOptions(
  options: Partial<VerifierOptions>,
  ...pinnedRoots: readonly string[]
): Promise<VerifierPolicy> {
  const { trustAnchors, now, clockSkewSeconds, endorsementCache, trace } = options
  const skewMs = readSkew(clockSkewSeconds)
  requireOption('trace', 'a function', trace === undefined || typeof trace === 'function')
  requireOption('endorsementCache', 'a Map', endorsementCache === undefined || endorsementCache instanceof Map)
  return {
    clock: now === atEvidenceTime ? undefined : { now: readTime(now), skewMs },
    memory: endorsementCache && openMemory(endorsementCache),
    trace,
    // Last: nothing of the caller's is read after a wait.
    roots:
      trustAnchors === undefined ? pinnedRoots : await Promise.all(readTrustAnchors(trustAnchors).map(fingerprint)),
  }
}

/**
 * A private copy of the evidence: what is verified cannot be changed while a signature check is
 * awaited. @throws TypeError
 */
export function copyEvidence(evidence: Uint8Array): Bytes {
  requireOption('evidence', 'a Uint8Array', isBytes(evidence))
  return copyBytes(evidence)
}

/**
 * Bytes that the evidence must carry. An option that is there but `undefined` would go unchecked
 * unnoticed. @throws TypeError
 */
export function readExpectedBytes<K extends string>(
  options: Partial<Record<K, Uint8Array>>,
  name: K,
): Bytes | undefined {
  return Object.hasOwn(options, name) ? readBytes(options[name], name) : undefined
}

/** Bytes of a field of evidence; an empty expectation would be met by a field that says nothing. */
function readBytes(value: unknown, name: string): Bytes {
  const bytes = givenBytes(value)
  requireOption(name, '1 to 1024 bytes (Uint8Array)', bytes.length > 0 && bytes.length <= 1024)
  return bytes
}

/** @throws TypeError */
export function readFreshness({ freshness, now }: Partial<CommonOptions>): FreshnessPolicy {
  if (freshness === skipFreshness) return { nonce: undefined, maxAgeSeconds: undefined }
  const own = isPlainObject(freshness) ? snapshotOf<Record<string, unknown>>(freshness, 'freshness') : {}
  const names = Object.keys(own)
  requireOption(
    'freshness',
    '{ nonce }, { maxAgeSeconds }, { nonce, maxAgeSeconds } or skipFreshness',
    names.length > 0 && names.every((name) => name === 'nonce' || name === 'maxAgeSeconds'),
  )
  return {
    nonce: names.includes('nonce') ? readBytes(own['nonce'], 'nonce') : undefined,
    maxAgeSeconds: names.includes('maxAgeSeconds') ? readMaximumAge(own['maxAgeSeconds'], now) : undefined,
  }
}

function readMaximumAge(value: unknown, now: unknown): number {
  const seconds = readPositive(value, 'maxAgeSeconds')
  // At its own time, evidence has no age: the check would always pass.
  requireOption('now', 'a Date with maxAgeSeconds', now !== atEvidenceTime)
  return seconds
}

/** @throws TypeError unless `value` is a finite number above 0 */
export function readPositive(value: unknown, name: string): number {
  requireOption(name, 'a positive number', typeof value === 'number' && value > 0 && value < Infinity)
  return value as number
}

function readTrustAnchors(trustAnchors: unknown): Bytes[] {
  const list: Bytes[] = Array.isArray(trustAnchors) ? trustAnchors.map(givenBytes) : []
  // A SEQUENCE: enough to tell DER from PEM. What else it is does not matter, for it is only ever
  // compared.
  requireOption('trustAnchors', 'certificates in DER', list.length > 0 && list.every(([tag]) => tag === 0x30))
  return list
}
