/**
 * Evidence of App Attest: an attestation object once for each key, and an assertion for each
 * request after that.
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { type Bytes, copyBytes, toHex } from '../../../encoding/bytes.ts'
import { decodeCbor } from '../../../encoding/cbor.ts'
import { cursor, end, malformed, type Source } from '../../../encoding/reader.ts'
import { copyEvidence } from '../../options.ts'
import {
  type AuthenticatorData,
  bytesMember,
  certificatesMember,
  checkSize,
  decodeAttestationObject,
  decodeAuthenticatorData,
  membersOf,
  readHeader,
} from '../../webauthn.ts'

/**
 * Whose service made the attestation: Apple's for published applications, or that for development.
 */
export type AppAttestEnvironment = 'production' | 'development'

/** What a verified attestation says. Frozen. */
export interface AppAttestClaims {
  /** SHA-256 of the key, 32 bytes: how the application calls it. */
  readonly keyId: Uint8Array
  readonly environment: AppAttestEnvironment
  /** SHA-256 of the application's id. */
  readonly appIdHash: Uint8Array
  /** For Apple's server, which assesses fraud. Nothing of it is verified here. */
  readonly receipt: Uint8Array
}

/** What an attestation says. Not verified: for display. */
export interface AppAttestEvidence extends AppAttestClaims {
  readonly counter: number
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[]
}

/** An attestation, read. */
export interface DecodedAttestation {
  readonly leaf: Bytes
  readonly ca: Bytes
  readonly receipt: Bytes
  readonly authenticatorData: Bytes
  readonly authenticator: AuthenticatorData
  readonly environment: AppAttestEnvironment
}

/** An assertion, read. */
export interface DecodedAssertion {
  readonly signature: Bytes
  readonly authenticatorData: Bytes
  readonly rpIdHash: Bytes
  readonly counter: number
}

const source: Source = { name: 'attestation', code: 'app-attest-format' }
const assertionSource: Source = { name: 'assertion', code: 'app-attest-format' }

/** `appattest` with seven zeros behind it, and `appattestdevelop`. */
const environments: readonly (readonly [aaguid: string, AppAttestEnvironment])[] = [
  ['61707061747465737400000000000000', 'production'],
  ['617070617474657374646576656c6f70', 'development'],
]

/** @throws VerificationError `payload-size`, `outer-cbor`, `app-attest-format` */
export function decodeAttestation(bytes: Bytes, checks: CheckRecorder): DecodedAttestation {
  return checks.decodes('app-attest-format', 'attestation object', () => {
    const { statement, authenticatorData } = decodeAttestationObject(bytes, 'apple-appattest', source.code)
    membersOf(statement, ['x5c', 'receipt'], source)
    const [leaf, ca, more] = certificatesMember(statement, source)
    if (leaf === undefined || ca === undefined || more !== undefined)
      throw malformed(source, 'x5c must be two certificates')
    const authenticator = decodeAuthenticatorData(authenticatorData, source)
    const { aaguid, credentialId } = authenticator
    const environment = environments.find(([id]) => id === toHex(aaguid))?.[1]
    if (environment === undefined) throw malformed(source, `aaguid ${toHex(aaguid)} is no environment of App Attest`)
    if (credentialId.length !== 32) throw malformed(source, 'credentialId must have 32 bytes')
    return {
      leaf,
      ca,
      receipt: bytesMember(statement, 'receipt', source),
      authenticatorData,
      authenticator,
      environment,
    }
  })
}

/** @throws VerificationError `payload-size`, `outer-cbor`, `app-attest-format` */
export function decodeAssertion(bytes: Bytes, checks: CheckRecorder): DecodedAssertion {
  return checks.decodes('app-attest-format', 'assertion', () => {
    checkSize(bytes)
    const object = decodeCbor(bytes, { ...assertionSource, code: 'outer-cbor' }, true)
    const members = membersOf(object, ['signature', 'authenticatorData'], assertionSource)
    const authenticatorData = bytesMember(members, 'authenticatorData', assertionSource)
    const input = cursor(authenticatorData, assertionSource)
    // Flags say that a credential follows. None does.
    const { rpIdHash, counter } = readHeader(input)
    end(input)
    return { signature: bytesMember(members, 'signature', assertionSource), authenticatorData, rpIdHash, counter }
  })
}

/** What an attestation says of itself; bytes are copies. */
export function claimsOf({ authenticator, environment, receipt }: DecodedAttestation): AppAttestClaims {
  return {
    keyId: copyBytes(authenticator.credentialId),
    environment,
    appIdHash: copyBytes(authenticator.rpIdHash),
    receipt: copyBytes(receipt),
  }
}

/**
 * Reads an attestation without verifying it: anyone can write such a thing.
 * @throws VerificationError `payload-size`, `outer-cbor`, `app-attest-format`
 * @throws TypeError when `evidence` is no `Uint8Array`
 */
export function decodeAppAttestEvidence(evidence: Uint8Array): AppAttestEvidence {
  const decoded = decodeAttestation(copyEvidence(evidence), recordChecks())
  return Object.freeze({
    ...claimsOf(decoded),
    counter: decoded.authenticator.counter,
    certificates: Object.freeze([copyBytes(decoded.leaf), copyBytes(decoded.ca)]),
  })
}
