/**
 * WebAuthn around a chain (Web Authentication Level 3, sections 7.1 and 8.4): the attestation
 * statement `android-key`, the client data, and that the attested key is the credential's and
 * signed both.
 */
import type { CheckRecorder } from '../../../core/record.ts'
import { ES256, ES384, isKeyOf, RS256, type SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import { hash } from '../../../crypto/digest.ts'
import type { SignatureRow } from '../../../crypto/signatures.ts'
import { fromBase64Url } from '../../../encoding/base64url.ts'
import { type Bytes, concatBytes, equalBytes } from '../../../encoding/bytes.ts'
import type { CborMap } from '../../../encoding/cbor.ts'
import { decodeJson, memberOf, optionalMemberOf } from '../../../encoding/json.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import {
  type AuthenticatorData,
  bytesMember,
  certificatesMember,
  decodeAttestationObject,
  decodeAuthenticatorData,
  isEcKey,
  membersOf,
  USER_PRESENT,
} from '../../webauthn.ts'
import type { AndroidKeyPolicy } from './options.ts'

/** A statement, read. Nothing in it is verified. */
export interface WebAuthnStatement {
  readonly algorithm: SignatureAlgorithm
  readonly signature: Bytes
  readonly certificates: readonly Bytes[]
  readonly authenticatorData: Bytes
  readonly authenticator: AuthenticatorData
}

/** What the client data says, once it is known to be of this page. */
export interface ClientData {
  /** SHA-256 of its bytes. */
  readonly digest: Bytes
  readonly challenge: Bytes
}

const source: Source = { name: 'attestation object', code: 'webauthn-format' }
const dataSource: Source = { name: 'client data', code: 'webauthn-client-data' }

/** @throws VerificationError `payload-size`, `outer-cbor`, `webauthn-format` */
export function decodeStatement(bytes: Bytes): WebAuthnStatement {
  const { statement, authenticatorData } = decodeAttestationObject(bytes, 'android-key', source.code)
  membersOf(statement, ['alg', 'sig', 'x5c'], source)
  const algorithm = [ES256, ES384, RS256].find(({ cose }) => cose === statement.get('alg'))
  if (algorithm === undefined) throw malformed(source, 'alg must be -7, -35 or -257')
  const authenticator = decodeAuthenticatorData(authenticatorData, source)
  if ((authenticator.flags & USER_PRESENT) === 0) throw malformed(source, 'the user was not present')
  return {
    algorithm,
    signature: bytesMember(statement, 'sig', source),
    certificates: certificatesMember(statement, source),
    authenticatorData,
    authenticator,
  }
}

/**
 * The page: its origin, its relying party, and that it made a credential.
 * @throws VerificationError `webauthn-client-data`
 */
export async function checkClientData(
  { authenticator }: WebAuthnStatement,
  { clientData, rpId, origins }: NonNullable<AndroidKeyPolicy['webauthn']>,
  checks: CheckRecorder,
): Promise<ClientData> {
  const [digest, rpIdHash] = await Promise.all([
    hash('SHA-256', clientData),
    hash('SHA-256', new TextEncoder().encode(rpId)),
  ])
  const challenge = checks.verifies(dataSource.code, 'client data', () => readClientData(clientData, origins))
  checks.verifies(dataSource.code, 'relying party of the authenticator data', {
    holds: equalBytes(authenticator.rpIdHash, rpIdHash),
    otherwise: `it is not ${rpId}`,
  })
  return { digest, challenge }
}

/** @returns the challenge */
function readClientData(bytes: Bytes, origins: readonly string[]): Bytes {
  const data = decodeJson(textOf(bytes), dataSource)
  const member = (name: string): string => memberOf(data, name, 'string', dataSource)
  const demand = (name: string, accepted: readonly string[]): void => {
    if (!accepted.includes(member(name)))
      throw malformed(dataSource, `${name}: expected ${accepted.join(' or ')}, found ${member(name).slice(0, 256)}`)
  }
  demand('type', ['webauthn.create'])
  demand('origin', origins)
  // A page inside a page of another origin. Nothing says that you expect that.
  if (![undefined, false].includes(optionalMemberOf(data, 'crossOrigin') as undefined))
    throw malformed(dataSource, 'crossOrigin must be false')
  const challenge = fromBase64Url(member('challenge'))
  if (challenge === undefined) throw malformed(dataSource, 'challenge must be base64url')
  return challenge
}

function textOf(bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed(dataSource, 'not UTF-8')
  }
}

/** The key that was attested is the credential's. @throws VerificationError `webauthn-key` */
export function checkCredential(
  { authenticator: { credentialKey }, algorithm }: WebAuthnStatement,
  { spki }: Certificate,
  checks: CheckRecorder,
): void {
  const isKey = algorithm === RS256 ? isRsaKey : isEcKey
  checks.verifies('webauthn-key', 'credential key', {
    holds: isKey(credentialKey, spki, algorithm),
    otherwise: `it is not the leaf's, for ${algorithm.name}`,
  })
}

/** Whether a COSE_Key (RFC 8230 section 4) is the key of this SubjectPublicKeyInfo. */
function isRsaKey(key: CborMap, spki: Bytes, { cose, key: type }: SignatureAlgorithm): boolean {
  const [n, e] = [key.get(-1), key.get(-2)]
  if (key.size !== 4 || key.get(1) !== 3 || key.get(3) !== cose || !isKeyOf(spki, type)) return false
  if (!(n instanceof Uint8Array) || !(e instanceof Uint8Array)) return false
  // Two INTEGERs end it: the modulus behind the zero that its first bit needs, and the exponent.
  const ending = concatBytes([0], n, [2, e.length], e)
  return n.length >= 256 && equalBytes(ending, spki.subarray(-ending.length))
}

/** The attested key signed the authenticator data and the client data. */
export const statementRow = (
  { authenticatorData, signature, algorithm }: WebAuthnStatement,
  { digest }: ClientData,
  by: Certificate,
): SignatureRow => ({
  code: 'webauthn-signature',
  of: {
    name: 'attestation statement',
    signedBytes: concatBytes(authenticatorData, digest),
    signature,
    algorithm,
    isDer: true,
  },
  by,
})
