/**
 * The chain is genuine. Is it the phone, the application and the key that the caller expects? Every failure is kept, so that all of them are reported.
 * What Android alone vouches for never stands in for what the hardware must.
 */
import { appraiseBinding } from '../../../appraisal/binding.ts'
import { type Matched, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import { type Bytes, copyBytes, equalBytes, toHex } from '../../../encoding/bytes.ts'
import type { AndroidApplication, RootOfTrust } from './authorization-list.ts'
import type { KeyDescription, SecurityLevel } from './key-description.ts'
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
  if (policy.nonce === undefined) checks.omit('policy-nonce', 'skipped', 'freshness skipped')
  else appraiseBinding('policy-nonce', 'challenge', copyBytes(challenge), policy.nonce, checks)
  appraiseLevel(verified, policy, checks)
  appraiseKey(description, policy, checks)
  appraiseBoot(hardwareEnforced.rootOfTrust, policy, checks)
  appraisePatchLevels(description, policy, checks)
  return appraiseApplication(softwareEnforced.application, policy.applications, checks)
}

const saying: Readonly<Record<SecurityLevel, string>> = { software: '', tee: 'TEE', strongbox: 'StrongBox' }

/** Both levels are the same, high enough, and what the certificates say: a broken TEE could write `strongbox` into its own. */
function appraiseLevel(
  { description, levelsSaid, mustSayLevel }: Verified,
  { securityLevel }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  const { attestationSecurityLevel: attested, keyMintSecurityLevel: kept } = description
  const accepted = securityLevel === 'tee' ? ['tee', 'strongbox'] : ['strongbox']
  checks.appraises('policy-security-level', 'attestation and key', {
    holds: attested === kept && accepted.includes(kept),
    expected: `both in ${accepted.join(' or ')}`,
    found: `${attested}, ${kept}`,
  })
  // StrongBox must be said. Of a TEE, the certificates of old factories say nothing.
  const mayBeSilent = kept === 'tee' && !mustSayLevel
  checks.appraises('policy-security-level', 'what the certificates say of the hardware', {
    holds: levelsSaid.length === 0 ? mayBeSilent : levelsSaid.every((said) => said === saying[kept]),
    expected: `${saying[kept] || 'neither TEE nor StrongBox'}${mayBeSilent ? ', or nothing' : ''}`,
    found: levelsSaid.join(' and ') || 'nothing',
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
    found: `${origin ?? 'nothing'}`,
  })
  const isForAll = hardwareEnforced.allApplications === true || softwareEnforced.allApplications === true
  checks.appraises('policy-key', 'use of the key', {
    holds: !isForAll,
    otherwise: 'every application may use it (allApplications)',
  })
  const wanted = webauthn === undefined ? purposes : [...new Set([...purposes, 'sign' as const])]
  if (wanted.length === 0) {
    checks.omit('policy-key', 'not-requested', 'no purposes of the key expected')
    return
  }
  checks.appraises('policy-key', 'purposes of the key, by the hardware', {
    holds: wanted.every((name) => purpose.includes(purposeNumbers[name])),
    expected: wanted.map((name) => `${name} (${purposeNumbers[name]})`).join(', '),
    found: purpose.join(', ') || 'none',
  })
}

/** The device is locked and runs what its maker signed, or what a key signed that the caller pins. */
function appraiseBoot(
  rootOfTrust: RootOfTrust | undefined,
  { verifiedBootKeys, debug }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  checks.appraises('policy-boot', 'root of trust, by the hardware', {
    holds: rootOfTrust !== undefined,
    otherwise: 'there is none',
  })
  if (rootOfTrust === undefined) return
  const { deviceLocked, verifiedBootState: state, verifiedBootKey } = rootOfTrust
  const isPinned = state === 'self-signed' && verifiedBootKeys.some((key) => equalBytes(key, verifiedBootKey))
  const pins = verifiedBootKeys.length === 0 ? '' : `, or self-signed by one of ${verifiedBootKeys.length} keys`
  checks.appraises('policy-boot', 'boot', {
    holds: debug || (deviceLocked && (state === 'verified' || isPinned)),
    expected: debug ? 'any state, allowed' : `locked and verified${pins}`,
    found: `${deviceLocked ? 'locked' : 'unlocked'} and ${state}${state === 'self-signed' ? ` by ${toHex(verifiedBootKey)}` : ''}`,
  })
}

/** Months are six digits, days eight. Vendors also write a month for a day: it is the month's beginning. */
function appraisePatchLevels(
  { hardwareEnforced }: KeyDescription,
  { minimums }: AndroidKeyPolicy,
  checks: CheckRecorder,
): void {
  for (const [name, { minimum, digits }] of Object.entries(minimums)) {
    if (minimum === undefined) {
      checks.omit('policy-patch-level', 'not-requested', `no least ${name} expected`)
      continue
    }
    const found = hardwareEnforced[name as keyof AndroidKeyPolicy['minimums']]
    const size = String(found ?? 0).length
    const level = size === digits ? Number(found) : size === 6 ? 100 * Number(found) : 0
    checks.appraises('policy-patch-level', `${name}, by the hardware`, {
      holds: level >= minimum,
      expected: `at least ${minimum}`,
      found: `${found ?? 'nothing'}`,
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
  const match = expected.find((one) => application !== undefined && isApplication(application, one))
  checks.appraises('policy-application', `application, 1 of ${expected.length}`, {
    holds: match !== undefined,
    expected: describe(match ?? (expected[0] as ExpectedApplication)),
    found: application === undefined ? 'nothing' : describeFound(application),
  })
  return match?.label
}

/** The same packages, none older than asked for, all signed by expected signers, and by at least one. */
function isApplication({ packages, signers }: AndroidApplication, expected: ExpectedApplication): boolean {
  const names = packages.map(({ name }) => name)
  return (
    names.length > 0 &&
    names.every((name) => expected.packages.includes(name)) &&
    expected.packages.every((name) => names.includes(name)) &&
    packages.every(({ version }) => version >= expected.minimumVersion) &&
    signers.length > 0 &&
    signers.every((signer) => expected.signers.some((accepted) => equalBytes(accepted, signer)))
  )
}

function describe({ packages, signers, minimumVersion }: ExpectedApplication): string {
  const version = minimumVersion === 0 ? '' : ` from version ${minimumVersion}`
  return `${packages.join(', ')}${version}, signed by ${signers.map(toHex).join(' or ')}`
}

function describeFound({ packages, signers }: AndroidApplication): string {
  const names = packages.map(({ name, version }) => `${name} ${version}`).join(', ')
  return `${names || 'no package'}, signed by ${signers.map(toHex).join(', ') || 'none'}`
}
