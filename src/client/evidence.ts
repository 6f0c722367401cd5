/**
 * Asks for evidence: a fresh nonce goes out, and nothing else; a wrapper (CMW, draft-ietf-rats-msg-wrap, in JSON) comes back, of which nothing is believed.
 *
 *     POST /.well-known/attestation     { "nonce": "<base64url, 32 bytes>" }       with "role": "client" and "evidence" where both prove themselves
 *     200, application/cmw+json         [ "<media type>", "<base64url>", 4 ]       or { "evidence": […], "key-config": […], "endorsements": […] }
 */
import { toBase64Url } from '../channel/base64url.ts'
import { fromBase64Url } from '../channel/base64url.ts'
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import { decodeJson, isJsonObject, type JsonValue } from '../encoding/json.ts'
import { malformed } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { discard, piecesOf, post, typeOf } from './transport.ts'

/** What came, unverified. */
export interface Wrapped {
  readonly mediaType: string
  readonly evidence: Bytes
  readonly keyConfig: Bytes | undefined
  readonly endorsements: JsonValue | undefined
}

const source = { name: 'answer of the evidence endpoint', code: 'client-evidence' } as const
const cmwType = 'application/cmw+json'
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws VerificationError `client-evidence`, `client-transport`, `client-timeout`; the reason of `signal` */
export async function askForEvidence(
  send: typeof fetch,
  url: string,
  question: { readonly nonce: Bytes; readonly evidence: Uint8Array | undefined },
  maximum: number,
  signal: AbortSignal,
): Promise<Wrapped> {
  const { nonce, evidence } = question
  const body = JSON.stringify({
    nonce: toBase64Url(nonce),
    ...(evidence && { role: 'client', evidence: toBase64Url(evidence) }),
  })
  const headers = { 'content-type': 'application/json', accept: cmwType }
  const response = await post(send, { url, headers, body, signal })
  const type = typeOf(response)
  if (response.status !== 200 || type !== cmwType) {
    discard(response)
    throw new VerificationError('client-evidence', source.name, `200 ${cmwType}`, `${response.status} ${type}`)
  }
  const parts: Bytes[] = []
  let length = 0
  // The deadline of the whole attestation is the caller's.
  for await (const piece of piecesOf(response.body, signal)) {
    length += piece.length
    if (length > maximum)
      throw new VerificationError('client-evidence', `bytes of the ${source.name}`, `at most ${maximum}`, 'more')
    parts.push(piece)
  }
  return unwrap(textOf(concatBytes(...parts)))
}

/** @throws VerificationError `client-evidence` */
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
  const [mediaType, bytes] = recordOf(evidence, 'evidence', 4)
  if (bytes.length === 0) throw malformed(source, 'evidence must not be empty')
  const extra = endorsements === undefined ? undefined : recordOf(endorsements, 'endorsements', 2)
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

function textOf(bytes: Bytes): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw malformed(source, 'not UTF-8')
  }
}
