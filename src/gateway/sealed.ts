/**
 * The data endpoint: opens a sealed request, has the app answer it, seals the answer. Both
 * directions are streams, and each piece is made only when the other end asks for it.
 *
 *     POST /.well-known/ohttp-gateway      content-type: message/ohttp-chunked-req    or message/ohttp-req, which is answered in kind
 *     200                                  content-type: message/ohttp-chunked-res    the app's own status is inside
 *
 * Answers in the clear are those of RFC 9458 section 5.2: what went wrong before the request was
 * open. Later ones are sealed.
 *
 * A sender must be done with the head in time, and must not be slow after that: each request holds
 * one of a few slots.
 */
import type { Together } from '../channel/chunks.ts'
import type { Pieces } from '../channel/pieces.ts'
import { decodeRequest, encodeResponse } from '../channel/binary-http.ts'
import { clientSecretHeader } from '../channel/binding.ts'
import { mediaTypes, openRequest } from '../channel/ohttp.ts'
import type { Bytes } from '../encoding/bytes.ts'
import type { AttestationResult } from '../core/result.ts'
import { createAdmission } from './admission.ts'
import { type Outcome, type RefusalReason, refuse } from './answers.ts'
import { type AppAnswer, callApp, type InnerRequest, sealedAnswer } from './app.ts'
import { nonceOfSecret } from './evidence.ts'
import { beginExchange, type Exchange } from './exchange.ts'
import { collect, receive } from './inbound.ts'
import { readInnerHead } from './inner-request.ts'
import type { KeyRing, LiveKey } from './key-ring.ts'
import type { GatewayPolicy } from './options.ts'
import { readApp, streamForNetwork } from './outbound.ts'
import { isInside, reasonBeforeOpen, reasonOf } from './reasons.ts'
import { createSlots } from './slots.ts'
import { parseTraceparent, type Telemetry } from './telemetry.ts'

/** What is sealed in one piece or in chunks is answered in kind. */
const answerTo = (type: string): string | undefined =>
  Object.values(mediaTypes).find(({ request }) => request === type)?.response

/** What a sealed request says, or why it is refused, in the clear or inside the seal. */
type Reading =
  | { readonly refused: RefusalReason }
  | {
      readonly seal: Awaited<ReturnType<typeof openRequest>>['sealResponse']
      readonly request: InnerRequest | { readonly refused: RefusalReason }
    }

