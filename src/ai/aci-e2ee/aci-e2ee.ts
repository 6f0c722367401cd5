/**
 * End-to-end encryption of ACI, version 2 (Dstack-TEE/private-ai-gateway, spec/e2ee-v2.md): the
 * fields of a request that hold content, each sealed to an X25519 key; those of its response, each
 * sealed to a key that was made for this request.
 *
 *     field       hexadecimal of: ephemeral key (32) ‖ iv (12) ‖ AES-256-GCM ‖ tag (16)
 *     key         HKDF-SHA256 of the X25519 secret, no salt, info "aci.e2ee.v2.x25519"
 *     with it     canonical JSON of purpose, algorithm, model, path of the field, nonce, time, and the response's id
 *
 * What it leaves open, and callers must accept by name: `headers` (path and headers, an API key
 * with them), `fields` (the model's name, parameters, tools and calls of tools, token counts,
 * errors: in the clear, and unauthenticated), `answers` (the key that answers are sealed to goes in
 * the clear, so that those on the way can seal one as well: a receipt tells), `order` (events of a
 * stream can be left out, or come in another order).
 */
import { VerificationError } from '../../core/errors.ts'
import { knownOptions, requireOption } from '../../core/options.ts'
import { type Aead, aesGcm, hkdf } from '../../crypto/aead.ts'
import { randomBytes } from '../../crypto/random.ts'
import { createX25519Key, type X25519Key } from '../../crypto/x25519.ts'
import type { SealedChannel, SealingSession } from '../../client/channel-kind.ts'
import { type Bytes, concatBytes, fromHex, toHex } from '../../encoding/bytes.ts'
import { canonicalJson } from '../../encoding/canonical-json.ts'
import { decodeJson } from '../../encoding/json.ts'
import { malformed } from '../../encoding/reader.ts'
import { requireAccepted } from '../accepted.ts'
import {
  answer,
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
import { type Json, type Place, requestPlaces, responsePlaces } from './fields.ts'

/** Options of {@link aciE2ee}. */
export interface AciE2eeOptions {
  /** What you accept as open: all four. */
  readonly unproven: readonly ('headers' | 'fields' | 'answers' | 'order')[]
}

const algo = 'x25519-aes-256-gcm-hkdf-sha256'
const info = 'aci.e2ee.v2.x25519'
const open = ['headers', 'fields', 'answers', 'order']

/**
 * The channel of profiles of the kind `aci-e2ee-2`.
 *
 * Proves that prompts are sealed to the attested key, field by field, and that each field of the
 * answer was sealed for this request, at this place. Does *not* prove who sealed the answer, nor
 * that all of it came: see {@link AciE2eeOptions.unproven}. A request must be JSON with a model, and
 * with content that the protocol can seal; calls of tools among its messages go in the clear.
 *
 * ```ts
 * const channel = aciE2ee({ unproven: ['headers', 'fields', 'answers', 'order'] })
 * const provider = attestedProvider(profile, {
 *   channel,
 *   verify: (evidence, { reportData }) => verifyTdx(evidence, { endorsements, referenceValues, reportData: reportData! }),
 * })
 * const send = attestedFetch(origin, provider)
 * ```
 * @throws TypeError for a caller's mistake; sealing throws TypeError for a request without content;
 *   opening throws VerificationError `client-response`, `ohttp-format`, `ohttp-open`,
 *   `ohttp-incomplete`, `ohttp-size`, `ohttp-limit`
 */
export function aciE2ee(options: AciE2eeOptions): SealedChannel {
  requireAccepted(knownOptions<AciE2eeOptions>(options, ['unproven']).unproven, open)
  return Object.freeze({
    kind: 'aci-e2ee-2',
    async seal(request: Request, key: Bytes, { now }: SealingSession) {
      const body = jsonOf(await request.text())
      const { model } = Object(body) as { readonly model?: unknown }
      requireOption('request', 'JSON with a model', typeof model === 'string')
      const places = requestPlaces(body)
      requireOption('request', 'one with content to seal: messages, a prompt, or an input', places.length > 0)
      if (key.length !== 32) throw new VerificationError('client-key', 'key of the channel: expected 32 bytes')
      const own = await createX25519Key()
      const ts = Math.floor(now / 1000)
      const context: Context = { own, model: model as string, nonce: toHex(randomBytes(32)), ts }
      for (const place of places) place.set(await sealField(place, key, context))
      const headers = new Headers(request.headers)
      // It would ask for what was before this version.
      headers.delete('x-signing-algo')
      headers.set('content-type', 'application/json')
      headers.set('x-e2ee-version', '2')
      headers.set('x-client-pub-key', toHex(own.publicKey))
      headers.set('x-model-pub-key', toHex(key))
      headers.set('x-e2ee-nonce', context.nonce)
      headers.set('x-e2ee-timestamp', `${ts}`)
      return {
        url: request.url,
        init: { method: request.method, headers, body: JSON.stringify(body) },
        open: (response: Response) => openResponse(response, context),
      }
    },
  })
}

/** What all fields of one exchange are bound to. */
interface Context {
  /** Made for this request: what answers are sealed to. */
  readonly own: X25519Key
  readonly model: string
  readonly nonce: string
  readonly ts: number
}

/** @throws TypeError: it is the caller's own */
function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new TypeError('request must be JSON', { cause })
  }
}

