/**
 * Claims of a token, one by one: which claim, of what type, within what bounds. What is wrong is
 * said with the token's name and the claim's number.
 */
import { VerificationError } from '../../core/errors.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { decodeTokenCbor, isTokenMap, type TokenMap, tokenType, type TokenValue } from '../../encoding/cbor-token.ts'

/** A claims-set, or a map inside one. */
export interface Claims {
  /** For messages: `platform token`. */
  readonly name: string
  readonly map: TokenMap
}

/** A claim: its key, and what people call it. */
export type ClaimKey = readonly [key: number, name: string]

/** Reads the value of one claim. @throws VerificationError `payload-field-…` */
export type ReadClaim<T> = (value: TokenValue, subject: string) => T

/** The hash algorithms by their names in tokens: lower case, exact. */
export type HashName = 'sha-256' | 'sha-384' | 'sha-512'

/** Decodes the claims-set of a token. @throws VerificationError `payload-cbor` */
export function decodeClaims(payload: Bytes, name: string): Claims {
  const map = decodeTokenCbor(payload, { name: `${name}: claims`, code: 'payload-cbor' })
  if (!isTokenMap(map))
    throw new VerificationError('payload-cbor', { subject: `${name}: claims`, expected: 'map', found: tokenType(map) })
  return { name, map }
}

/** @throws VerificationError `payload-field-missing`, or what `read` throws */
export function claim<T>(claims: Claims, key: ClaimKey, read: ReadClaim<T>): T {
  const [number] = key
  if (!claims.map.has(number))
    throw new VerificationError('payload-field-missing', {
      subject: subjectOf(claims, key),
      expected: 'a value',
      found: 'nothing',
    })
  return read(claims.map.get(number), subjectOf(claims, key))
}

/** `undefined` where the claim is not there. */
export function optionalClaim<T>(claims: Claims, key: ClaimKey, read: ReadClaim<T>): T | undefined {
  return claims.map.has(key[0]) ? claim(claims, key, read) : undefined
}

const subjectOf = ({ name }: Claims, [key, called]: ClaimKey): string => `${name}: ${called} (${key})`

/** A copy of bytes whose length is one of `sizes`; any, where none is named. */
export function bytesOf(...sizes: readonly number[]): ReadClaim<Bytes> {
  return (value, subject) => {
    if (!(value instanceof Uint8Array)) throw wrongType(subject, 'bstr', value)
    if (sizes.length > 0 && !sizes.includes(value.length))
      throw wrongSize(subject, `${sizes.join(' or ')} bytes`, value.length)
    return value.slice()
  }
}

/** A hash, or something of its size: 32, 48 or 64 bytes. */
export const readDigest: ReadClaim<Bytes> = (value, subject) => bytesOf(32, 48, 64)(value, subject)

/** A UEID of the kind RAND (RFC 9711 section 4.2.1): 0x01, then 32 bytes. */
export const readInstanceId: ReadClaim<Bytes> = (value, subject) => {
  const id = bytesOf(33)(value, subject)
  if (id[0] !== 1) throw wrongValue(subject, 'a UEID of type 0x01', `type ${id[0]}`)
  return id
}

export const readText: ReadClaim<string> = (value, subject) => {
  if (typeof value !== 'string') throw wrongType(subject, 'tstr', value)
  return value
}

export const readHashName: ReadClaim<HashName> = (value, subject) => {
  const name = readText(value, subject)
  if (name !== 'sha-256' && name !== 'sha-384' && name !== 'sha-512')
    throw wrongValue(subject, 'sha-256, sha-384 or sha-512', shown(name))
  return name
}

/** An integer within bounds. Integers too large to be read are integers all the same. */
export function integerOf(minimum: number, maximum: number): ReadClaim<number> {
  return (value, subject) => {
    const isInteger = typeof value === 'number'
    if (!isInteger && tokenType(value) !== 'integer') throw wrongType(subject, 'int', value)
    if (!isInteger || value < minimum || value > maximum)
      throw wrongValue(subject, `${minimum} to ${maximum}`, isInteger ? `${value}` : 'more than 53 bits')
    return value
  }
}

/** An array of `minimum` to `maximum` items, each read by `read`. */
export function arrayOf<T>(minimum: number, maximum: number, read: ReadClaim<T>): ReadClaim<readonly T[]> {
  return (value, subject) => {
    if (!Array.isArray(value)) throw wrongType(subject, 'array', value)
    const items = value as readonly TokenValue[]
    if (items.length < minimum || items.length > maximum)
      throw wrongSize(subject, `${minimum} to ${maximum} entries`, items.length)
    return Object.freeze(items.map((item, i) => read(item, `${subject}[${i}]`)))
  }
}

export const readMap: ReadClaim<Claims> = (value, subject) => {
  if (!isTokenMap(value)) throw wrongType(subject, 'map', value)
  return { name: subject, map: value }
}

export function wrongValue(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('payload-field-value', { subject, expected, found })
}

/** Text of a stranger's, for messages. */
export const shown = (text: string): string => JSON.stringify(text.slice(0, 64))

function wrongType(subject: string, expected: string, value: TokenValue): VerificationError {
  return new VerificationError('payload-field-type', { subject, expected, found: tokenType(value) })
}

function wrongSize(subject: string, expected: string, found: number): VerificationError {
  return new VerificationError('payload-field-size', { subject, expected, found: `${found}` })
}
