/**
 * Profiles: what a platform token and a realm token say of themselves, and which of them go
 * together. The pair decides how everything else is read.
 */
import { VerificationError } from '../../../core/errors.ts'
import { claim, type ClaimKey, type Claims, optionalClaim, readText, shown } from '../claims.ts'

/** A generation of platform tokens. */
interface Generation {
  readonly platforms: readonly string[]
  /** `undefined`: RMM 1.0 had no profile for realms. */
  readonly realms: readonly (string | undefined)[]
  /** Where the platform token has the hash of the realm's key. */
  readonly binding: ClaimKey
  /** Whether the client of the platform's attestation service is named; it is 1. */
  readonly hasClientId: boolean
}

/** A pair of profiles that is known. */
export interface Profile extends Pick<Generation, 'binding' | 'hasClientId'> {
  readonly platform: string
  readonly realm: string | undefined
}

const realm2023 = 'tag:arm.com,2023:realm#1.0.0'
const realm2024 = 'tag:arm.com,2024:realm#2.0.0'

/** The claim that has been the challenge since PSA; profiles of 2026 forbid it. */
export const challengeKey: ClaimKey = [10, 'challenge']

/**
 * RMM specification DEN0137, draft-ffm-rats-cca-token-00 to -04. `;direct` and `;HESRAK` are other
 * models: refused.
 */
const generations: readonly Generation[] = [
  {
    platforms: ['http://arm.com/CCA-SSD/1.0.0'],
    realms: [undefined, realm2023],
    binding: challengeKey,
    hasClientId: false,
  },
  {
    platforms: ['tag:arm.com,2023:cca_platform#1.0.0'],
    realms: [realm2023, realm2024],
    binding: challengeKey,
    hasClientId: false,
  },
  {
    platforms: ['tag:arm.com,2024:cca_platform#2.0.0', 'tag:arm.com,2024:cca_platform#1.1.0'],
    realms: [realm2024],
    binding: challengeKey,
    hasClientId: true,
  },
  {
    platforms: [
      'tag:arm.com,2026:cca_platform#2.0.0',
      'tag:arm.com,2026:cca_platform#2.1.0',
      'tag:arm.com,2026:cca_platform#2.0.0;delegated',
      'tag:arm.com,2026:cca_platform#2.1.0;delegated',
    ],
    realms: ['tag:arm.com,2026:realm#2.0.0'],
    binding: [2408, 'workload binding'],
    hasClientId: true,
  },
]

const profileKey: ClaimKey = [265, 'profile']

/** @throws VerificationError `payload-field-missing`, `payload-field-type`, `token-profile` */
export function profileOf(platformClaims: Claims, realmClaims: Claims): Profile {
  const platform = claim(platformClaims, profileKey, readText)
  const realm = optionalClaim(realmClaims, profileKey, readText)
  const generation = generations.find(({ platforms, realms }) => platforms.includes(platform) && realms.includes(realm))
  if (generation === undefined)
    throw new VerificationError('token-profile', {
      subject: 'profiles of platform and realm',
      expected: 'a pair that is known',
      found: `${shown(platform)} and ${realm === undefined ? 'none' : shown(realm)}`,
    })
  const { binding, hasClientId } = generation
  return { platform, realm, binding, hasClientId }
}
