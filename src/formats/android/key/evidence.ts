/**
 * Evidence of Android's key store: a chain of certificates, bare or inside a WebAuthn attestation
 * object.
 */
import { type CheckRecorder, recordChecks } from '../../../core/record.ts'
import { type Bytes, copyBytes } from '../../../encoding/bytes.ts'
import { decodeCbor, isCborMap } from '../../../encoding/cbor.ts'
import { rawOf, readElement, SEQUENCE } from '../../../encoding/der.ts'
import { decodePem } from '../../../encoding/pem.ts'
import { cursor, remaining } from '../../../encoding/reader.ts'
import { AttestationError } from '../../../core/errors.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { copyEvidence } from '../../options.ts'
import { checkSize } from '../../webauthn.ts'
import { KEY_DESCRIPTION, readCertificates } from '../chain.ts'
import type { Provisioning } from '../profile.ts'
import type { AndroidApplication, AuthorizationList, RootOfTrust } from './authorization-list.ts'
import { decodeKeyDescription, type KeyDescription } from './key-description.ts'
import { decodeStatement, type WebAuthnStatement } from './webauthn.ts'

/** What a verified phone says of a key. Frozen. */
export interface AndroidKeyClaims {
  /** How the phone came by its attestation key. */
  readonly provisioning: Provisioning
  readonly attestationVersion: number
  readonly keyMintVersion: number
  /** What keeps the key; the vendor's certificates agree. */
  readonly securityLevel: 'tee' | 'strongbox'
  /** What the key was asked for with; with WebAuthn, SHA-256 of the client data. */
  readonly challenge: Uint8Array
  readonly uniqueId: Uint8Array
  readonly rootOfTrust: RootOfTrust
  /** The applications that share the key: what Android says, not the hardware. */
  readonly application: AndroidApplication | undefined
  readonly osVersion: number | bigint | undefined
  readonly osPatchLevel: number | bigint | undefined
  readonly vendorPatchLevel: number | bigint | undefined
  readonly bootPatchLevel: number | bigint | undefined
  readonly hardwareEnforced: AuthorizationList
  readonly softwareEnforced: AuthorizationList
  /**
   * Positions, counted from the leaf, of certificates that ended before the time of the
   * verification: factory chains do not expire.
   */
  readonly expiredCertificates: readonly number[]
  /**
   * How many certificates Google's server gave this phone lately, where the chain says so: very
   * many hint at a leaked key that is shared.
   */
  readonly certificatesIssued: number | undefined
}

/** What evidence says. Not verified: for display. */
export interface AndroidKeyEvidence {
  /** How it was wrapped. */
  readonly kind: 'chain' | 'webauthn'
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[]
  /** What the leaf says of the key; `undefined` where it says nothing that can be read. */
  readonly keyDescription: KeyDescription | undefined
}

/** Evidence, taken apart. */
export interface DecodedEvidence {
  readonly certificates: readonly Bytes[]
  /** For WebAuthn. */
  readonly statement: WebAuthnStatement | undefined
}

/** What a chain in DER begins with. */
const derSequence = 0x30
/** More than any chain has: a chain is refused for its length, not for what it costs to read. */
const maximumCertificates = 16
/** A map of CBOR. */
const cborMap = 5

/**
 * @param isWebAuthn whether the caller expects an attestation object, and not a bare chain
 * @throws VerificationError `payload-size`, `cert-parse`, `outer-cbor`, `webauthn-format`
 */
export function decodeEvidence(bytes: Bytes, isWebAuthn: boolean, checks: CheckRecorder): DecodedEvidence {
  checks.decodes('payload-size', 'bytes of evidence', () => {
    checkSize(bytes)
  })
  if (isWebAuthn) {
    const statement = checks.decodes('webauthn-format', 'attestation object', () => decodeStatement(bytes))
    return { certificates: statement.certificates, statement }
  }
  const isBare = (bytes[0] ?? 0) >> 5 !== cborMap
  checks.decodes('webauthn-format', 'chain without an attestation object', {
    holds: isBare,
    otherwise: 'this is one: it is verified with the option webauthn',
  })
  return { certificates: checks.decodes('cert-parse', 'chain', () => decodeChain(bytes)), statement: undefined }
}

/** PEM, or DER one after another. */
function decodeChain(bytes: Bytes): readonly Bytes[] {
  const source = { name: 'chain', code: 'cert-parse' } as const
  if (bytes[0] !== derSequence) return decodePem(new TextDecoder().decode(bytes), 'CERTIFICATE', source)
  const input = cursor(bytes, source)
  const certificates: Bytes[] = []
  while (remaining(input) > 0 && certificates.length < maximumCertificates)
    certificates.push(rawOf(readElement(input, SEQUENCE, `certificate ${certificates.length}`)))
  return certificates
}

/** The key description of a leaf. @throws VerificationError `key-description` */
export function keyDescriptionOf({ extensions }: Certificate): KeyDescription {
  return decodeKeyDescription(extensions.get(KEY_DESCRIPTION)?.value)
}

/**
 * Provisioning information, 1.3.6.1.4.1.11129.2.1.30: CBOR, informative, so that what is malformed
 * says nothing.
 */
export function certificatesIssued(attestation: Certificate | undefined): number | undefined {
  const info = attestation?.extensions.get('2b06010401d67902011e')
  const map = info && tolerant(() => decodeCbor(info.value, { name: 'provisioning information', code: 'outer-cbor' }))
  const count = map !== undefined && isCborMap(map) ? map.get(1) : undefined
  return typeof count === 'number' && count >= 0 ? count : undefined
}

/** `undefined` for what cannot be read. */
function tolerant<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}

/**
 * Reads a chain, or a WebAuthn attestation object, without verifying it: anyone can write such a
 * thing.
 * @throws VerificationError `payload-size`, `chain-shape`, `cert-parse`, `outer-cbor`,
 *   `webauthn-format`
 * @throws TypeError when `evidence` is no `Uint8Array`
 */
export function decodeAndroidKeyEvidence(evidence: Uint8Array): AndroidKeyEvidence {
  const bytes = copyEvidence(evidence)
  const checks = recordChecks()
  const isWebAuthn = (bytes[0] ?? 0) >> 5 === cborMap
  const { certificates } = decodeEvidence(bytes, isWebAuthn, checks)
  const [leaf] = readCertificates(certificates, checks)
  return Object.freeze({
    kind: isWebAuthn ? 'webauthn' : 'chain',
    certificates: Object.freeze(certificates.map(copyBytes)),
    keyDescription: tolerant(() => keyDescriptionOf(leaf)),
  })
}
