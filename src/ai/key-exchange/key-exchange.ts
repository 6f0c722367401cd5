/**
 * Bodies sealed under one session key, which the enclave sends sealed to a key exchange with X25519
 * (OpenSecretCloud/opensecret): evidence whose nonce is text, one exchange for each attestation, and
 * ChaCha20-Poly1305 in JSON.
 *
 *     evidence    GET /attestation/{nonce, 64 digits}: { "attestation_document": base64 }; public key of the evidence = X25519
 *     exchange    POST /key_exchange { nonce, client_public_key }: { session_id, encrypted_session_key },
 *                 which is iv (12) ‖ sealed, under the X25519 secret itself
 *     request     x-session-id; { "encrypted": base64 of iv ‖ sealed }
 *     response    the same; as a stream, each event is such base64
 *
 * What it leaves open, and callers must accept by name: `headers` (path and headers, an API key with
 * them, and those of the response), `order` (one key for both directions and all requests of a
 * session, without numbers: answers that did not arrive can be given to another request, events of a
 * stream can be left out or come in another order). What was sent or opened before is refused.
 */
import { VerificationError } from '../../core/errors.ts'
import { knownOptions } from '../../core/options.ts'
import type { Aead } from '../../crypto/aead.ts'
import { chaCha20Poly1305 } from '../../crypto/chacha.ts'
import { randomBytes } from '../../crypto/random.ts'
import { createX25519Key } from '../../crypto/x25519.ts'
import type { SealedChannel, SealingSession } from '../../client/channel-kind.ts'
import type { EvidenceAnswer, EvidenceQuestion } from '../../client/question.ts'
import { toBase64 } from '../../encoding/base64url.ts'
import { type Bytes, concatBytes, toHex } from '../../encoding/bytes.ts'
import { malformed } from '../../encoding/reader.ts'
import { requireAccepted } from '../accepted.ts'
import {
  answer,
  askFor,
  bytesOf,
  eventOf,
  eventsOf,
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

/** Options of {@link keyExchange}. */
export interface KeyExchangeOptions {
  /** `https://enclave.example`, the origin of the client. */
  readonly origin: string
  /** What you accept as open: both. */
  readonly unproven: readonly ('headers' | 'order')[]
}

const open = ['headers', 'order']
const ivSize = 12
const nothing = (): Bytes => new Uint8Array()

/** What both ends agreed on: plain data, and a key. */
interface Begun {
  readonly id: string
  readonly cipher: Aead
  /** Of everything under this key, in both directions. */
  readonly refuseCopy: (iv: Uint8Array) => void
}

/**
 * The channel of the kind `key-exchange-1`.
 *
 * Proves that bodies are sealed under a key that the attested enclave chose for this session. Does
 * *not* prove which answer belongs to which request: see {@link KeyExchangeOptions.unproven}. When
 * the enclave has forgotten a session, attest again.
 *
 * ```ts
 * const send = attestedFetch(origin, {
 *   evidenceSource: attestationByNonce({ origin }),
 *   verify: (evidence, { nonce }) => verifyNitro(evidence, { referenceValues, freshness: { nonce: nonceAsText(nonce) } }),
 *   channel: keyExchange({ origin, unproven: ['headers', 'order'] }),
 * })
 * ```
 * @throws TypeError for a caller's mistake; before anything is sent, VerificationError `unsupported`
 *   where WebCrypto does not have X25519 and ChaCha20-Poly1305; what it does throws VerificationError
 *   `client-key`, `client-response`, `ohttp-format`, `ohttp-open`, `ohttp-incomplete`, `ohttp-size`,
 *   `ohttp-limit`
 */
export function keyExchange(options: KeyExchangeOptions): SealedChannel {
  const { origin, unproven } = knownOptions<KeyExchangeOptions>(options, ['origin', 'unproven'])
  requireAccepted(unproven, open)
  const base = originOf(origin)
  return Object.freeze({
    kind: 'key-exchange-1',
    async requireRuntime() {
      await Promise.all([createX25519Key(), chaCha20Poly1305(new Uint8Array(32))])
    },
    async begin(key: Bytes, session: SealingSession): Promise<Begun> {
      const { publicKey, agree } = await createX25519Key()
      const secret = await agree(key)
      const question = {
        url: `${base}/key_exchange`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ nonce: toHex(session.nonce), client_public_key: toBase64(publicKey) }),
      }
      const { session_id: id, encrypted_session_key: sealed } = await askFor(session, question, 'a session')
      if (typeof id !== 'string' || !/^[\w.-]{1,256}$/.test(id)) throw malformed(answer, 'no session')
      const sessionKey = await openPart(await chaCha20Poly1305(secret), bytesOf(sealed, 'session key'))
      if (sessionKey.length !== 32) throw malformed(answer, 'a session key that has not 32 bytes')
      return Object.freeze({ id, cipher: await chaCha20Poly1305(sessionKey), refuseCopy: refusingCopies() })
    },
    async seal(request: Request, _key: Bytes, session: SealingSession) {
      const { id, cipher, refuseCopy } = session.begun as Begun
      const body = new Uint8Array(await request.arrayBuffer())
      const headers = new Headers(request.headers)
      headers.set('x-session-id', id)
      let sealed: string | undefined
      if (body.length > 0) {
        const iv = randomBytes(ivSize)
        // Sent back, it would look like an answer.
        refuseCopy(iv)
        sealed = toBase64(concatBytes(iv, await cipher.seal(iv, body, nothing())))
        headers.set('content-type', 'application/json')
      }
      return {
        url: request.url,
        init: { method: request.method, headers, ...(sealed && { body: JSON.stringify({ encrypted: sealed }) }) },
        open: (response: Response) => openResponse(response, session.begun as Begun),
      }
    },
  })
}

