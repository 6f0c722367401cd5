/**
 * The second opinion on attestations of Apple's App Attest.
 *
 * Source: Apple, "Validating apps that connect to your server", read a second time.
 */
import { areSame, demand, digitsOf, joined, octetsOfBase64, type Octets } from '../readers/bytes.ts'
import { isSignedByKey, readCertificate, type ReadCertificate } from '../readers/certificate.ts'
import { insideOf, partsOf, readStrictDer, sequenceOf, tagOf } from '../readers/der.ts'
import { digestOf } from '../readers/engine.ts'
import {
  ecdsaWithSha256,
  ecdsaWithSha384,
  endOf,
  p256Key,
  p384Key,
  pointOf,
  type Position,
  proveIssued,
} from '../readers/path.ts'
import { type Answer, bytesOf, momentsOf, type Options, type Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import {
  type AuthenticatorData,
  bytesUnder,
  certificatesUnder,
  isKeyOf,
  membersOf,
  readAttestationObject,
  readAuthenticatorData,
} from './webauthn.ts'

/** Apple App Attestation Root CA, which phones do not send: its name and its key. */
const appleRoot = {
  subject:
    'MFIxJjAkBgNVBAMMHUFwcGxlIEFwcCBBdHRlc3RhdGlvbiBSb290IENBMRMwEQYDVQQKDApBcHBsZSBJbmMuMRMwEQYDVQQIDApDYWxpZm9ybmlh',
  key: 'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAERTHhmLW07ATaFQIEVwTtT4dyctdhNbJhFs/Ii2FdCgAHGbpphY3+d8qjuDngIN3WVhQUBHAoMeQ/cLiP1sOUtgjqK9auYen1mMEvRq9Sk3Jm5X8U62H+xTD3FE9TgS41',
}
const nonceExtension = '1.2.840.113635.100.8.2'
const day = 86_400_000

/** What an attestation says. */
interface Attestation {
  /** DER. */
  readonly ca: Octets
  readonly leaf: Octets
  readonly receipt: Octets
  readonly authData: Octets
  readonly authenticator: AuthenticatorData
  readonly environment: string
}

/** @throws AttestationError where it refuses */
export async function opine(question: Question, notes: Notes): Promise<Answer> {
  const { evidence, options, now } = question
  // 1. The bytes.
  const attestation = notes.reads('app-attest-format', 'attestation', () => readAttestation(evidence))
  const { authenticator, environment, receipt } = attestation
  const [ca, leaf] = notes.reads('cert-parse', 'certificates', () => [
    readCertificate(attestation.ca, 'CA'),
    readCertificate(attestation.leaf, 'leaf'),
  ])

  // 2. Apple's root, the CA, the leaf.
  const root = notes.reads('root-mismatch', 'root', () => rootOf(ca, options))
  await notes.awaits('cert-chain-signature', `${ca.name} signed by the root`, isSignedByKey(ca, root))
  await proveIssued([ca, leaf], shape, momentsOf(question), notes)

  // 3. The leaf is for this key and for these client data.
  const nonce = await nonceOf(attestation.authData, options)
  notes.proves('app-attest-nonce', 'nonce in the leaf', areSame(readNonce(leaf), nonce), 'is another')
  const keyId = await digestOf('SHA-256', pointOf(leaf, 32))
  const { credentialId, credentialKey, counter, rpIdHash } = authenticator
  notes.proves('app-attest-key', 'credential id', areSame(credentialId, keyId), 'is not the digest of the key')
  notes.proves('app-attest-key', 'credential key', isKeyOf(credentialKey, leaf, -7), 'is another')
  const wanted = options['keyId']
  notes.proves('app-attest-key', 'key id', wanted === undefined || areSame(bytesOf(wanted), keyId), 'is another')
  notes.proves('app-attest-counter', 'counter', counter === 0, `is ${counter}`)

  // 4. What the caller expects.
  const mayDevelop = isSymbol(options['debug'], 'allowDebug')
  notes.expects('policy-debug', 'environment', environment === 'production' || mayDevelop, environment)
  return {
    claims: { keyId: credentialId, environment, appIdHash: rpIdHash, receipt },
    validUntil: Math.min(endOf([ca, leaf]), now + day),
    matched: await applicationOf(rpIdHash, options, notes),
    publicKey: leaf.key,
  }
}

function readAttestation(evidence: Octets): Attestation {
  const { statement, authData } = readAttestationObject(evidence, 'apple-appattest')
  const members = membersOf(statement, 'x5c', 'receipt')
  const [leaf, ca, ...more] = certificatesUnder(members)
  demand(leaf !== undefined && ca !== undefined && more.length === 0, 'not two certificates')
  const authenticator = readAuthenticatorData(authData)
  const service = new TextDecoder().decode(authenticator.aaguid)
  const environment = new Map([
    ['appattest\0\0\0\0\0\0\0', 'production'],
    ['appattestdevelop', 'development'],
  ]).get(service)
  demand(environment !== undefined, 'a service that is not known')
  demand(authenticator.credentialId.length === 32, 'a credential id of another size')
  return {
    ca,
    leaf,
    receipt: bytesUnder(members, 'receipt'),
    authData,
    authenticator,
    environment,
  }
}

const authority: Position = { algorithms: [ecdsaWithSha384], key: p384Key, isAuthority: true }
const shape = {
  root: authority,
  between: authority,
  last: { algorithms: [ecdsaWithSha256], key: p256Key, isAuthority: false },
}

/** The key of the root that a CA names. @throws Error */
function rootOf({ issuer }: ReadCertificate, { trustAnchors }: Options): Octets {
  const roots =
    trustAnchors === undefined
      ? [{ subject: digitsOf(octetsOfBase64(appleRoot.subject)), key: octetsOfBase64(appleRoot.key) }]
      : (trustAnchors as unknown[]).map((der) => readCertificate(bytesOf(der), 'trust anchor'))
  const root = roots.find(({ subject }) => subject === issuer)
  demand(root !== undefined, 'it is of another issuer')
  return root.key
}

/** `SEQUENCE { [1] { OCTET STRING } }`; no bytes where it is another. */
function readNonce({ extensions }: ReadCertificate): Octets {
  const extension = extensions.get(nonceExtension)
  if (extension === undefined) return new Uint8Array()
  const [wrapper] = sequenceOf(readStrictDer(extension.value), 'nonce', 0xa1)
  const [nonce, more] = wrapper === undefined ? [] : partsOf(wrapper)
  demand(nonce !== undefined && more === undefined && tagOf(nonce) === 0x04, 'a nonce of another shape')
  return insideOf(nonce)
}

/** What a phone signs: the digest of authenticator data and of the digest of client data. */
export async function nonceOf(authData: Octets, { clientData }: Options): Promise<Octets> {
  return digestOf('SHA-256', joined(authData, await digestOf('SHA-256', bytesOf(clientData))))
}

/** Which of the caller's applications it is. @throws AppraisalError `policy-application` */
export async function applicationOf(
  rpIdHash: Octets,
  { referenceValues }: Options,
  notes: Notes,
): Promise<string | number | undefined> {
  if (isSymbol(referenceValues, 'skipReferenceValues')) return undefined
  const wanted = [referenceValues].flat() as Options[]
  const hashes = await Promise.all(
    wanted.map(({ appId }) => digestOf('SHA-256', new TextEncoder().encode(appId as string))),
  )
  const at = hashes.findIndex((hash) => digitsOf(hash) === digitsOf(rpIdHash))
  notes.expects('policy-application', 'application', at >= 0, `is none of ${wanted.length}`)
  const name = wanted[at]?.['name']
  return typeof name === 'string' ? name : at
}
