/**
 * The app's part of an exchange: gives it the request, and takes its answer only as far as it is
 * one. An app that fails is answered for, in words that say nothing of how.
 */
import type { Pieces } from '../channel/pieces.ts'
import type { ResponseHead } from '../channel/binary-http.ts'
import { refusalHeader } from '../channel/fields.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationResult } from '../core/result.ts'
import type { Admission } from './admission.ts'
import { type Outcome, type RefusalReason, type SealedReason, sealedRefusal } from './answers.ts'
import type { Exchange } from './exchange.ts'
import { ignore } from './inbound.ts'
import { type InnerHead, isEndToEnd } from './inner-request.ts'
import type { GatewayPolicy } from './options.ts'
import { streamForApp } from './outbound.ts'
import { isInside, reasonOf } from './reasons.ts'

/** A request that may be passed on. */
export interface InnerRequest {
  readonly head: InnerHead
  readonly body: Pieces
  readonly client: AttestationResult | undefined
  /** Asked right before the app is. */
  readonly admit: Admission
  /** The body is the app's to read now: a deadline for the head has been met. */
  readonly onBody: () => void
}

/** What is going to be sealed. */
export interface AppAnswer {
  readonly head: ResponseHead
  readonly body: ReadableStream<Uint8Array> | null
  readonly outcome: Outcome
}

/** An answer of the gateway, to be sealed. */
export function sealedAnswer(reason: SealedReason, { clock }: Pick<GatewayPolicy, 'clock'>): AppAnswer {
  const { status, headers, text } = sealedRefusal(reason, clock.wall())
  return { head: { status, headers }, body: new Response(text).body, outcome: reason }
}

/**
 * What the app answers, or what is answered for it; `refused` when the request turned out to be
 * broken, which is said in the clear.
 */
export async function callApp(
  { head, body, client, admit, onBody }: InnerRequest,
  policy: GatewayPolicy,
  exchange: Exchange,
): Promise<AppAnswer | { readonly refused: RefusalReason | 'aborted' }> {
  const { method, url, headers } = head
  const span = exchange.step('handle')
  /** What went wrong with the request's body: at most one thing. */
  const failures: unknown[] = []
  let isAnswered = false

  async function* watched(): Pieces {
    try {
      let length = 0
      for await (const piece of body) {
        length += piece.length
        yield piece
      }
      if (head.length !== undefined && head.length !== length)
        throw new VerificationError('gateway-body', {
          subject: 'body',
          expected: `${head.length} bytes as content-length says`,
          found: `${length}`,
        })
    } catch (error) {
      failures.push(error)
      // Too late for another answer: the one that is on its way ends here, without its final chunk.
      if (isAnswered) exchange.finish(reasonOf(error))
      throw error
    }
  }

  try {
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const pieces = watched()
    // `fetch` knows no body here. Reading to the end shows that there is none, and that nothing was
    // cut off.
    if (!hasBody) for await (const piece of pieces) if (piece.length > 0) return sealedAnswer('malformed', policy)
    const init: RequestInit & { duplex: 'half' } = {
      method,
      headers,
      body: hasBody ? streamForApp(pieces) : null,
      duplex: 'half',
      // For apps that pass it on: what a redirect leads to is the client's decision.
      redirect: 'manual',
      signal: exchange.unwanted,
    }
    const request = new Request(url, init)
    exchange.unwanted.throwIfAborted()
    // Nothing is awaited from here until the app has the request.
    const refused = admit(head)
    if (refused !== undefined) return sealedAnswer(refused, policy)
    onBody()
    const work = Promise.resolve(policy.handler(request, { client, span }))
    exchange.hold(work.then(ignore, ignore))
    const response: unknown = await orUnwanted(work, exchange.unwanted)
    if (failures.length === 0) {
      const answer = readAnswer(response, method)
      isAnswered = true
      return answer
    }
    // What the app made of half a request is no answer to it.
    dismiss(response)
  } catch (error) {
    if (exchange.unwanted.aborted) return { refused: 'aborted' }
    if (failures.length === 0) policy.onError(error)
  }
  if (failures.length === 0) return sealedAnswer('handler-failed', policy)
  const [error] = failures
  const reason = reasonOf(error)
  return reason !== 'malformed' || isInside(error) ? sealedAnswer(reason, policy) : { refused: reason }
}

/**
 * @throws the reason of `unwanted`, as soon as it is aborted; what comes of `work` after that is
 * dropped
 */
async function orUnwanted(work: Promise<Response>, unwanted: AbortSignal): Promise<Response> {
  let stop: () => void = ignore
  const gone = new Promise<never>((_, reject) => {
    stop = () => {
      work.then(dismiss, ignore)
      reject(unwanted.reason as Error)
    }
    unwanted.addEventListener('abort', stop)
  })
  try {
    unwanted.throwIfAborted()
    return await Promise.race([work, gone])
  } finally {
    unwanted.removeEventListener('abort', stop)
  }
}

/**
 * The parts of a response, each read once. Not by `instanceof`: frameworks bring classes of their
 * own.
 * @throws TypeError for what is no response, or has been read
 */
function readAnswer(response: unknown, method: string): AppAnswer {
  const { status, headers, body } = (Object(response) === response ? response : {}) as Response
  if (!Number.isInteger(status) || status < 200 || status > 599 || body?.locked === true) {
    dismiss(response)
    throw new TypeError('handler must return a Response with a status from 200 to 599 and an unread body')
  }
  const fields = [...headers].filter(([name]) => isEndToEnd(name) && name !== refusalHeader)
  if (method === 'HEAD') dismiss(response)
  return { head: { status, headers: fields }, body: method === 'HEAD' ? null : body, outcome: 'answered' }
}

/** Tells a response that it will not be read. */
function dismiss(response: unknown): void {
  const body = (response as Partial<Response> | null | undefined)?.body ?? null
  if (body?.locked === false) void body.cancel().catch(ignore)
}