export function createSealedEndpoint(
  policy: GatewayPolicy,
  ring: KeyRing,
  telemetry: Telemetry,
): (request: Request) => Promise<Response> {
  const { limits, clock } = policy
  const slots = createSlots(limits.concurrentRequests, policy.perClient)
  const admit = createAdmission(policy, ring)
  const timing = { pace: policy.pace, clock }

  return async (request) => {
    const turnAway = (reason: RefusalReason): Response => {
      telemetry.count('requests', reason)
      return refuse(reason)
    }
    const type = (request.headers.get('content-type') ?? '').toLowerCase()
    if (request.method !== 'POST') return turnAway('method')
    if (answerTo(type) === undefined) return turnAway('media-type')
    const release = slots(policy.clientOf(request))
    if (release === undefined) return turnAway('busy')
    const exchange = beginExchange(telemetry, request.signal, release)
    try {
      return await answer(request, type, exchange)
    } catch (error) {
      // Nothing should get here; if something does, no slot may be lost.
      policy.onError(error)
      exchange.finish('malformed')
      return refuse('malformed')
    }
  }

  async function answer(request: Request, type: string, exchange: Exchange): Promise<Response> {
    const isChunked = type === mediaTypes.chunked.request
    // 1. Open it. Until here, nothing is known of its sender.
    const opened = await open(request, isChunked, exchange)
    if ('refused' in opened) {
      exchange.finish(opened.refused)
      return refuse(opened.refused)
    }
    const { seal, request: inner } = opened
    // 2. The app's answer, or ours.
    const made = 'refused' in inner ? sealedAnswer(inner.refused, policy) : await callApp(inner, policy, exchange)
    if ('refused' in made) {
      exchange.finish(made.refused)
      return refuse(made.refused === 'aborted' ? 'malformed' : made.refused)
    }
    // 3. Seal it.
    exchange.step('respond')
    const { message, outcome } = await encode(made, isChunked, exchange)
    return sealed(type, (together) => seal(message, together), { outcome, exchange })
  }

  /** The app's answer as a message; what cannot be one is answered for. */
  async function encode(
    { head, body, outcome }: AppAnswer,
    isChunked: boolean,
    exchange: Exchange,
  ): Promise<{ readonly message: AsyncIterable<Bytes>; readonly outcome: Outcome }> {
    const { unwanted } = exchange
    try {
      const message = encodeResponse(head, readApp(body, limits.responseBytes, unwanted))
      // One piece can only be begun when all of it is there.
      return { message: isChunked ? message : once(await collect(message, limits.unchunkedBytes)), outcome }
    } catch (error) {
      if (!unwanted.aborted) policy.onError(error)
      const instead = sealedAnswer(failureOf(error), policy)
      return {
        message: encodeResponse(instead.head, readApp(instead.body, Infinity, unwanted)),
        outcome: instead.outcome,
      }
    }
  }

  async function open(request: Request, isChunked: boolean, exchange: Exchange): Promise<Reading> {
    // From here to the end of the head, at any pace. A request without a body, or in one
    // piece, is all head.
    let deadline = clock.now() + limits.headSeconds * 1000
    const reception = { ...timing, until: () => deadline }
    let live: LiveKey | undefined
    const keyOf = (keyId: number): LiveKey['key'] | undefined => (live = ring.find(keyId))?.key
    let opened: Awaited<ReturnType<typeof openRequest>>
    let decoded: Awaited<ReturnType<typeof decodeRequest>> | RefusalReason
    try {
      opened = await openRequest(keyOf, receive(request.body, reception, exchange.reading), {
        chunked: isChunked,
        maximumChunk: limits.chunkBytes,
        maximumMessage: isChunked ? limits.requestBytes : limits.unchunkedBytes,
      })
      decoded = await decodeRequest(opened.message).catch(insideOrThrow)
    } catch (error) {
      return { refused: reasonBeforeOpen(error) }
    }
    // Before anything else happens because of it: the same request must not have been opened
    // before, nor be opened again.
    const admission = live?.admit(opened.enc) ?? 'full'
    if (admission !== 'admitted') return { refused: admission === 'full' ? 'key-unknown' : 'replayed' }
    const seal = opened.sealResponse
    if (typeof decoded === 'string') return { seal, request: { refused: decoded } }
    const head = readInnerHead(decoded.head, policy)
    exchange.opened(typeof head === 'string' ? undefined : parseTraceparent(head.headers.get('traceparent')))
    if (typeof head === 'string') return { seal, request: { refused: head } }
    let client: AttestationResult | undefined
    if (policy.verifyClient) {
      const nonce = await nonceOfSecret(head.headers.get(clientSecretHeader))
      client = nonce === undefined ? undefined : live?.clientOf(nonce)
      if (client === undefined) return { seal, request: { refused: 'client-refused' } }
      head.headers.delete(clientSecretHeader)
    }
    const onBody = (): void => {
      deadline = Infinity
    }
    return { seal, request: { head, body: decoded.body, client, admit, onBody } }
  }

  function sealed(
    type: string,
    seal: (together: Together) => Pieces,
    { outcome, exchange }: { readonly outcome: Outcome; readonly exchange: Exchange },
  ): Response {
    const body = streamForNetwork(seal, timing, exchange.unwanted, {
      onDone: () => {
        exchange.finish(outcome)
      },
      onFailure: (error) => {
        if (!exchange.unwanted.aborted) policy.onError(error)
        exchange.finish(failureOf(error))
      },
      onCancel: () => {
        exchange.finish('aborted')
      },
      onStall: () => {
        exchange.finish('response-stalled')
      },
    })
    const headers = {
      'content-type': answerTo(type) as string,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // Asks intermediaries to pass chunks on as they come (draft-ietf-httpbis-incremental).
      ...(type === mediaTypes.chunked.request && { incremental: '?1' }),
    }
    return new Response(body, { status: 200, headers })
  }
}

/** The reason of what is wrong inside the seal. @throws anything else */
function insideOrThrow(error: unknown): RefusalReason {
  if (!isInside(error)) throw error
  return reasonOf(error)
}

/** Why the app's answer could not be sealed to its end. */
function failureOf(error: unknown): 'handler-failed' | 'response-too-large' {
  return reasonOf(error) === 'too-large' ? 'response-too-large' : 'handler-failed'
}

// eslint-disable-next-line @typescript-eslint/require-await -- a message of one piece
async function* once(message: Bytes): Pieces {
  yield message
}
