/**
 * JSON Web Signatures (RFC 7515) in compact form, the part of them that attestation results need.
 *
 * Accepted: three parts of strict base64url, a header in strict JSON, ES256, ES384 and ES512, `typ`
 * as tokens and EATs have it. Refused: `none` and everything else that is no ECDSA signature,
 * `crit`. Keys and certificates in a header are not looked at.
 */
import { ES256, ES384, ES512, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { sign } from '../crypto/sign.ts'
import { VerificationError } from '../core/errors.ts'
import { fromBase64Url, toBase64Url } from '../encoding/base64url.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { decodeJson, isJsonObject, type JsonObject } from '../encoding/json.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { textOf } from './cmw-json.ts'

/** A token that is well formed; nothing is verified. */
export interface Jws {
  readonly algorithm: SignatureAlgorithm
  /** What the signature covers: both parts as they came, with the dot between them. */
  readonly signed: Bytes
  readonly signature: Bytes
  /** Not decoded before the signature holds. */
  readonly payload: Bytes
}

/** Algorithms by the name that a header gives them (RFC 7518 section 3.1). */
export const jwsAlgorithms: readonly SignatureAlgorithm[] = [ES256, ES384, ES512]

const source: Source = { name: 'JSON Web Token', code: 'ear-format' }
/** In characters. Attestation results have some thousands. */
const maximumSize = 262_144

/** @throws VerificationError `ear-format`, `ear-alg` */
export function decodeJws(token: string): Jws {
  if (token.length > maximumSize) throw malformed(source, `more than ${maximumSize} characters`)
  const parts = token.split('.', 4)
  const [header, payload, signature] = parts.map(fromBase64Url)
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    throw malformed(source, 'must be three parts of base64url')
  const found = readHeader(header)
  const name = Object.hasOwn(found, 'alg') ? found['alg'] : undefined
  const algorithm = jwsAlgorithms.find((known) => known.name === name)
  if (algorithm === undefined)
    throw new VerificationError('ear-alg', {
      subject: 'alg',
      expected: jwsAlgorithms.map((known) => known.name).join(' or '),
      found: name === undefined ? 'none' : JSON.stringify(name),
    })
  if (Object.hasOwn(found, 'crit')) throw malformed(source, 'critical header parameters are not known here')
  const type = Object.hasOwn(found, 'typ') ? found['typ'] : 'JWT'
  if (typeof type !== 'string' || !/^(?:jwt|(?:application\/)?eat\+jwt)$/i.test(type))
    throw malformed(source, `typ must be JWT or eat+jwt, found ${JSON.stringify(type)}`)
  const signed = new TextEncoder().encode(token.slice(0, token.lastIndexOf('.')))
  return { algorithm, signed, signature, payload }
}

/** What the payload says, in strict JSON. @throws VerificationError `ear-format` */
export function decodePayload(bytes: Bytes): JsonObject {
  const value = decodeJson(textOf(bytes, source), { ...source, name: 'claims' })
  if (!isJsonObject(value)) throw malformed(source, 'claims must be an object')
  return value
}

/** Signs a text that is JSON. @returns the compact form */
export async function signJws(
  header: Readonly<Record<string, string>>,
  payload: string,
  { verifyParams }: SignatureAlgorithm,
  key: CryptoKey,
): Promise<string> {
  const encode = (text: string): string => toBase64Url(new TextEncoder().encode(text))
  const signed = `${encode(JSON.stringify(header))}.${encode(payload)}`
  const signature = await sign(verifyParams, key, new TextEncoder().encode(signed))
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`
}

function readHeader(bytes: Bytes): JsonObject {
  const value = decodeJson(textOf(bytes, source), { ...source, name: 'header' })
  if (!isJsonObject(value)) throw malformed(source, 'header must be an object')
  return value
}