/** What a field is authenticated with. @param id of a response */
function boundTo({ model, nonce, ts }: Context, field: string, id?: string): Bytes {
  const purpose = `aci.e2ee.${id === undefined ? 'request' : 'response'}.v2`
  const bound = { algo, field, model, nonce, purpose, ts, ...(id !== undefined && { id }) }
  return new TextEncoder().encode(canonicalJson(bound, answer))
}

async function cipherOf(secret: Bytes): Promise<Aead> {
  const { [info]: key } = await hkdf(secret, new Uint8Array(), { [info]: 32 })
  return aesGcm(key)
}

async function sealField({ path, value }: Place, key: Bytes, context: Context): Promise<string> {
  const { publicKey, agree } = await createX25519Key()
  const cipher = await cipherOf(await agree(key))
  const iv = randomBytes(12)
  const text = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
  return toHex(concatBytes(publicKey, iv, await cipher.seal(iv, text, boundTo(context, path))))
}

async function openResponse(response: Response, context: Context): Promise<Response> {
  const type = typeOf(response)
  const { ok, body } = response
  const openObject = opener(context)
  if (ok && type === 'application/json') return withBody(response, await openObject(textOf(await readBody(body))))
  if (!ok || type !== 'text/event-stream' || body === null)
    throw unsealed(response, '200 application/json or text/event-stream')
  const opened = openedBody(body, async function* (pieces) {
    for await (const data of eventsOf(pieces)) yield eventOf(await openObject(data))
    yield eventOf('[DONE]')
  })
  return withBody(response, opened)
}

/** Opens what holds content, in each object of one response. Nothing comes twice. */
function opener(context: Context): (text: string) => Promise<string> {
  const refuseCopy = refusingCopies()
  const openField = async ({ path, value }: Place, id: string): Promise<Json> => {
    // Content in the clear is none of this enclave's.
    if (typeof value !== 'string' || !/^(?:[0-9a-f]{2}){60,}$/i.test(value))
      throw malformed(answer, `${path} is not sealed`)
    const bytes = fromHex(value)
    const ephemeral = bytes.slice(0, 32)
    refuseCopy(ephemeral)
    const work = context.own
      .agree(ephemeral)
      .then(cipherOf)
      .then((cipher) => cipher.open(bytes.slice(32, 44), bytes.slice(44), boundTo(context, path, id)))
    const text = textOf(new Uint8Array(await opening(path, work)))
    return path.endsWith('.embedding') ? (decodeJson(text, answer) as Json) : text
  }
  return async (text) => {
    const object = objectOf(text) as { [name: string]: Json }
    const places = responsePlaces(object)
    if (places === undefined) throw malformed(answer, 'neither choices nor data nor an error')
    const { id } = object
    for (const place of places) place.set(await openField(place, typeof id === 'string' ? id : ''))
    return JSON.stringify(object)
  }
}
