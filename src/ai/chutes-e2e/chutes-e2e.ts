/**
 * Bodies sealed with ML-KEM-768 and ChaCha20-Poly1305, to one instance of a service.
 *
 *     request     POST /e2e/invoke; X-Chute-Id, X-Instance-Id, X-E2E-Nonce (once), X-E2E-Stream, X-E2E-Path;
 *                 body = ciphertext (1088) ‖ iv (12) ‖ sealed: gzip of the JSON, with a key for the answer as `e2e_response_pk`
 *     response    the same, to that key; as a stream: events { "e2e_init": ciphertext }, then { "e2e": iv ‖ sealed }, not gzip
 *     keys        HKDF-SHA256(secret, salt = first 16 bytes of the ciphertext), info e2e-req-v1, e2e-resp-v1, e2e-stream-v1
 *
 * The key for the answer goes inside the seal: only the enclave can answer. What it leaves open, and
 * callers must accept by name: `headers` (path and headers, an API key with them, and those of the
 * response), `order` (events of a stream are not numbered, and its end is not authenticated).
 */
import { VerificationError } from '../../core/errors.ts'
import { knownOptions, requireOption } from '../../core/options.ts'
import { type Aead, hkdf } from '../../crypto/aead.ts'
import { chaCha20Poly1305 } from '../../crypto/chacha.ts'
import { createMlKemKey, encapsulate, type MlKemKey, mlKemSizes } from '../../crypto/ml-kem.ts'
import { randomBytes } from '../../crypto/random.ts'
import type { SealedChannel, SealingSession } from '../../client/channel-kind.ts'
import { toBase64 } from '../../encoding/base64url.ts'
import { type Bytes, equalBytes } from '../../encoding/bytes.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../encoding/json.ts'
import { malformed } from '../../encoding/reader.ts'
import { requireAccepted } from '../accepted.ts'
import {
  answer,
  askFor,
  bytesOf,
  eventsOf,
  eventOf,
  incomplete,
  objectOf,
  openedBody,
  opening,
  readBody,
  refusingCopies,
  textOf,
  typeOf,
  unsealed,
  withBody,
} from '../sealed-body.ts'

/** Options of {@link chutesE2e}. */
export interface ChutesE2eOptions {
  /** The service: the parameter `chute` of the profile. */
  readonly chute: string
  /** The one instance whose evidence is verified: the parameter `instance` of the profile. */
  readonly instance: string
  /** What you accept as open: both. */
  readonly unproven: readonly ('headers' | 'order')[]
}

const open = ['headers', 'order']
const ivSize = 12
const tagSize = 16
const nothing = (): Bytes => new Uint8Array()

/**
 * The channel of profiles of the kind `chutes-e2e-1`.
 *
 * Proves that bodies are sealed to the attested key, and that each part of an answer was sealed by
 * the owner of that key, for this request. Does *not* prove that all of a stream came, nor in which
 * order: see {@link ChutesE2eOptions.unproven}. Requests are JSON. Each takes a nonce of the
 * service, which the channel asks for with the `authorization` of the request.
 *
 * ```ts
 * const channel = chutesE2e({ chute, instance, unproven: ['headers', 'order'] })
 * const provider = attestedProvider(profile, {
 *   parameters: { chute, instance },
 *   channel,
 *   verify: (evidence, { reportData }) => verifyTdx(evidence, { endorsements, referenceValues, reportData: reportData! }),
 * })
 * const send = attestedFetch(origin, provider)
 * ```
 * @throws TypeError for a caller's mistake; before anything is sent, VerificationError `unsupported`
 *   where WebCrypto does not have ML-KEM-768 and ChaCha20-Poly1305; sealing throws VerificationError
 *   `client-response`, `client-key`; opening `client-response`, `ohttp-format`, `ohttp-open`,
 *   `ohttp-incomplete`, `ohttp-size`, `ohttp-limit`
 */
