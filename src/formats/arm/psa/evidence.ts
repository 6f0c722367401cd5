/**
 * A PSA token (RFC 9783, and the two generations before): read and bounded; nothing is verified
 * here.
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import { type CoseToken, decodeCoseToken } from '../../../encoding/cose-token.ts'
import { copyEvidence } from '../../options.ts'
import {
  arrayOf,
  bytesOf,
  claim,
  type Claims,
  decodeClaims,
  integerOf,
  optionalClaim,
  type ReadClaim,
  readDigest,
  readInstanceId,
  readMap,
  readText,
  shown,
  wrongValue,
} from '../claims.ts'
import { componentOf, type MeasuredComponent } from '../components.ts'
import { type Lifecycle, readLifecycle } from '../lifecycle.ts'
import { noMeasurements, type Profile, profileOf, type PsaGeneration } from './generation.ts'

/** What a PSA token says. */
export interface PsaClaims extends Lifecycle {
  readonly generation: PsaGeneration
  /** As the token says it; `undefined` where the first generation leaves it out. */
  readonly profile: string | undefined
  /** 32 bytes: the make of the device. */
  readonly implementationId: Bytes
  /** 33 bytes: this one device. */
  readonly instanceId: Bytes
  /** Who asked for the token: negative for callers outside the secure world. */
  readonly clientId: number
  /** Random bytes of this boot. */
  readonly bootSeed: Bytes | undefined
  /**
   * Names a certificate of PSA Certified, `1234567890123-12345`; the first two generations may have
   * the 13 digits of an EAN only.
   */
  readonly certificationReference: string | undefined
  /**
   * Boot-time firmware; none where a token of the first generation says that nothing was measured.
   */
  readonly softwareComponents: readonly MeasuredComponent[]
  /** Whatever the device's maker wrote there: no address to fetch, and no link to show. */
  readonly verificationService: string | undefined
  readonly nonce: Bytes
}

/** A decoded PSA token. Not verified: for display only. */
export type PsaEvidence = PsaClaims

/** A decoded PSA token with what its verification needs. */
export interface DecodedPsa {
  readonly token: CoseToken
  readonly claims: PsaClaims
}

/** Real ones have less than 1 KiB. */
const maximumSize = 65_536

/**
 * Reads a PSA token for display. **Nothing that it returns is verified**: anyone can write such a
 * token. Use `verifyPsa` to decide anything.
 * @param evidence a COSE_Sign1 under tag 18 or a COSE_Mac0 under tag 17, at most 65,536 bytes
 * @throws VerificationError `outer-cbor`, `cose-…`, `token-profile` or `payload-…` when the bytes
 *   are not a well-formed token
 * @throws TypeError when `evidence` is not a `Uint8Array`
 */
export function decodePsaEvidence(evidence: Uint8Array): PsaEvidence {
  return decodePsa(copyEvidence(evidence), recordChecks()).claims
}

/** @throws VerificationError as {@link decodePsaEvidence} does */
export function decodePsa(evidence: Bytes, checks: CheckRecorder): DecodedPsa {
  checks.decodes('payload-size', 'bytes of evidence', {
    holds: evidence.length <= maximumSize,
    expected: `at most ${maximumSize}`,
    found: `${evidence.length}`,
  })
  const token = checks.decodes('cose-shape', 'token: COSE_Sign1 or COSE_Mac0', () => decodeCoseToken(evidence, 'token'))
  const map = checks.decodes('payload-cbor', 'claims of the token', () => decodeClaims(token.payload, 'token'))
  const profile = checks.decodes('token-profile', 'profile', () => profileOf(map))
  const claims = checks.decodes('payload-field-value', 'every claim', () => readClaims(map, profile))
  return { token, claims }
}

function readClaims(claims: Claims, { generation, profile, keys }: Profile): PsaClaims {
  const isRfc = generation === 'rfc-9783'
  const seedSizes = isRfc ? Array.from({ length: 25 }, (_, i) => 8 + i) : [32]
  return Object.freeze({
    generation,
    profile,
    implementationId: claim(claims, keys.implementationId, bytesOf(32)),
    instanceId: claim(claims, keys.instanceId, readInstanceId),
    clientId: claim(claims, keys.clientId, readClientId),
    ...claim(claims, keys.lifecycle, readLifecycle),
    bootSeed: (isRfc ? optionalClaim : claim)(claims, keys.bootSeed, bytesOf(...seedSizes)),
    certificationReference: optionalClaim(claims, keys.certificationReference, referenceOf(isRfc)),
    softwareComponents: componentsOf(claims, { generation, keys }),
    verificationService: optionalClaim(claims, keys.verificationService, readText),
    nonce: claim(claims, keys.nonce, readDigest),
  })
}

/** 32 bits with a sign; 0 is reserved. */
const readClientId: ReadClaim<number> = (value, subject) => {
  const id = integerOf(-(2 ** 31), 2 ** 31 - 1)(value, subject)
  if (id === 0) throw wrongValue(subject, 'other than 0', '0')
  return id
}

/** An EAN-13, with five digits behind it: always, since RFC 9783. */
function referenceOf(isRfc: boolean): ReadClaim<string> {
  return (value, subject) => {
    const reference = readText(value, subject)
    const pattern = isRfc ? /^[0-9]{13}-[0-9]{5}$/ : /^[0-9]{13}(?:-[0-9]{5})?$/
    if (!pattern.test(reference))
      throw wrongValue(subject, `13 digits${isRfc ? '' : ', or 13'}, a dash, 5 digits`, shown(reference))
    return reference
  }
}

/** The first generation may say instead that nothing was measured, and must say one of the two. */
function componentsOf(claims: Claims, { generation, keys }: Omit<Profile, 'profile'>): readonly MeasuredComponent[] {
  if (generation === 'profile-1' && claims.map.has(noMeasurements[0])) {
    claim(claims, noMeasurements, integerOf(1, 1))
    const [key, name] = keys.softwareComponents
    if (!claims.map.has(key)) return Object.freeze([])
    throw wrongValue(`${claims.name}: ${name} (${key})`, 'nothing beside the claim that there are none', 'a value')
  }
  return claim(
    claims,
    keys.softwareComponents,
    arrayOf(1, 256, (value, subject) => componentOf(readMap(value, subject), undefined)),
  )
}
