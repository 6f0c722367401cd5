/**
 * The answer of the evidence endpoint, written by the gateway and read by the client: a Conceptual Message Wrapper (CMW, RFC 9999) in JSON.
 * It is a record `[media type, base64url, indicator]`, or a collection of records by name. A wrapper authenticates nothing: what is in it
 * must be believed, or not, by itself.
 */
import { fromBase64Url, toBase64Url } from '../encoding/base64url.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { decodeJson, isJsonObject, type JsonValue } from '../encoding/json.ts'
import { malformed } from '../encoding/reader.ts'

/** The media type of a wrapper in JSON. */
export const cmwMediaType = 'application/cmw+json'

/** Bits of the third item: what kind of message a record holds. */
const kinds = { endorsements: 2, evidence: 4 } as const

/** What the wrapper holds. */
export interface WrappedEvidence {
  readonly mediaType: string
  readonly evidence: Uint8Array
  /** Given when the evidence holds only a digest of it. */
  readonly keyConfig: Uint8Array | undefined
  /** A value for JSON, or `undefined` for none. */
  readonly endorsements: unknown
}

/** What came, unverified. */
export interface Wrapped {
  readonly mediaType: string
  readonly evidence: Bytes
  readonly keyConfig: Bytes | undefined
  readonly endorsements: JsonValue | undefined
}

const source = { name: 'answer of the evidence endpoint', code: 'client-evidence' } as const
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A record where evidence is all there is, else a collection. */
export function encodeCmw({ mediaType, evidence, keyConfig, endorsements }: WrappedEvidence): string {
  const record = [mediaType, toBase64Url(evidence), kinds.evidence]
  if (keyConfig === undefined && endorsements === undefined) return JSON.stringify(record)
  return JSON.stringify({
    evidence: record,
    ...(keyConfig && { 'key-config': ['application/ohttp-keys', toBase64Url(keyConfig)] }),
    ...(endorsements !== undefined && {
      endorsements: [
        'application/json',
        toBase64Url(new TextEncoder().encode(JSON.stringify(endorsements))),
        kinds.endorsements,
      ],
    }),
  })
}

/** Reads what {@link encodeCmw} writes. Nothing in it is believed. @throws VerificationError `client-evidence` */
export function unwrap(text: string): Wrapped {
  const value = decodeJson(text, source)
  const {
    evidence,
    'key-config': keyConfig,
    endorsements,
    ...unknown
  } = isJsonObject(value) ? value : { evidence: value }
  const [name] = Object.keys(unknown)
  if (name !== undefined) throw malformed(source, `unknown member ${JSON.stringify(name.slice(0, 32))}`)
  const [mediaType, bytes] = recordOf(evidence, 'evidence', kinds.evidence)
  if (bytes.length === 0) throw malformed(source, 'evidence must not be empty')
  const extra = endorsements === undefined ? undefined : recordOf(endorsements, 'endorsements', kinds.endorsements)
  if (extra !== undefined && extra[0] !== 'application/json')
    throw malformed(source, 'endorsements must be application/json')
  const key = keyConfig === undefined ? undefined : recordOf(keyConfig, 'key-config', undefined)
  if (key !== undefined && key[0] !== 'application/ohttp-keys')
    throw malformed(source, 'key-config must be application/ohttp-keys')
  return {
    mediaType,
    evidence: bytes,
    keyConfig: key?.[1],
    endorsements: extra && decodeJson(textOf(extra[1]), source),
  }
}

/** `[ media type, base64url, ? kind ]`; where the kind is given, the bit must be set. */
function recordOf(value: JsonValue | undefined, name: string, kind: number | undefined): readonly [string, Bytes] {
  const [type, text, ind, ...more] = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  const bytes = fromBase64Url(text)
  const isType = typeof type === 'string' && /^[\w.+-]+\/[\w.+-]+(?:; ?[\w.+-]+=[^\s,;]+)*$/.test(type)
  const isKind = ind === undefined || (kind !== undefined && typeof ind === 'number' && (ind & kind) !== 0)
  if (!isType || bytes === undefined || !isKind || more.length > 0)
    throw malformed(source, `${name} must be [media type, base64url, kind]`)
  return [type, bytes]
}

/** UTF-8, strictly. @throws VerificationError `client-evidence` */
export function textOf(bytes: Bytes): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed(source, 'not UTF-8')
  }
}
