/**
 * The second opinion on PSA tokens: RFC 9783, and the two generations before it.
 */
import { demand, type Octets } from '../readers/bytes.ts'
import { readTokenEnvelope, type TokenEnvelope } from '../readers/cose.ts'
import { type Hash, holdsMac } from '../readers/engine.ts'
import type { Answer, Options, Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import {
  type ClaimMap,
  claimsIn,
  type Component,
  component,
  deviceId,
  digest,
  integer,
  list,
  octets,
  state,
  text,
} from './arm-claims.ts'
import { anchorOf, arePaired, endOf, expectFreshAndSecured, expectOneOf, isWanted, type Key } from './arm-expect.ts'
import { proveToken } from './arm-signature.ts'

/** The numbers of a generation's claims, in one order. */
interface Numbers {
  readonly client: number
  readonly state: number
  readonly implementation: number
  readonly seed: number
  readonly certificate: number
  readonly components: number
  readonly nonce: number
  readonly instance: number
  readonly service: number
}

/** The first generation counts down from -75001; -75007 says that nothing was measured. */
const first: Numbers = {
  client: -75001,
  state: -75002,
  implementation: -75003,
  seed: -75004,
  certificate: -75005,
  components: -75006,
  nonce: -75008,
  instance: -75009,
  service: -75010,
}
const nothingMeasured = -75007
const rfc: Numbers = {
  client: 2394,
  state: 2395,
  implementation: 2396,
  seed: 268,
  certificate: 2398,
  components: 2399,
  nonce: 10,
  instance: 256,
  service: 2400,
}

/** What a token says of itself. */
interface Generation {
  readonly generation: 'profile-1' | 'psa-2' | 'rfc-9783'
  readonly profile: string | undefined
  readonly numbers: Numbers
}

/** @throws AttestationError where it refuses */
export async function opine(question: Question, notes: Notes): Promise<Answer> {
  const { evidence, options, now } = question
  // 1. The bytes.
  const token = notes.reads('cose-shape', 'token', () => readTokenEnvelope(evidence))
  const map = notes.reads('payload-cbor', 'claims', () => claimsIn(token.payload, 'token'))
  const generation = notes.reads('token-profile', 'profile', () => generationOf(map))
  const claims = notes.reads('payload-field-value', 'claims', () => readClaims(map, generation))

  // 2. The key of this device is over them.
  const anchor = anchorOf(claims, question, notes)
  await proveBy(anchor.key, token, notes)

  // 3. What the caller expects.
  expectFreshAndSecured(claims.nonce, claims, options, notes)
  const isSkipped = isSymbol(options['referenceValues'], 'skipReferenceValues')
  const match = expectOneOf(
    isSkipped ? undefined : options['referenceValues'],
    { code: 'policy-measurements', fits: (wanted) => isFirmware(wanted, claims), now },
    notes,
  )
  return { claims: { ...claims }, validUntil: endOf(now, anchor, match), matched: match?.label }
}

function generationOf(claims: ClaimMap): Generation {
  const hasAny = (numbers: Numbers): boolean =>
    Object.values(numbers as Record<keyof Numbers, number>).some((key) => claims.has(key))
  const isFirst = claims.has(-75000) || claims.has(nothingMeasured) || hasAny(first)
  const isLater = claims.has(265) || hasAny(rfc)
  demand(isFirst !== isLater, 'claims of no generation, or of two')
  if (isFirst) {
    const profile = claims.find(-75000, text)
    demand(profile === undefined || profile === 'PSA_IOT_PROFILE_1', 'another profile')
    return { generation: 'profile-1', profile, numbers: first }
  }
  const profile = claims.get(265, text)
  switch (profile) {
    case 'tag:psacertified.org,2023:psa#tfm':
      return { generation: 'rfc-9783', profile, numbers: rfc }
    case 'http://arm.com/psa/2.0.0':
      return { generation: 'psa-2', profile, numbers: { ...rfc, seed: 2397 } }
    default:
      throw new Error('another profile')
  }
}

interface PsaToken {
  readonly generation: Generation['generation']
  readonly profile: string | undefined
  readonly implementationId: Octets
  readonly instanceId: Octets
  readonly clientId: number
  readonly lifecycle: number
  readonly lifecycleState: string
  readonly bootSeed: Octets | undefined
  readonly certificationReference: string | undefined
  readonly softwareComponents: readonly Component[]
  readonly verificationService: string | undefined
  readonly nonce: Octets
}

function readClaims(claims: ClaimMap, { generation, profile, numbers }: Generation): PsaToken {
  const isRfc = generation === 'rfc-9783'
  const clientId = claims.get(numbers.client, integer(-(2 ** 31), 2 ** 31 - 1))
  demand(clientId !== 0, 'client 0, which is reserved')
  const bootSeed = claims.find(numbers.seed, octets())
  demand(bootSeed !== undefined || isRfc, 'no boot seed')
  const [least, most] = isRfc ? [8, 32] : [32, 32]
  demand(bootSeed === undefined || (bootSeed.length >= least && bootSeed.length <= most), 'a boot seed of another size')
  const certificate = claims.find(numbers.certificate, text)
  demand(certificate === undefined || isCertificate(certificate, isRfc), 'no number of a certificate')
  return {
    generation,
    profile,
    implementationId: claims.get(numbers.implementation, octets(32)),
    instanceId: claims.get(numbers.instance, deviceId),
    clientId,
    ...claims.get(numbers.state, state),
    bootSeed,
    certificationReference: certificate,
    softwareComponents: componentsIn(claims, generation, numbers.components),
    verificationService: claims.find(numbers.service, text),
    nonce: claims.get(numbers.nonce, digest),
  }
}

/** The number of a product, a dash, the number of its version; the former alone before the RFC. */
function isCertificate(found: string, isRfc: boolean): boolean {
  const [product = '', version, ...more] = found.split('-')
  const isNumber = (part: string, size: number): boolean => part.length === size && !/[^0-9]/.test(part)
  const isVersion = version === undefined ? !isRfc : isNumber(version, 5)
  return isNumber(product, 13) && isVersion && more.length === 0
}

function componentsIn(claims: ClaimMap, generation: Generation['generation'], key: number): readonly Component[] {
  const saysNone = generation === 'profile-1' && claims.has(nothingMeasured)
  if (!saysNone) return claims.get(key, list(1, 256, component(undefined)))
  claims.get(nothingMeasured, integer(1, 1))
  demand(!claims.has(key), 'components beside the claim that there are none')
  return []
}

const macs: ReadonlyMap<number, readonly [hash: Hash, size: number]> = new Map([
  [5, ['SHA-256', 32]],
  [6, ['SHA-384', 48]],
  [7, ['SHA-512', 64]],
])

/** The key says whether it must be a signature or a MAC. @throws VerificationError */
async function proveBy(key: Key, token: TokenEnvelope, notes: Notes): Promise<void> {
  if ('point' in key) {
    notes.proves('cose-mac-refused', 'kind of the token', !token.isMac, 'is a MAC')
    await proveToken(token, key, 'cose-signature', notes)
    return
  }
  notes.proves('cose-tag', 'kind of the token', token.isMac, 'is a signature')
  const [hash, size] = macs.get(token.algorithm) ?? []
  notes.proves('cose-alg', 'algorithm of the MAC', hash !== undefined, `is ${token.algorithm}`)
  notes.proves('cose-signature-length', 'bytes of the MAC', token.proof.length === size)
  await notes.awaits('cose-mac', 'MAC of the token', holdsMac(hash as Hash, key.secret, token.proof, token.covered))
}

function isFirmware(
  wanted: Options,
  { softwareComponents, certificationReference, implementationId }: PsaToken,
): boolean {
  const { certificationReference: certificate } = wanted
  return (
    (certificate === undefined || certificate === certificationReference) &&
    isWanted(wanted['implementationId'], implementationId) &&
    arePaired(wanted['softwareComponents'], softwareComponents)
  )
}
