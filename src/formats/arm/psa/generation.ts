/**
 * The three generations of PSA tokens: PSA_IOT_PROFILE_1 (2020), the interim profile
 * http://arm.com/psa/2.0.0, and RFC 9783. They say the same with other numbers; claim 265, or the
 * negative numbers of the first, tell which it is.
 */
import { VerificationError } from '../../../core/errors.ts'
import { claim, type ClaimKey, type Claims, optionalClaim, readText, shown } from '../claims.ts'

/** Which generation of claims a token has. */
export type PsaGeneration = 'profile-1' | 'psa-2' | 'rfc-9783'

/** The numbers of the claims of one generation. */
export interface ClaimKeys {
  readonly clientId: ClaimKey
  readonly lifecycle: ClaimKey
  readonly implementationId: ClaimKey
  readonly bootSeed: ClaimKey
  readonly certificationReference: ClaimKey
  readonly softwareComponents: ClaimKey
  readonly nonce: ClaimKey
  readonly instanceId: ClaimKey
  readonly verificationService: ClaimKey
}

/** A generation as it was found. */
export interface Profile {
  readonly generation: PsaGeneration
  /** As the token says it; `undefined` where the first generation leaves it out. */
  readonly profile: string | undefined
  readonly keys: ClaimKeys
}

const profileKey: ClaimKey = [265, 'profile']
const oldProfileKey: ClaimKey = [-75000, 'profile']
const profile1 = 'PSA_IOT_PROFILE_1'

/** Says instead of components that none were measured. First generation only. */
export const noMeasurements: ClaimKey = [-75007, 'no software measurements']

const oldKeys: ClaimKeys = {
  clientId: [-75001, 'client id'],
  lifecycle: [-75002, 'lifecycle'],
  implementationId: [-75003, 'implementation id'],
  bootSeed: [-75004, 'boot seed'],
  certificationReference: [-75005, 'hardware version'],
  softwareComponents: [-75006, 'software components'],
  nonce: [-75008, 'nonce'],
  instanceId: [-75009, 'instance id'],
  verificationService: [-75010, 'verification service'],
}

const rfcKeys: ClaimKeys = {
  clientId: [2394, 'client id'],
  lifecycle: [2395, 'lifecycle'],
  implementationId: [2396, 'implementation id'],
  bootSeed: [268, 'boot seed'],
  certificationReference: [2398, 'certification reference'],
  softwareComponents: [2399, 'software components'],
  nonce: [10, 'nonce'],
  instanceId: [256, 'instance id'],
  verificationService: [2400, 'verification service'],
}

/**
 * @throws VerificationError `token-profile`, or `payload-field-type` for a profile that is no text
 */
export function profileOf(claims: Claims): Profile {
  const isOld = hasAny(claims, oldKeys) || claims.map.has(oldProfileKey[0]) || claims.map.has(noMeasurements[0])
  const isNew = claims.map.has(profileKey[0]) || hasAny(claims, rfcKeys)
  if (isOld && isNew) throw refused('claims of one generation', 'of two')
  if (isOld) {
    const profile = optionalClaim(claims, oldProfileKey, readText)
    if (profile !== undefined && profile !== profile1) throw refused(profile1, shown(profile))
    return { generation: 'profile-1', profile, keys: oldKeys }
  }
  if (!claims.map.has(profileKey[0])) throw refused('one that is known', 'none')
  const profile = claim(claims, profileKey, readText)
  if (profile === 'tag:psacertified.org,2023:psa#tfm') return { generation: 'rfc-9783', profile, keys: rfcKeys }
  if (profile !== 'http://arm.com/psa/2.0.0') throw refused('one that is known', shown(profile))
  // The boot seed had a number of its own before EAT gave it one.
  return { generation: 'psa-2', profile, keys: { ...rfcKeys, bootSeed: [2397, 'boot seed'] } }
}

function hasAny({ map }: Claims, keys: ClaimKeys): boolean {
  return Object.values<ClaimKey>(keys as unknown as Record<string, ClaimKey>).some(([key]) => map.has(key))
}

function refused(expected: string, found: string): VerificationError {
  return new VerificationError('token-profile', { subject: 'profile', expected, found })
}
