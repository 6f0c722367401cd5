/**
 * Attestation objects and authenticator data (Web Authentication Level 3, sections 6.5.4 and 6.1):
 * the envelope of a phone's attestation to a web page, and of Apple's App Attest.
 *
 * Accepted: CBOR of definite lengths with shortest heads, as CTAP2 asks for; exactly the members
 * that the standard has; keys of the type EC2.
 */
import type { AttestationErrorCode } from '../core/codes.ts'
import { AttestationError } from '../core/errors.ts'
import { isKeyOf, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { type Bytes, concatBytes, equalBytes } from '../encoding/bytes.ts'
import { type CborMap, type CborValue, decodeCbor, isCborMap, readCbor } from '../encoding/cbor.ts'
import { type Cursor, cursor, end, malformed, type Source, take, uint } from '../encoding/reader.ts'

/** More than any phone sends. */
const maximumSize = 65_536

/** An attestation object, read. Nothing in it is verified; bytes are views. */
export interface AttestationObject {
  readonly statement: CborMap
  readonly authenticatorData: Bytes
}

/** Authenticator data with an attested credential, read. */
export interface AuthenticatorData {
  /** SHA-256 of the relying party's or the application's id. */
  readonly rpIdHash: Bytes
  readonly flags: number
  readonly counter: number
  readonly aaguid: Bytes
  readonly credentialId: Bytes
  /** A COSE_Key. */
  readonly credentialKey: CborMap
}

// Flags of section 6.1.
export const USER_PRESENT = 0x01
const ATTESTED_CREDENTIAL = 0x40
const EXTENSIONS = 0x80

/** @throws VerificationError `payload-size` */
export function checkSize({ length }: Bytes): void {
  if (length > maximumSize)
    throw malformed({ name: 'evidence', code: 'payload-size' }, `${length} bytes, at most ${maximumSize} are read`)
}

/**
 * What `fmt` says. A guess about unverified bytes: `undefined` for whatever is no attestation
 * object.
 */
export function attestationFormatOf(bytes: Bytes): string | undefined {
  // A map of three: most other evidence ends here.
  if (bytes[0] !== 0xa3 || bytes.length > maximumSize) return undefined
  try {
    const object = decodeCbor(bytes, { name: 'evidence', code: 'outer-cbor' }, true)
    const format = isCborMap(object) ? object.get('fmt') : undefined
    return typeof format === 'string' ? format : undefined
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}

/**
 * @param code for what is CBOR, but no attestation object of this format.
 * @throws VerificationError `payload-size`, `outer-cbor`, and with `code`
 */
export function decodeAttestationObject(bytes: Bytes, format: string, code: AttestationErrorCode): AttestationObject {
  checkSize(bytes)
  const source: Source = { name: 'attestation object', code }
  const object = membersOf(
    decodeCbor(bytes, { ...source, code: 'outer-cbor' }, true),
    ['fmt', 'attStmt', 'authData'],
    source,
  )
  const found = object.get('fmt')
  if (found !== format) throw malformed(source, `fmt: expected ${format}, found ${JSON.stringify(found)}`)
  const statement = object.get('attStmt')
  if (!isCborMap(statement)) throw malformed(source, 'attStmt must be a map')
  return { statement, authenticatorData: bytesMember(object, 'authData', source) }
}

/** A map that has exactly these members. @throws VerificationError with the code of `source` */
export function membersOf(value: CborValue, names: readonly string[], source: Source): CborMap {
  if (isCborMap(value) && value.size === names.length && names.every((name) => value.has(name))) return value
  throw malformed(source, `must be a map with exactly ${names.join(', ')}`)
}

/** The bytes of a member. @throws VerificationError with the code of `source` */
export function bytesMember(map: CborMap, name: string, source: Source): Bytes {
  const value = map.get(name)
  if (value instanceof Uint8Array && value.length > 0) return value
  throw malformed(source, `${name} must be bytes`)
}

/** `x5c`: certificates, leaf first. @throws VerificationError with the code of `source` */
export function certificatesMember(map: CborMap, source: Source): readonly Bytes[] {
  const list = map.get('x5c')
  if (Array.isArray(list) && list.length > 0 && list.every((der) => der instanceof Uint8Array))
    return list as readonly Bytes[]
  throw malformed(source, 'x5c must be a list of certificates')
}

/** Relying party, flags, counter: what all authenticator data begins with. */
export function readHeader(input: Cursor): Pick<AuthenticatorData, 'rpIdHash' | 'flags' | 'counter'> {
  const rpIdHash = take(input, 32, 'rpIdHash')
  const flags = uint(input, 1, 'flags')
  return { rpIdHash, flags, counter: uint(input, 4, 'signCount') }
}

/**
 * Authenticator data with exactly one attested credential.
 * @throws VerificationError with the code of `source`
 */
export function decodeAuthenticatorData(bytes: Bytes, source: Source): AuthenticatorData {
  const input = cursor(bytes, source)
  const header = readHeader(input)
  if ((header.flags & ATTESTED_CREDENTIAL) === 0) throw malformed(source, 'no attested credential')
  const aaguid = take(input, 16, 'aaguid')
  const credentialId = take(input, uint(input, 2, 'length of credentialId'), 'credentialId')
  const credentialKey = readMap(input, 'credentialPublicKey')
  if ((header.flags & EXTENSIONS) !== 0) readMap(input, 'extensions')
  end(input)
  return { ...header, aaguid, credentialId, credentialKey }
}

function readMap(input: Cursor, name: string): CborMap {
  const value = readCbor(input, input.source, true)
  if (!isCborMap(value)) throw malformed(input.source, `${name} must be a map`)
  return value
}

/**
 * Whether a COSE_Key (RFC 9053 section 7.1.1) is the key of this SubjectPublicKeyInfo, and for this
 * algorithm; it may have no further parameters.
 */
export function isEcKey(key: CborMap, spki: Bytes, { cose, key: type }: SignatureAlgorithm): boolean {
  const { coordinateSize } = type
  const [x, y] = [key.get(-2), key.get(-3)]
  return (
    key.size === 5 &&
    key.get(1) === 2 &&
    key.get(3) === cose &&
    key.get(-1) === (coordinateSize === 32 ? 1 : 2) &&
    x instanceof Uint8Array &&
    y instanceof Uint8Array &&
    x.length === coordinateSize &&
    isKeyOf(spki, type) &&
    equalBytes(concatBytes(x, y), spki.subarray(-2 * coordinateSize))
  )
}