async function openResponse(response: Response, begun: Begun): Promise<Response> {
  const { ok, body } = response
  const type = typeOf(response)
  const openText = async (value: unknown): Promise<Bytes> => {
    const sealed = bytesOf(value as string, 'sealed part')
    begun.refuseCopy(sealed.slice(0, ivSize))
    return openPart(begun.cipher, sealed)
  }
  if (ok && type === 'application/json')
    return withBody(response, await openText(objectOf(textOf(await readBody(body)))['encrypted']))
  if (!ok || type !== 'text/event-stream' || body === null)
    throw unsealed(response, '200 application/json or text/event-stream')
  const opened = openedBody(body, async function* (pieces) {
    for await (const data of eventsOf(pieces)) yield eventOf(textOf(await openText(data)).replaceAll(/\r?\n/g, ' '))
    yield eventOf('[DONE]')
  })
  return withBody(response, opened)
}

/** `iv ‖ sealed`. */
async function openPart(cipher: Aead, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await opening('a part', cipher.open(bytes.slice(0, ivSize), bytes.slice(ivSize), nothing())))
}

/**
 * An evidence source for such services: asks for evidence with the nonce as text. What it returns is
 * unverified. @throws TypeError for a caller's mistake; asking throws VerificationError
 * `client-evidence`
 */
export function attestationByNonce(options: {
  readonly origin: string
}): (question: EvidenceQuestion) => Promise<EvidenceAnswer> {
  const base = originOf(knownOptions<{ origin: string }>(options, ['origin']).origin)
  return async (question) => {
    const response = await question.fetch(`${base}/attestation/${toHex(question.nonce)}`)
    if (response.status !== 200)
      throw new VerificationError('client-evidence', {
        subject: 'answer for evidence',
        expected: '200',
        found: `${response.status}`,
      })
    const { attestation_document: document } = objectOf(textOf(await readBody(response.body)))
    return { evidence: bytesOf(document, 'attestation_document') }
  }
}

/**
 * The nonce as such evidence has it: the UTF-8 of its 64 digits. For `freshness: { nonce }`; the
 * client itself compares it as well.
 */
export function nonceAsText(nonce: Uint8Array): Bytes {
  return new TextEncoder().encode(toHex(nonce))
}

/** @throws TypeError */
function originOf(origin: unknown): string {
  const isOrigin = typeof origin === 'string' && URL.canParse(origin) && new URL(origin).origin === origin
  if (!isOrigin) throw new TypeError('origin must be an origin, such as https://enclave.example')
  return origin
}