export function chutesE2e(options: ChutesE2eOptions): SealedChannel {
  const own = knownOptions<ChutesE2eOptions>(options, ['chute', 'instance', 'unproven'])
  requireAccepted(own.unproven, open)
  const { chute = '', instance = '' } = own
  for (const [name, value] of Object.entries({ chute, instance }))
    requireOption(name, 'an identifier', typeof value === 'string' && /^[\w.-]{1,256}$/.test(value))
  const nonces = nonceStore(chute, instance)

  return Object.freeze({
    kind: 'chutes-e2e-1',
    async requireRuntime() {
      await Promise.all([createMlKemKey(), chaCha20Poly1305(new Uint8Array(32))])
    },
    async seal(request: Request, key: Bytes, session: SealingSession) {
      const body = bodyOf(await request.text())
      if (key.length !== mlKemSizes.publicKey)
        throw new VerificationError('client-key', `key of the channel: expected ${mlKemSizes.publicKey} bytes`)
      const responseKey = await createMlKemKey()
      const text = JSON.stringify({ ...body, e2e_response_pk: toBase64(responseKey.publicKey) })
      const { secret, ciphertext } = await encapsulate(key)
      const cipher = await cipherOf(secret, ciphertext, 'e2e-req-v1')
      const iv = randomBytes(ivSize)
      const sealed = await cipher.seal(iv, await gzip(new TextEncoder().encode(text)), nothing())
      const { pathname, search, origin } = new URL(request.url)
      const headers = new Headers(request.headers)
      headers.set('content-type', 'application/octet-stream')
      headers.set('x-chute-id', chute)
      headers.set('x-instance-id', instance)
      headers.set('x-e2e-nonce', await nonces.take(request, key, session))
      headers.set('x-e2e-stream', `${body['stream'] === true}`)
      headers.set('x-e2e-path', pathname + search)
      return {
        url: `${origin}/e2e/invoke`,
        init: { method: 'POST', headers, body: new Blob([ciphertext, iv, sealed]) },
        open: (response: Response) => openResponse(response, responseKey),
      }
    },
  })
}

/** @throws TypeError: it is the caller's own */
function bodyOf(text: string): JsonObject {
  let body: JsonValue = null
  try {
    body = JSON.parse(text) as JsonValue
  } catch {
    // Judged below.
  }
  requireOption('request', 'one with a JSON object as its body', isJsonObject(body))
  return body as JsonObject
}

async function cipherOf(secret: Bytes, ciphertext: Bytes, info: string): Promise<Aead> {
  const { [info]: key } = await hkdf(secret, ciphertext.slice(0, 16), { [info]: 32 })
  return chaCha20Poly1305(key as Bytes)
}

interface NonceStore {
  readonly take: (request: Request, key: Bytes, session: SealingSession) => Promise<string>
}

/**
 * What the service gives out for one request each. Nothing of it is secret or proven. Plain data:
 * requests at the same time ask each for itself.
 */
function nonceStore(chute: string, instance: string): NonceStore {
  let held: string[] = []
  let until = 0
  return {
    async take(request, key, session) {
      const { now } = session
      if (now >= until) held = []
      const one = held.pop()
      if (one !== undefined) return one
      const authorization = request.headers.get('authorization')
      const url = `${new URL(request.url).origin}/e2e/instances/${encodeURIComponent(chute)}`
      const headers: Record<string, string> = authorization === null ? {} : { authorization }
      const question = { method: 'GET', url, headers, body: null }
      const { instances, nonce_expires_in: seconds } = await askFor(session, question, 'nonces of the service')
      const found = (Array.isArray(instances) ? (instances as readonly JsonValue[]) : [])
        .filter(isJsonObject)
        .find((entry) => entry['instance_id'] === instance)
      if (found === undefined || !equalBytes(bytesOf(found['e2e_pubkey'], 'key of the instance'), key))
        throw new VerificationError(
          'client-key',
          'the instance that was verified is gone, or has another key: attest again',
        )
      const given = (Array.isArray(found['nonces']) ? (found['nonces'] as readonly JsonValue[]) : []).filter(
        (nonce): nonce is string => typeof nonce === 'string' && /^[\w+/=.-]{1,256}$/.test(nonce),
      )
      const [first, ...rest] = given
      if (first === undefined) throw malformed(answer, 'no nonce for the instance')
      held = rest
      until = now + 1000 * (typeof seconds === 'number' ? Math.min(Math.max(seconds, 0), 3600) : 0)
      return first
    },
  }
}

