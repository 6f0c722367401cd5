/**
 * Attestation objects and authenticator data for the second opinion: what a phone's answer to a
 * page and Apple's App Attest have in common.
 *
 * Source: Web Authentication Level 3, sections 6.1 and 6.5, read a second time.
 */
import { areSame, demand, isOctets, joined, type Octets } from '../readers/bytes.ts'
import { readFirstCbor, readStrictCbor } from '../readers/cbor.ts'
import type { ReadCertificate } from '../readers/certificate.ts'
import { insideOf, partsOf, readStrictDer, tagOf } from '../readers/der.ts'
import { p256Key, p384Key } from '../readers/path.ts'

type Members = ReadonlyMap<unknown, unknown>

const limits = { items: 256, isDeterministic: true } as const

/** A map of exactly these members. @throws Error */
export function membersOf(value: unknown, ...names: readonly string[]): Members {
  const isRight = value instanceof Map && value.size === names.length && names.every((name) => value.has(name))
  demand(isRight, `not exactly ${names.join(', ')}`)
  return value as Members
}

/** Bytes, at least one. @throws Error */
export function bytesUnder(map: Members, name: string): Octets {
  const value = map.get(name)
  demand(isOctets(value) && value.length > 0, `${name} is no bytes`)
  return Uint8Array.from(value)
}

/** What CTAP's deterministic CBOR says. @throws Error */
export const readCtap = (bytes: Octets): unknown => readStrictCbor(bytes, limits)

/** An attestation object. */
export interface AttestationObject {
  readonly statement: unknown
  readonly authData: Octets
}

/** @throws Error where it is none of this format */
export function readAttestationObject(bytes: Octets, format: string): AttestationObject {
  const object = membersOf(readCtap(bytes), 'fmt', 'attStmt', 'authData')
  demand(object.get('fmt') === format, 'another format')
  return { statement: object.get('attStmt'), authData: bytesUnder(object, 'authData') }
}

/** Certificates, as bytes. @throws Error */
export function certificatesUnder(map: Members): readonly Octets[] {
  const list = map.get('x5c')
  demand(Array.isArray(list) && list.length > 0 && list.every(isOctets), 'no certificates')
  return list.map((der) => Uint8Array.from(der))
}

/** Authenticator data with a credential. */
export interface AuthenticatorData {
  readonly rpIdHash: Octets
  readonly flags: number
  readonly counter: number
  readonly aaguid: Octets
  readonly credentialId: Octets
  readonly credentialKey: Members
}

/** The first 37 bytes. */
export function readHeader(bytes: Octets): Pick<AuthenticatorData, 'rpIdHash' | 'flags' | 'counter'> {
  demand(bytes.length >= 37, 'less than 37 bytes')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { rpIdHash: bytes.slice(0, 32), flags: view.getUint8(32), counter: view.getUint32(33) }
}

/** @throws Error */
export function readAuthenticatorData(bytes: Octets): AuthenticatorData {
  const header = readHeader(bytes)
  demand((header.flags & 0x40) !== 0, 'no credential')
  demand(bytes.length >= 55, 'a credential that is cut')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(53)
  const rest = bytes.slice(55 + length)
  demand(bytes.length >= 55 + length, 'a credential id that is cut')
  const key = readFirstCbor(rest, limits)
  demand(key.value instanceof Map, 'a credential key that is no map')
  const behind = rest.slice(key.size)
  if ((header.flags & 0x80) === 0) demand(behind.length === 0, 'bytes left over')
  else demand(readCtap(behind) instanceof Map, 'extensions that are no map')
  return {
    ...header,
    aaguid: bytes.slice(37, 53),
    credentialId: bytes.slice(55, 55 + length),
    credentialKey: key.value as Members,
  }
}

/** How a key signs, by the numbers of COSE and of X.509. */
const ways: ReadonlyMap<number, { readonly signature: string; readonly sizes: readonly number[] }> = new Map([
  [-7, { signature: '1.2.840.10045.4.3.2', sizes: [91] }],
  [-35, { signature: '1.2.840.10045.4.3.3', sizes: [120] }],
  // Moduli of 2048, 3072 and 4096 bits, and an exponent of three bytes.
  [-257, { signature: '1.2.840.113549.1.1.11', sizes: [294, 422, 550] }],
])

/** The identifier of a signature algorithm; `undefined` for those that are not accepted. */
export const signatureOf = (algorithm: unknown): string | undefined => ways.get(algorithm as number)?.signature

/** Whether the key of a credential, for this algorithm, is that of a certificate. */
export function isKeyOf(credential: Members, { key }: ReadCertificate, algorithm: number): boolean {
  if (credential.get(3) !== algorithm || ways.get(algorithm)?.sizes.includes(key.length) !== true) return false
  const bits = partsOf(readStrictDer(key)).at(1)
  if (bits === undefined || tagOf(bits) !== 0x03) return false
  const inside = insideOf(bits).slice(1)
  if (algorithm === -257) return isRsaKey(credential, inside)
  const [curve, wanted] = algorithm === -7 ? [1, p256Key] : [2, p384Key]
  const [x, y] = [credential.get(-2), credential.get(-3)]
  return (
    credential.size === 5 &&
    credential.get(1) === 2 &&
    credential.get(-1) === curve &&
    isOctets(x) &&
    isOctets(y) &&
    x.length === (inside.length - 1) / 2 &&
    isBeginning(key, wanted.begins) &&
    areSame(joined(Uint8Array.of(4), x, y), inside)
  )
}

function isRsaKey(credential: Members, inside: Octets): boolean {
  const [modulus, exponent] = partsOf(readStrictDer(inside))
  const [n, e] = [credential.get(-1), credential.get(-2)]
  return (
    credential.size === 4 &&
    credential.get(1) === 3 &&
    isOctets(n) &&
    isOctets(e) &&
    modulus !== undefined &&
    exponent !== undefined &&
    areSame(joined(Uint8Array.of(0), n), insideOf(modulus)) &&
    areSame(e, insideOf(exponent))
  )
}

function isBeginning(bytes: Octets, digits: string): boolean {
  return [...bytes.slice(0, digits.length / 2)].every(
    (byte, i) => byte === Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  )
}
