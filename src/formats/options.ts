/**
 * The options that every verifier takes, read once and checked before a byte of evidence is looked at. Whatever is wrong here is the caller's
 * mistake: a `TypeError`.
 */
import type { FreshnessPolicy } from '../appraisal/freshness.ts'
import { skipFreshness } from '../appraisal/freshness.ts'
import { type Bytes, copyBytes, isBytes } from '../encoding/bytes.ts'
import type { Check } from '../trace.ts'
import { decodeCertificate } from '../x509/certificate.ts'
import type { EndorsementCache, IssuerMemory } from '../x509/endorsement-cache.ts'

/** Pass it as `now` to verify evidence as of its own time, for archives. The result proves the past only, and says so in `timeSource`. */
export const atEvidenceTime: unique symbol = /* @__PURE__ */ Symbol.for('veritee.atEvidenceTime')

/** Pass it as `debug` to accept evidence of a debug enclave, whose memory its operator can read. Never do so in production. */
export const allowDebug: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowDebug')

/** How the caller knows that evidence is from now: required, one of three. */
export type Freshness = { readonly nonce: Uint8Array } | { readonly maxAgeSeconds: number } | typeof skipFreshness

/** Options of every verifier. Unknown options are a `TypeError`, so that a misspelt expectation cannot go unchecked. */
export interface CommonOptions {
  /**
   * `{ nonce }`: 1 to 1024 bytes that you made for this one request (32 random ones are right); proves freshness without trusting a clock.
   * `{ maxAgeSeconds }`: for evidence that was fetched without a nonce. To go without either, pass {@link skipFreshness}.
   */
  readonly freshness: Freshness
  /** Root certificates, DER, matched byte for byte. Default: the vendor's, pinned in this library. */
  readonly trustAnchors?: readonly Uint8Array[]
  /** The time to verify at. Default: the clock, read once. */
  readonly now?: Date | typeof atEvidenceTime
  /** How far clocks may be apart, 0 to 86400. Default 300: enclaves have no NTP. Not used with {@link atEvidenceTime}. */
  readonly clockSkewSeconds?: number
  /** Made by `createEndorsementCache`: spares the signature checks of issuers seen before. Default: none. */
  readonly endorsementCache?: EndorsementCache
  /** Called with every check as soon as it was made. What it throws, the verifier throws. */
  readonly trace?: (check: Check) => void
}

/** {@link CommonOptions}, checked, copied and complete. */
export interface CommonPolicy {
  readonly freshness: FreshnessPolicy
  readonly trustAnchors: readonly Bytes[]
  readonly now: number | typeof atEvidenceTime
  readonly skewMs: number
  readonly endorsementCache: IssuerMemory | undefined
  readonly trace: ((check: Check) => void) | undefined
}

export const commonOptionNames: readonly (keyof CommonOptions)[] = [
  'freshness',
  'trustAnchors',
  'now',
  'clockSkewSeconds',
  'endorsementCache',
  'trace',
]

/**
 * Reads each own property of `options` exactly once: a getter that changes its mind, or a later change, has no effect.
 * @throws TypeError when `options` is no object or has a property that is not in `names`
 */
export function snapshotOptions<T extends object>(options: T, names: readonly (keyof T & string)[]): Partial<T> {
  if (typeof options !== 'object' || (options as unknown) === null) throw new TypeError('options must be an object')
  const snapshot: Partial<T> = {}
  for (const key of Object.keys(options)) {
    const name = names.find((known) => known === key)
    if (name === undefined) throw new TypeError(`unknown option ${JSON.stringify(key)}; known are ${names.join(', ')}`)
    snapshot[name] = options[name]
  }
  return snapshot
}