async function openResponse(response: Response, key: MlKemKey): Promise<Response> {
  const { ok, body } = response
  const type = typeOf(response)
  if (ok && type === 'text/event-stream' && body !== null) {
    const opened = openedBody(body, (pieces) => openEvents(eventsOf(pieces), key))
    return withBody(response, opened)
  }
  if (!ok || !/^application\/(?:octet-stream|json)$/.test(type))
    throw unsealed(response, '200 application/octet-stream or text/event-stream')
  const bytes = await readBody(body)
  // Some send the same bytes as `{ "e2e": base64 }`.
  const sealed = type === 'application/json' ? bytesOf(objectOf(textOf(bytes))['e2e'], 'e2e') : bytes
  if (sealed.length < mlKemSizes.ciphertext + ivSize + tagSize) throw incomplete()
  const cipher = await cipherFor(key, sealed.slice(0, mlKemSizes.ciphertext), 'e2e-resp-v1')
  const opened = withBody(response, await gunzip(await openPart(cipher, sealed.slice(mlKemSizes.ciphertext))))
  opened.headers.set('content-type', 'application/json')
  return opened
}

/** The events inside the sealed ones. */
async function* openEvents(events: AsyncGenerator<string, void>, key: MlKemKey): AsyncGenerator<Bytes, void> {
  let held = ''
  for await (const text of openTexts(events, key)) {
    // Some seal each event by itself, without the end of its line; some seal whatever is there.
    const lines = (text.startsWith('data:') && held !== '' ? `${held}\n${text}` : held + text).split('\n')
    held = lines.pop() ?? ''
    if (isWhole(held)) {
      lines.push(held)
      held = ''
    }
    for (const line of lines) {
      const data = line.startsWith('data:') ? line.slice(5).trim() : ''
      if (data !== '' && data !== '[DONE]') yield eventOf(data)
    }
  }
  if (held.trim() !== '') throw incomplete()
  yield eventOf('[DONE]')
}

/** Whether it is one event as it should be. */
function isWhole(line: string): boolean {
  if (!line.startsWith('data:')) return false
  try {
    return line.slice(5).trim() === '[DONE]' || JSON.parse(line.slice(5)) !== undefined
  } catch {
    return false
  }
}

async function* openTexts(events: AsyncGenerator<string, void>, key: MlKemKey): AsyncGenerator<string, void> {
  const refuseCopy = refusingCopies()
  let cipher: Aead | undefined
  for await (const data of events) {
    const event = objectOf(data)
    if (Object.hasOwn(event, 'e2e_init')) {
      if (cipher !== undefined) throw malformed(answer, 'a second key')
      cipher = await cipherFor(key, bytesOf(event['e2e_init'], 'e2e_init'), 'e2e-stream-v1')
    } else if (Object.hasOwn(event, 'e2e')) {
      if (cipher === undefined) throw malformed(answer, 'a sealed event before the key')
      const sealed = bytesOf(event['e2e'], 'e2e')
      refuseCopy(sealed.slice(0, ivSize))
      yield textOf(await openPart(cipher, sealed))
    } else if (!Object.hasOwn(event, 'usage'))
      // Token counts are in the clear and not passed on; errors would be anyone's.
      throw new VerificationError('client-response', 'unauthenticated event in a sealed response')
  }
  if (cipher === undefined) throw incomplete()
}

async function cipherFor(key: MlKemKey, ciphertext: Bytes, info: string): Promise<Aead> {
  const secret = await opening('the key of the answer', key.decapsulate(ciphertext))
  return cipherOf(secret, ciphertext, info)
}

/** `iv ‖ sealed`. */
async function openPart(cipher: Aead, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await opening('a part', cipher.open(bytes.slice(0, ivSize), bytes.slice(ivSize), nothing())))
}

async function gzip(data: Bytes): Promise<Bytes> {
  return readBody(new Blob([data]).stream().pipeThrough(new CompressionStream('gzip')))
}

/** Within the bounds of a body, whatever it says of itself. */
async function gunzip(data: Bytes): Promise<Bytes> {
  try {
    return await readBody(new Blob([data]).stream().pipeThrough(new DecompressionStream('gzip')))
  } catch (cause) {
    if (cause instanceof VerificationError) throw cause
    throw malformed(answer, 'not gzip')
  }
}
