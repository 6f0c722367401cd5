/**
 * The chain is genuine. Is it the phone, the application and the key that the caller expects? Every
 * failure is kept, so that all of them are reported. What Android alone vouches for never replaces
 * what the hardware must.
 */
import { appraiseNonce } from '../../../appraisal/freshness.ts'
import { type Matched, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import { type Bytes, equalBytes, toHex } from '../../../encoding/bytes.ts'
import type { AndroidApplication, RootOfTrust } from './authorization-list.ts'
import type { KeyDescription } from './key-description.ts'
import { type AndroidKeyPolicy, type ExpectedApplication, purposeNumbers } from './options.ts'

/** What was verified. */
export interface Verified {
  readonly description: KeyDescription
  /** What answers the caller's nonce: the attestation challenge, or that of the client data. */
  readonly challenge: Bytes
  /** What the vendor's certificates say of the hardware. */
  readonly levelsSaid: readonly string[]
  /** Whether they must say something. */
  readonly mustSayLevel: boolean
}

/** @returns which application matched; `undefined` when the caller skipped this, or none did */
export function appraise(verified: Verified, policy: AndroidKeyPolicy, checks: CheckRecorder): Matched | undefined {
  const { description, challenge } = verified
  const { softwareEnforced, hardwareEnforced } = description
  appraiseNonce({ subject: 'challenge', found: challenge, expected: policy.nonce }, checks)
  appraiseLevel(verified, policy, checks)
  appraiseKey(description, policy, checks)
  appraiseBoot(hardwareEnforced.rootOfTrust, policy, checks)
  appraisePatchLevels(description, policy, checks)
  return appraiseApplication(softwareEnforced.application, policy.applications, checks)
}

/**
 * Both levels are the same, high enough, and what the certificates say: a broken TEE could write
 * `strongbox` into its own.
 */
function appraiseLevel(
  { description, levelsSaid, mustSayLevel }: Verified,
  { securityLevel }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  const { attestationSecurityLevel: attested, keyMintSecurityLevel: kept } = description
  // StrongBox must be said. Of a TEE, the certificates of old factories say nothing.
  const isSaid =
    levelsSaid.every((said) => said === kept) && (levelsSaid.length > 0 || (kept === 'tee' && !mustSayLevel))
  checks.appraises('policy-security-level', 'levels of attestation, key and certificates', {
    holds: attested === kept && (kept === 'strongbox' || kept === securityLevel) && isSaid,
    expected: `${securityLevel} or more, all the same`,
    found: `${attested}, ${kept}, ${levelsSaid.join(' and ') || 'nothing'}`,
  })
}

/** Made inside, for what it shall be used for, and not for every application. */
function appraiseKey(
  { hardwareEnforced, softwareEnforced }: KeyDescription,
  { purposes, webauthn }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  const { origin, purpose = [] } = hardwareEnforced
  checks.appraises('policy-key', 'origin of the key, by the hardware', {
    holds: origin === 0,
    expected: '0 (generated)',
    found: `${origin}`,
  })
  checks.appraises('policy-key', 'use of the key', {
    holds: !(hardwareEnforced.allApplications ?? softwareEnforced.allApplications),
    otherwise: 'all applications may',
  })
  const wanted = webauthn === undefined ? purposes : [...purposes, 'sign' as const]
  checks.appraises('policy-key', 'purposes of the key, by the hardware', {
    holds: wanted.every((name) => purpose.includes(purposeNumbers[name])),
    expected: wanted.map((name) => `${purposeNumbers[name]} (${name})`).join(', ') || 'any',
    found: purpose.join(', ') || 'none',
  })
}

/**
 * The device is locked and runs what its maker signed, or what a key signed that the caller pins.
 */
function appraiseBoot(
  rootOfTrust: RootOfTrust | undefined,
  { verifiedBootKeys, debug }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  const state = rootOfTrust?.verifiedBootState
  const isLocked = rootOfTrust?.deviceLocked === true
  const bootKey = rootOfTrust?.verifiedBootKey ?? new Uint8Array()
  const isPinned = state === 'self-signed' && verifiedBootKeys.some((key) => equalBytes(key, bootKey))
  const isVerified = isLocked && (state === 'verified' || isPinned)
  checks.appraises('policy-boot', 'boot, by the hardware', {
    holds: rootOfTrust !== undefined && (debug || isVerified),
    expected: debug ? 'any, allowed' : `locked, verified or by one of ${verifiedBootKeys.length} keys`,
    found: state === undefined ? 'nothing' : `${isLocked ? '' : 'un'}locked, ${state} by ${toHex(bootKey)}`,
  })
}

/**
 * Months are six digits, days eight. Vendors also write a month for a day: it is the month's
 * beginning.
 */
function appraisePatchLevels(
  { hardwareEnforced }: KeyDescription,
  { minimums }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  for (const [name, minimum] of minimums) {
    const found = hardwareEnforced[name] ?? 0
    const isMonth = String(found).length === 6
    const isDay = String(found).length === 8 && name !== 'osPatchLevel'
    const level = isDay || (isMonth && name === 'osPatchLevel') ? found : isMonth ? 100 * Number(found) : 0
    if (minimum === undefined) checks.omit('policy-patch-level', 'not-requested', `no least ${name} expected`)
    else
      checks.appraises('policy-patch-level', name, {
        holds: level >= minimum,
        expected: `at least ${minimum}, by the hardware`,
        found: `${found}`,
      })
  }
}

function appraiseApplication(
  application: AndroidApplication | undefined,
  expected: AndroidKeyPolicy['applications'],
  checks: CheckRecorder,
): Matched | undefined {
  if (expected === skipReferenceValues) {
    checks.omit('policy-application', 'skipped', 'reference values skipped')
    return undefined
  }
  const packages = application?.packages ?? []
  const signers = application?.signers ?? []
  const match = expected.find((one) => isApplication(packages, signers, one))
  const shown = match ?? expected[0]
  checks.appraises('policy-application', `application, 1 of ${expected.length}`, {
    holds: match !== undefined,
    expected: `${listed(shown?.packages ?? [], shown?.signers ?? [])}, version ${shown?.minimumVersion} or later`,
    found: listed(
      packages.map(({ name, version }) => `${name} ${version}`),
      signers,
    ),
  })
  return match?.label
}

/**
 * The same packages, none older than asked for, all signed by expected signers, and by at least
 * one.
 */
function isApplication(
  packages: AndroidApplication['packages'],
  signers: AndroidApplication['signers'],
  expected: ExpectedApplication,
): boolean {
  return (
    packages.every(({ name, version }) => expected.packages.includes(name) && version >= expected.minimumVersion) &&
    expected.packages.every((wanted) => packages.some(({ name }) => name === wanted)) &&
    signers.length > 0 &&
    signers.every((signer) => expected.signers.some((accepted) => equalBytes(accepted, signer)))
  )
}

const listed = (packages: readonly string[], signers: readonly Uint8Array[]): string =>
  `${packages.join(', ') || 'nothing'}, signed by ${signers.map(toHex).join(', ') || 'none'}`
