/**
 * What a caller says about the phone, the application and the key that it expects.
 */
import { type Matched, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import {
  type Hex,
  type NonceFreshness,
  readNonce,
  readSizedBytes,
  skipRevocation,
} from '../../../appraisal/expectations.ts'
import type { Check } from '../../../core/check.ts'
import { itemsOf, knownOptions, readFields, requireOption } from '../../../core/options.ts'
import { type Clock, lastMoment, readSkew, readTime } from '../../../core/time.ts'
import { type Bytes, givenBytes, isZero } from '../../../encoding/bytes.ts'
import { type Memory, openMemory } from '../../../crypto/memory.ts'
import type { EndorsementCache } from '../../../x509/endorsement-cache.ts'
import { readAnchors } from '../../../x509/trust-anchor.ts'
import { allowDebug } from '../../options.ts'
import { googleRoots, type Root } from '../profile.ts'

/** What a key may be for. */
export type KeyPurpose = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'wrap' | 'agree' | 'attest'

/** One accepted application. */
export interface AndroidAppReferenceValues {
  /** Comes back in the result. */
  readonly name?: string
  /** The package, or all packages that share one user id: the set must be the same. */
  readonly packageName: string | readonly string[]
  /**
   * SHA-256 of the certificates that it may be signed with, 32 bytes each: every signer of the
   * application must be among them.
   */
  readonly signers: readonly (Hex | Uint8Array)[]
  /** The least version code of every package. */
  readonly minimumVersion?: number
}

/** Google's status list, as text. */
export interface AndroidStatus {
  /**
   * JSON as https://android.googleapis.com/attestation/status answers it. `fetchAndroidStatus` of
   * `veritee/endorsements` fetches it.
   */
  readonly statusList: string
  /**
   * Until when it may be used. A list says nothing of its age itself. Default: it is used as long
   * as you pass it.
   */
  readonly validUntil?: Date
}

/** What the page of the relying party asked for. */
export interface WebAuthnExpectation {
  /** Exactly the bytes that the browser handed out. */
  readonly clientDataJSON: Uint8Array
  /** The relying party's id: a domain. */
  readonly rpId: string
  /** The origins that the page may have. */
  readonly origins: readonly string[]
}

/** Options of `verifyAndroidKey`. */
export interface AndroidKeyOptions {
  /**
   * Your challenge, 1 to 128 bytes, new for every request. To go without, pass `skipFreshness`:
   * anyone who has seen the chain can then show it again.
   */
  readonly freshness: NonceFreshness
  /**
   * The applications that are accepted: any one must match. Android says which asked, the hardware
   * does not know. To accept any, pass `skipReferenceValues`.
   */
  readonly referenceValues:
    AndroidAppReferenceValues | readonly AndroidAppReferenceValues[] | typeof skipReferenceValues
  /**
   * Google's status list. To go without, pass `skipRevocation`: keys that are known to have leaked
   * then pass.
   */
  readonly endorsements: AndroidStatus | typeof skipRevocation
  /** The least that must keep the key. Default: `tee`. */
  readonly securityLevel?: 'tee' | 'strongbox'
  /**
   * SHA-256 of keys that own systems may be signed with: a locked device that booted with one of
   * them is accepted as well. Default: none.
   */
  readonly verifiedBootKeys?: readonly (Hex | Uint8Array)[]
  /** YYYYMM. Default: not checked. */
  readonly minimumOsPatchLevel?: number
  /** YYYYMMDD. Default: not checked. */
  readonly minimumVendorPatchLevel?: number
  /** YYYYMMDD. Default: not checked. */
  readonly minimumBootPatchLevel?: number
  /**
   * What the hardware must let the key do: all of them. Default: not checked; with `webauthn`,
   * `sign`.
   */
  readonly purposes?: readonly KeyPurpose[]
  /**
   * Devices that are unlocked, or whose boot is not verified, are refused unless this is
   * `allowDebug`. Default: refused.
   */
  readonly debug?: typeof allowDebug
  /**
   * For evidence that a page got: a WebAuthn attestation object. Default: a chain of certificates.
   */
  readonly webauthn?: WebAuthnExpectation
  /** Root certificates, DER, of which name and key count. Default: Google's two. */
  readonly trustAnchors?: readonly Uint8Array[]
  /** The time to verify at. Default: the clock, read once. Evidence has no date of its own. */
  readonly now?: Date
  /** How far clocks may be apart, 0 to 86400. Default 300. */
  readonly clockSkewSeconds?: number
  /**
   * A `Map` of yours that spares the signature checks of Google's certificates in chains of remote
   * provisioning. Default: none.
   */
  readonly endorsementCache?: EndorsementCache
  /**
   * Called with every check as soon as it was made. What it throws, the verifier throws. Default:
   * none.
   */
  readonly trace?: (check: Check) => void
}

/** An application, checked and copied. */
export interface ExpectedApplication {
  readonly label: Matched
  readonly packages: readonly string[]
  readonly signers: readonly Bytes[]
  readonly minimumVersion: number
}

/** {@link AndroidKeyOptions}, checked and copied. */
export interface AndroidKeyPolicy {
  readonly nonce: Bytes | undefined
  readonly applications: readonly ExpectedApplication[] | typeof skipReferenceValues
  readonly status: { readonly list: string; readonly validUntil: number } | undefined
  readonly securityLevel: 'tee' | 'strongbox'
  readonly verifiedBootKeys: readonly Bytes[]
  readonly minimums: readonly (readonly [
    name: 'osPatchLevel' | 'vendorPatchLevel' | 'bootPatchLevel',
    minimum: number | undefined,
  ])[]
  readonly purposes: readonly KeyPurpose[]
  readonly debug: boolean
  readonly webauthn:
    { readonly clientData: Bytes; readonly rpId: string; readonly origins: readonly string[] } | undefined
  readonly roots: readonly Root[]
  readonly clock: Clock
  readonly memory: Memory | undefined
  readonly trace: ((check: Check) => void) | undefined
}

/** Purposes by their numbers in the schema; 4 has none. */
export const purposeNumbers: Readonly<Record<KeyPurpose, number>> = {
  encrypt: 0,
  decrypt: 1,
  sign: 2,
  verify: 3,
  wrap: 5,
  agree: 6,
  attest: 7,
}

const names = [
  'freshness',
  'referenceValues',
  'endorsements',
  'securityLevel',
  'verifiedBootKeys',
  'minimumOsPatchLevel',
  'minimumVendorPatchLevel',
  'minimumBootPatchLevel',
  'purposes',
  'debug',
  'webauthn',
  'trustAnchors',
  'now',
  'clockSkewSeconds',
  'endorsementCache',
  'trace',
] as const satisfies readonly (keyof AndroidKeyOptions)[]

/** @throws TypeError for every mistake that a caller can make */
export function readAndroidKeyOptions(options: AndroidKeyOptions): AndroidKeyPolicy {
  const own = knownOptions<AndroidKeyOptions>(options, names)
  const { securityLevel = 'tee', debug, now, trace, endorsementCache } = own
  requireOption('securityLevel', 'tee or strongbox', ['tee', 'strongbox'].includes(securityLevel))
  requireOption('debug', 'allowDebug', debug === undefined || debug === allowDebug)
  requireOption('trace', 'a function', trace === undefined || typeof trace === 'function')
  requireOption('endorsementCache', 'a Map', endorsementCache === undefined || endorsementCache instanceof Map)
  requireOption('now', 'a Date', now === undefined || now instanceof Date)
  return {
    nonce: readNonce(own.freshness, '1 to 128', (size) => size >= 1 && size <= 128),
    applications: readApplications(own.referenceValues),
    status: readStatus(own.endorsements),
    securityLevel,
    verifiedBootKeys: own.verifiedBootKeys === undefined ? [] : readBootKeys(own.verifiedBootKeys),
    minimums: [
      ['osPatchLevel', readPatchLevel('minimumOsPatchLevel', own.minimumOsPatchLevel, 6)],
      ['vendorPatchLevel', readPatchLevel('minimumVendorPatchLevel', own.minimumVendorPatchLevel, 8)],
      ['bootPatchLevel', readPatchLevel('minimumBootPatchLevel', own.minimumBootPatchLevel, 8)],
    ],
    purposes: own.purposes === undefined ? [] : readPurposes(own.purposes),
    debug: debug === allowDebug,
    webauthn: own.webauthn === undefined ? undefined : readWebAuthn(own.webauthn),
    roots: own.trustAnchors === undefined ? googleRoots() : readAnchors(own.trustAnchors),
    clock: { now: readTime(now), skewMs: readSkew(own.clockSkewSeconds) },
    memory: endorsementCache && openMemory(endorsementCache),
    trace,
  }
}

function readApplications(input: unknown): AndroidKeyPolicy['applications'] {
  if (input === skipReferenceValues) return skipReferenceValues
  return readList(Array.isArray(input) ? input : [input], 'referenceValues').map((entry, i) => {
    const path = `referenceValues[${i}]`
    const known = ['packageName', 'signers', 'minimumVersion', 'name'] as const
    const { name, packageName, signers, minimumVersion = 0 } = readFields<AndroidAppReferenceValues>(entry, path, known)
    requireOption(`${path}.minimumVersion`, 'a whole number', Number.isSafeInteger(minimumVersion))
    const packages = typeof packageName === 'string' ? [packageName] : packageName
    return {
      label: name === undefined ? i : readText(name, `${path}.name`),
      packages: readTexts(packages, `${path}.packageName`),
      signers: readList(signers, `${path}.signers`).map((digest) => readSizedBytes(digest, 32, `${path}.signers`)),
      minimumVersion,
    }
  })
}

function readStatus(input: unknown): AndroidKeyPolicy['status'] {
  if (input === skipRevocation) return undefined
  const own = readFields<AndroidStatus>(input, 'endorsements', ['statusList', 'validUntil'])
  const { statusList, validUntil = new Date(lastMoment) } = own
  const isDate = validUntil instanceof Date && !Number.isNaN(validUntil.getTime())
  requireOption('endorsements.validUntil', 'a Date', isDate)
  if (typeof statusList !== 'string')
    throw new TypeError('endorsements.statusList must be text: JSON as Google serves it')
  return { list: statusList, validUntil: validUntil.getTime() }
}

function readBootKeys(input: unknown): readonly Bytes[] {
  return readList(input, 'verifiedBootKeys').map((key) => {
    const bytes = readSizedBytes(key, 32, 'verifiedBootKeys')
    // What a device says that has none.
    requireOption('verifiedBootKeys', 'other than zero', !isZero(bytes))
    return bytes
  })
}

function readPatchLevel(name: string, value: unknown, digits: number): number | undefined {
  const isLevel = Number.isInteger(value) && String(value).length === digits && (value as number) > 0
  requireOption(name, digits === 6 ? 'YYYYMM' : 'YYYYMMDD', value === undefined || isLevel)
  return value as number | undefined
}

function readPurposes(input: unknown): readonly KeyPurpose[] {
  return readTexts(input, 'purposes').map((purpose) => {
    requireOption(
      'purposes',
      `a list of ${Object.keys(purposeNumbers).join(', ')}`,
      Object.hasOwn(purposeNumbers, purpose),
    )
    return purpose as KeyPurpose
  })
}

function readWebAuthn(input: unknown): AndroidKeyPolicy['webauthn'] {
  const known = ['clientDataJSON', 'rpId', 'origins'] as const
  const { clientDataJSON, rpId, origins } = readFields<WebAuthnExpectation>(input, 'webauthn', known)
  const clientData = givenBytes(clientDataJSON)
  requireOption('webauthn.clientDataJSON', 'bytes (Uint8Array)', clientData.length > 0)
  return { clientData, rpId: readText(rpId, 'webauthn.rpId'), origins: readTexts(origins, 'webauthn.origins') }
}

function readList(value: unknown, name: string): readonly unknown[] {
  const list = itemsOf(value)
  requireOption(name, 'a list of at least one', list.length > 0)
  return list
}

function readTexts(value: unknown, name: string): readonly string[] {
  return readList(value, name).map((text) => readText(text, name))
}

function readText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${name} must be text`)
}
