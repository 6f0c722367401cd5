/**
 * What a caller says about the application that it expects.
 */
import { type Matched, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import type { Check } from '../../../core/check.ts'
import { isPlainObject, itemsOf, knownOptions, requireText, requireOption, snapshotOf } from '../../../core/options.ts'
import { type Clock, readSkew, readTime } from '../../../core/time.ts'
import { isKeyOf, p256 } from '../../../crypto/algorithms.ts'
import { type Bytes, givenBytes } from '../../../encoding/bytes.ts'
import { readAnchors, type TrustAnchor } from '../../../x509/trust-anchor.ts'
import { allowDebug } from '../../options.ts'
import { appleRoots } from '../profile.ts'

/** One accepted application. */
export interface AppAttestReferenceValues {
  /** Comes back in the result. */
  readonly name?: string
  /** Team and bundle: `ABCDE12345.com.example.app`. */
  readonly appId: string
}

/** What attestations and assertions are asked alike. */
interface SharedOptions {
  /**
   * Exactly the bytes whose SHA-256 the application gave to the phone. Your challenge must be in
   * them: nothing else says that this is new.
   */
  readonly clientData: Uint8Array
  /**
   * The applications that are accepted: any one must match. To accept any, pass
   * `skipReferenceValues`.
   */
  readonly referenceValues: AppAttestReferenceValues | readonly AppAttestReferenceValues[] | typeof skipReferenceValues
  /** The time to verify at. Default: the clock, read once. */
  readonly now?: Date
  /**
   * Called with every check as soon as it was made. What it throws, the verifier throws. Default:
   * none.
   */
  readonly trace?: (check: Check) => void
}

/** Options of `verifyAppAttest`. */
export interface AppAttestOptions extends SharedOptions {
  /**
   * What the application calls the key: 32 bytes. Default: what the attestation says, which must be
   * the digest of its key.
   */
  readonly keyId?: Uint8Array
  /**
   * Attestations of applications in development are refused unless this is `allowDebug`. Default:
   * refused.
   */
  readonly debug?: typeof allowDebug
  /** Root certificates, DER, of which name and key count. Default: Apple's. */
  readonly trustAnchors?: readonly Uint8Array[]
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
}

/** Options of `verifyAppAttestAssertion`. */
export interface AppAttestAssertionOptions extends SharedOptions {
  /** `result.publicKey` of the attestation: SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /**
   * The counter of the last assertion that you accepted from this key; 0 after its attestation.
   * Keep `claims.counter` of this one.
   */
  readonly previousCounter: number
}

/** An application, checked and copied. */
export interface ExpectedApplication {
  readonly label: Matched
  readonly appId: string
}

interface SharedPolicy {
  readonly clientData: Bytes
  readonly applications: readonly ExpectedApplication[] | typeof skipReferenceValues
  readonly clock: Clock
  readonly trace: ((check: Check) => void) | undefined
}

/** {@link AppAttestOptions}, checked and copied. */
export interface AppAttestPolicy extends SharedPolicy {
  readonly keyId: Bytes | undefined
  readonly debug: boolean
  readonly anchors: readonly TrustAnchor[]
}

/** {@link AppAttestAssertionOptions}, checked and copied. */
export interface AssertionPolicy extends SharedPolicy {
  readonly publicKey: Bytes
  readonly previousCounter: number
}

const shared = ['clientData', 'referenceValues', 'now', 'trace'] as const

/** @throws TypeError for every mistake that a caller can make */
export function readAppAttestOptions(options: AppAttestOptions): AppAttestPolicy {
  const own = knownOptions<AppAttestOptions>(options, [...shared, 'keyId', 'debug', 'trustAnchors', 'clockSkewSeconds'])
  const { debug } = own
  requireOption('debug', 'allowDebug', debug === undefined || debug === allowDebug)
  const keyId = own.keyId === undefined ? undefined : givenBytes(own.keyId)
  requireOption('keyId', '32 bytes (Uint8Array)', keyId === undefined || keyId.length === 32)
  return {
    ...readShared(own, own.clockSkewSeconds),
    keyId,
    debug: debug === allowDebug,
    anchors: own.trustAnchors === undefined ? appleRoots() : readAnchors(own.trustAnchors),
  }
}

/** @throws TypeError for every mistake that a caller can make */
export function readAssertionOptions(options: AppAttestAssertionOptions): AssertionPolicy {
  const own = knownOptions<AppAttestAssertionOptions>(options, [...shared, 'publicKey', 'previousCounter'])
  const publicKey = givenBytes(own.publicKey)
  requireOption('publicKey', 'the publicKey of an attestation: P-256, DER', isKeyOf(publicKey, p256))
  const { previousCounter } = own
  const isCounter = Number.isInteger(previousCounter) && (previousCounter as number) >= 0
  requireOption('previousCounter', '0 to 4294967295', isCounter && (previousCounter as number) < 2 ** 32)
  return { ...readShared(own, 0), publicKey, previousCounter: previousCounter as number }
}

function readShared({ clientData, referenceValues, now, trace }: Partial<SharedOptions>, skew: unknown): SharedPolicy {
  const data = givenBytes(clientData)
  requireOption('clientData', 'bytes (Uint8Array)', data.length > 0)
  requireOption('trace', 'a function', trace === undefined || typeof trace === 'function')
  requireOption('now', 'a Date', now === undefined || now instanceof Date)
  return {
    clientData: data,
    applications: readApplications(referenceValues),
    clock: { now: readTime(now), skewMs: readSkew(skew) },
    trace,
  }
}

function readApplications(input: unknown): SharedPolicy['applications'] {
  if (input === skipReferenceValues) return skipReferenceValues
  const list = Array.isArray(input) ? itemsOf(input) : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => {
    const path = `referenceValues[${i}]`
    requireOption(path, 'an object with appId', isPlainObject(entry))
    const { name, appId, ...others } = snapshotOf<AppAttestReferenceValues>(entry, path)
    const [other] = Object.keys(others)
    requireOption(`${path}.${other}`, 'name or appId', other === undefined)
    requireText(name, `${path}.name`)
    if (typeof appId !== 'string' || !/.\../.test(appId)) throw new TypeError(`${path}.appId must be team and bundle`)
    return { label: name ?? i, appId }
  })
}