/** @throws TypeError */
export function readCommonOptions(options: Partial<CommonOptions>, pinnedRoot: Bytes): CommonPolicy {
  const { trustAnchors, now, clockSkewSeconds = 300, endorsementCache, trace } = options
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= 86_400)) {
    throw new TypeError('clockSkewSeconds must be a number from 0 to 86400')
  }
  if (trace !== undefined && typeof trace !== 'function') throw new TypeError('trace must be a function')
  if (endorsementCache !== undefined && typeof (endorsementCache as IssuerMemory | null)?.add !== 'function') {
    throw new TypeError('endorsementCache must come from createEndorsementCache')
  }
  return {
    freshness: readFreshness(options.freshness, now),
    trustAnchors: trustAnchors === undefined ? [pinnedRoot] : readTrustAnchors(trustAnchors),
    now: now === atEvidenceTime ? now : readTime(now),
    skewMs: clockSkewSeconds * 1000,
    endorsementCache: endorsementCache as IssuerMemory | undefined,
    trace,
  }
}

/** A private copy of the evidence: what is verified cannot be changed while a signature check is awaited. @throws TypeError */
export function copyEvidence(evidence: Uint8Array): Bytes {
  if (!isBytes(evidence)) throw new TypeError('evidence must be a Uint8Array')
  return copyBytes(evidence)
}

/** Bytes that the evidence must carry. An option that is there but `undefined` would go unchecked unnoticed. @throws TypeError */
export function readExpectedBytes<K extends string>(
  options: Partial<Record<K, Uint8Array>>,
  name: K,
): Bytes | undefined {
  if (!Object.hasOwn(options, name)) return undefined
  const value: unknown = options[name]
  if (!isBytes(value) || value.length === 0) {
    throw new TypeError(`${name} must be a Uint8Array that is not empty; leave the option out to expect nothing`)
  }
  return copyBytes(value)
}

/** @throws TypeError */
export function readDebug(debug: unknown): boolean {
  if (debug !== undefined && debug !== allowDebug)
    throw new TypeError('debug must be the symbol allowDebug, or left out')
  return debug === allowDebug
}

function readFreshness(freshness: unknown, now: unknown): FreshnessPolicy {
  if (freshness === skipFreshness) return freshness
  const wanted = 'freshness must be { nonce }, { maxAgeSeconds } or the symbol skipFreshness'
  if (typeof freshness !== 'object' || freshness === null || Object.keys(freshness).length !== 1)
    throw new TypeError(wanted)
  const [[name, value]] = Object.entries(freshness) as [[string, unknown]]
  if (name === 'nonce') {
    if (!isBytes(value) || value.length === 0 || value.length > 1024) {
      throw new TypeError('freshness.nonce must be a Uint8Array of 1 to 1024 bytes')
    }
    return { nonce: copyBytes(value) }
  }
  if (name !== 'maxAgeSeconds') throw new TypeError(wanted)
  if (typeof value !== 'number' || !(value > 0) || value === Infinity) {
    throw new TypeError('freshness.maxAgeSeconds must be a positive, finite number')
  }
  if (now === atEvidenceTime) {
    throw new TypeError(
      'freshness.maxAgeSeconds needs a clock: at its own time, evidence has no age. Pass skipFreshness, or a nonce',
    )
  }
  return { maxAgeSeconds: value }
}

function readTime(now: unknown): number {
  if (now === undefined) return Date.now()
  try {
    // The intrinsic getter reads an internal slot: a Date of any realm passes, a look-alike does not.
    const time = Date.prototype.getTime.call(now as Date)
    if (Number.isFinite(time)) return time
  } catch {
    // Not a Date: the same mistake as an invalid one.
  }
  throw new TypeError('now must be a valid Date or the symbol atEvidenceTime')
}

function readTrustAnchors(trustAnchors: unknown): Bytes[] {
  if (!Array.isArray(trustAnchors) || trustAnchors.length === 0) {
    throw new TypeError(
      'trustAnchors must be a list of at least one DER certificate; leave the option out to use the pinned root',
    )
  }
  return trustAnchors.map((anchor: unknown, i) => {
    const name = `trustAnchors[${i}]`
    if (!isBytes(anchor)) throw new TypeError(`${name} must be a Uint8Array`)
    const der = copyBytes(anchor)
    try {
      decodeCertificate(der, name)
    } catch (cause) {
      throw new TypeError(`${name} is not a DER certificate`, { cause })
    }
    return der
  })
}
