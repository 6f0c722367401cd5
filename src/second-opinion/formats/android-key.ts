/**
 * The second opinion on keys in the key store of Android: a chain of certificates, or a WebAuthn
 * attestation object around one.
 */
import { areSame, demand, joined, octetsOfBase64, type Octets } from '../readers/bytes.ts'
import { readStrictCbor } from '../readers/cbor.ts'
import type { ReadCertificate } from '../readers/certificate.ts'
import { splitElements } from '../readers/der.ts'
import { digestOf, holdsBy } from '../readers/engine.ts'
import { certificatesInPem, objectIn, readStrictJson, textIn } from '../readers/text.ts'
import { type Answer, bytesOf, endorsementOf, momentsOf, type Options, type Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import {
  type AndroidChain,
  descriptionExtension,
  isLevelOf,
  proveChain,
  proveDates,
  readChain,
} from './android-chain.ts'
import { type Description, readDescription } from './android-description.ts'
import { expectPhone } from './android-expect.ts'
import {
  type AuthenticatorData,
  bytesUnder,
  certificatesUnder,
  isKeyOf,
  membersOf,
  readAttestationObject,
  readAuthenticatorData,
  signatureOf,
} from './webauthn.ts'

const provisioningInfo = '1.3.6.1.4.1.11129.2.1.30'
const day = 86_400_000

/** What a page got of the phone. */
interface Statement {
  readonly algorithm: number
  readonly signature: Octets
  readonly authData: Octets
  readonly authenticator: AuthenticatorData
}

/** Certificates, and what is around them. */
interface Wrapped {
  readonly certificates: readonly Octets[]
  readonly statement: Statement | undefined
}

/** @throws AttestationError where it refuses */
export async function opine(question: Question, notes: Notes): Promise<Answer> {
  const { evidence, options, now } = question
  const { webauthn } = options
  const isWrapped = webauthn !== undefined
  // 1. The bytes.
  const { certificates: ders, statement } = notes.reads('webauthn-format', 'evidence', () =>
    isWrapped ? readStatement(evidence) : { certificates: readCertificates(evidence), statement: undefined },
  )
  const certificates = notes.reads('cert-parse', 'certificates', () => readChain(ders))
  const [leaf, attestation] = certificates as readonly [ReadCertificate, ReadCertificate]

  // 2. The chain, at the verifier's time, and whether it was revoked.
  const chain = await proveChain(certificates, options, isWrapped, notes)
  const end = proveDates(chain, momentsOf(question), notes)
  const until = proveUnlisted(certificates, question, notes)

  // 3. What the hardware says, and that it answers the page.
  const description = notes.reads('key-description', 'key description', () => {
    const extension = leaf.extensions.get(descriptionExtension)
    demand(extension !== undefined, 'there is none')
    return readDescription(extension.value)
  })
  const challenge =
    statement === undefined
      ? description.challenge
      : await provePage(statement, description, { leaf, asked: webauthn as Options }, notes)

  // 4. What the caller expects.
  const level = { isSaid: isLevelOf(chain, description.keyMintLevel) }
  const matched = expectPhone(description, challenge, { ...options, ...level }, notes)
  return {
    claims: claimsOf(chain, description, attestation, now),
    validUntil: Math.min(end, until, now + day),
    matched,
    publicKey: leaf.key,
  }
}

/** A bare chain: PEM, or DER one after another. */
function readCertificates(evidence: Octets): readonly Octets[] {
  demand(((evidence[0] ?? 0) & 0xe0) !== 0xa0, 'an attestation object')
  if (evidence[0] === 0x30) return splitElements(evidence, 16).map(({ whole }) => whole)
  return certificatesInPem(new TextDecoder().decode(evidence))
}

function readStatement(evidence: Octets): Wrapped {
  const { statement, authData } = readAttestationObject(evidence, 'android-key')
  const members = membersOf(statement, 'alg', 'sig', 'x5c')
  const algorithm = members.get('alg')
  demand(typeof algorithm === 'number' && signatureOf(algorithm) !== undefined, 'another algorithm')
  const authenticator = readAuthenticatorData(authData)
  demand((authenticator.flags & 1) === 1, 'no user')
  const signature = bytesUnder(members, 'sig')
  return { certificates: certificatesUnder(members), statement: { algorithm, signature, authData, authenticator } }
}

/**
 * The list names none of them.
 * @returns until when it may be used. @throws VerificationError
 */
function proveUnlisted(certificates: readonly ReadCertificate[], { options, now }: Question, notes: Notes): number {
  const { endorsements } = options
  if (isSymbol(endorsements, 'skipRevocation')) return Infinity
  const { validUntil } = endorsements as Options
  const until = validUntil instanceof Date ? validUntil.getTime() : Infinity
  notes.proves('status-expired', 'status list', until >= now, 'is too old')
  const listed = notes.reads('endorsement-format', 'status list', () => {
    const { value } = readStrictJson(endorsementOf(options, 'statusList', 8_388_608))
    return Object.entries(objectIn(value, 'entries')).map(([serial, entry]) => {
      demand(/^[0-9a-f]+$/i.test(serial), 'a name that is no serial number')
      textIn(entry, 'status')
      return BigInt(`0x${serial}`)
    })
  })
  const serials = new Set(listed)
  for (const { name, serial } of certificates)
    notes.proves('status-revoked', name, !serials.has(BigInt(`0x${serial}`)), 'is in the status list')
  return until
}

/**
 * The page asked for this, and the phone's key signed its question.
 * @returns the challenge of the page. @throws VerificationError
 */
async function provePage(
  { algorithm, signature, authData, authenticator }: Statement,
  description: Description,
  { leaf, asked }: { readonly leaf: ReadCertificate; readonly asked: Options },
  notes: Notes,
): Promise<Octets> {
  const clientData = bytesOf(asked['clientDataJSON'])
  const challenge = notes.reads('webauthn-client-data', 'client data', () =>
    challengeIn(clientData, asked['origins'] as readonly unknown[]),
  )
  const rpIdHash = await digestOf('SHA-256', new TextEncoder().encode(asked['rpId'] as string))
  notes.proves('webauthn-client-data', 'relying party', areSame(rpIdHash, authenticator.rpIdHash), 'is another')
  const isOwn = isKeyOf(authenticator.credentialKey, leaf, algorithm)
  notes.proves('webauthn-key', 'credential key', isOwn, 'is not the one of the leaf')
  const digest = await digestOf('SHA-256', clientData)
  const answer = holdsBy(leaf.key, signatureOf(algorithm) ?? '', signature, joined(authData, digest))
  await notes.awaits('webauthn-signature', 'statement signed by the leaf key', answer)
  notes.proves('webauthn-client-data', 'attestation challenge', areSame(description.challenge, digest), 'is another')
  return challenge
}

/** @throws Error where the page is another, or made no credential */
function challengeIn(clientData: Octets, origins: readonly unknown[]): Octets {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(clientData)
  const { value } = readStrictJson(text)
  demand(textIn(value, 'type') === 'webauthn.create', 'it made no credential')
  demand(origins.includes(textIn(value, 'origin')), 'another origin')
  const { crossOrigin } = Object.hasOwn(value, 'crossOrigin') ? value : { crossOrigin: false }
  demand(crossOrigin === false, 'a page inside another')
  const challenge = textIn(value, 'challenge')
  demand(/^[A-Za-z0-9_-]*$/.test(challenge), 'a challenge that is no base64url')
  return octetsOfBase64(challenge)
}

function claimsOf(
  { certificates, provisioning }: AndroidChain,
  description: Description,
  attestation: ReadCertificate,
  now: number,
): Answer['claims'] {
  const { attestationVersion, keyMintVersion, keyMintLevel, challenge, uniqueId, hardware, software } = description
  const { rootOfTrust, osVersion, osPatchLevel, vendorPatchLevel, bootPatchLevel } = hardware
  return {
    provisioning,
    attestationVersion,
    keyMintVersion,
    securityLevel: keyMintLevel,
    challenge,
    uniqueId,
    rootOfTrust,
    application: software['application'],
    osVersion,
    osPatchLevel,
    vendorPatchLevel,
    bootPatchLevel,
    hardwareEnforced: hardware,
    softwareEnforced: software,
    expiredCertificates: certificates.flatMap(({ notAfter }, i) => (i > 0 && notAfter < now ? [i] : [])),
    certificatesIssued: issuedLately(attestation),
  }
}

/** What Google's server says of the phone: for information, so that nothing in it is an error. */
function issuedLately({ extensions }: ReadCertificate): number | undefined {
  const extension = extensions.get(provisioningInfo)
  if (extension === undefined) return undefined
  try {
    const info = readStrictCbor(extension.value, { items: 256, isDeterministic: false })
    const count: unknown = info instanceof Map ? info.get(1) : undefined
    return typeof count === 'number' && count >= 0 ? count : undefined
  } catch {
    return undefined
  }
}
