/**
 * One request and its response over an attested session: sealed, sent once, opened as it comes.
 */
import type { Pieces } from '../channel/pieces.ts'
import {
  decodeResponse,
  encodeRequest,
  type HeaderField,
  type Message,
  type ResponseHead,
} from '../channel/binary-http.ts'
import { clientSecretHeader } from '../channel/binding.ts'
import { mediaTypes } from '../channel/ohttp.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import type { Ahead } from './ahead.ts'
import { type Outgoing, sealByChannel } from './channel.ts'
import { collect } from './collect.ts'
import { type Dating, fieldOf, refusalIn } from './dating.ts'
import { within } from './deadline.ts'
import type { ClientPolicy } from './options.ts'
import type { OutgoingRequest } from './request.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { ask as sendOnce, discard, piecesOf, typeOf } from './transport.ts'

/** What all exchanges of a client have in common. */
export interface Channel {
  readonly policy: ClientPolicy
  readonly runtime: Runtime
  readonly send: typeof fetch
  readonly sessions: Sessions
  readonly dating: Dating
  readonly ahead: Ahead
}

export interface Exchange {
  readonly session: Session
  readonly request: OutgoingRequest
  /** The identifier of the request. */
  readonly id: string
  /** What goes into the seal beside the caller's. */
  readonly fields: readonly HeaderField[]
  /** Aborts the exchange, whatever it waits for. */
  readonly end: AbortController
}

/**
 * An end that another try may mend: the session was over before anything left, the gateway does not
 * have the key, or it refused the date.
 */
export interface Setback {
  readonly kind: 'ended' | 'rotated' | 'dated'
  /** What the caller is told when there is no other try. */
  readonly reason: unknown
  /** Going out again cannot make the request run twice, or the caller said that it may. */
  readonly mayGoAgain: boolean
}

/**
 * Whatever is thrown, or met, is the end of this exchange: the caller aborts `end` with it.
 * @throws VerificationError `client-response` for an answer that is not sealed, `client-repeated`;
 * the reason of `end`
 */
export async function exchange(channel: Channel, one: Exchange): Promise<Response | Setback> {
  const { policy, runtime, sessions, ahead } = channel
  const { session, request, end } = one
  const { signal } = end
  const arrival = { onPiece: (): void => undefined }
  // When all of this exchange is done, so that the next one need not wait for it.
  const makeNextKeys = (): void => {
    if (policy.channel !== undefined) return
    runtime.after(0, () => {
      if (sessions.live() === session) ahead.make(session)
    })
  }
  const outcome = await within(
    runtime,
    { milliseconds: policy.responseMs, signal, what: 'the response' },
    (waiting, progress) => ask(channel, one, { waiting, progress, arrival }),
  )
  if ('kind' in outcome) return outcome
  const { head, body } = outcome
  const next: Next = async () => {
    const piece = await within(
      runtime,
      { milliseconds: policy.idleMs, signal, what: 'the next piece of the response' },
      (_waiting, progress) => {
        arrival.onPiece = progress
        return body.next()
      },
    )
    // In a Worker, another request may have closed this client, which cannot abort what is under
    // way here.
    sessions.requireOpen()
    if (piece.done === true) makeNextKeys()
    return piece
  }
  if (request.head.method !== 'HEAD' && !withoutBody.includes(head.status))
    return responseOf(head, openedStream({ next, stop: () => void body.return() }, end))
  if ((await next()).done !== true)
    throw new VerificationError('client-response', {
      subject: `response ${head.status}`,
      expected: 'no body',
      found: 'one',
    })
  end.abort()
  return responseOf(head, null)
}

/** From the request to the head of its response. */
async function ask(
  { policy, runtime, send, sessions, dating, ahead }: Channel,
  { session, request, id, fields, end: { signal } }: Exchange,
  {
    waiting,
    progress,
    arrival,
  }: {
    readonly waiting: AbortSignal
    readonly progress: () => void
    readonly arrival: { readonly onPiece: () => void }
  },
): Promise<Message<ResponseHead> | Setback> {
  const own = [...fields, ...dating.fieldsFor(session, id), ...secretOf(session)]
  const source = watched(request.body(), progress)
  // sealed
  const { channel } = policy
  const outgoing = await (channel === undefined
    ? sealObliviously({ policy, ahead }, { session, request, own, pieces: source.pieces })
    : sealByChannel(
        channel,
        policy,
        { head: request.head, pieces: source.pieces },
        { ...session, now: runtime.now(), fetch: send, signal },
      ))
  waiting.throwIfAborted()
  // live? The last thing that is asked: between this and the post, nothing is awaited.
  const ending = sessions.endingOf(session)
  if (ending !== undefined) {
    const { reason, isHarmless } = await ending
    return { kind: 'ended', reason, mayGoAgain: isHarmless }
  }
  // sent
  const response = await sendOnce(send, { ...outgoing, signal }).finally(() => {
    // What broke the caller's own stream is for the caller, whatever the network made of it.
    const broken = source.failure()
    if (broken !== undefined) throw broken.error
  })
  if (isKeyUnknown(response)) {
    discard(response)
    sessions.end(session, { reason: rotated('nothing of this request was sent'), isHarmless: true })
    const reason = rotated('anyone in between can say so, and the request may still run')
    return { kind: 'rotated', reason, mayGoAgain: request.isRepeatable }
  }
  // streaming
  const opened = await outgoing.open(response, (body) =>
    piecesOf(body, signal, () => {
      arrival.onPiece()
    }),
  )
  // Only a gateway of oblivious HTTP was told a date.
  if (channel !== undefined) return opened
  const refusal = refusalIn(opened.head, fieldOf({ headers: own }, 'date'))
  if (refusal === undefined) return opened
  void opened.body.return()
  if (refusal.code !== 'client-date') throw refusal
  return { kind: 'dated', reason: refusal, mayGoAgain: dating.correct(session, opened.head) }
}

/** Oblivious HTTP: everything of a request is inside the seal. */
async function sealObliviously(
  { policy: { gatewayUrl, streams }, ahead }: Pick<Channel, 'policy' | 'ahead'>,
  one: {
    readonly session: Session
    readonly request: OutgoingRequest
    readonly own: readonly HeaderField[]
    readonly pieces: Pieces
  },
): Promise<Outgoing> {
  const { head, isStream } = one.request
  const message = encodeRequest({ ...head, headers: [...head.headers, ...one.own] }, one.pieces)
  const { sealed, openResponse } = (await ahead.take(one.session)).seal(message)
  const { request: type, response: wanted } = mediaTypes.chunked
  return {
    method: 'POST',
    url: gatewayUrl,
    headers: { 'content-type': type, accept: wanted },
    body: isStream && streams ? streamOf(sealed) : await collect(sealed),
    async open(response, pieces) {
      refuseUnsealed(response, wanted)
      return decodeResponse(openResponse(pieces(response.body)))
    },
  }
}

function secretOf({ secret }: Session): readonly HeaderField[] {
  return secret === undefined ? [] : [[clientSecretHeader, secret]]
}

/** RFC 9458 section 5.3. Not authentic: it makes this client attest again, and no weaker. */
function isKeyUnknown(response: Response): boolean {
  return response.status === 422 && typeOf(response) === 'application/problem+json'
}

function rotated(consequence: string): VerificationError {
  const subject = 'the gateway says that it does not have the key of this session any more'
  return new VerificationError('client-key-rotated', `${subject}: ${consequence}`)
}

/** What is in between can answer anything; of what is not sealed not a word is passed on. */
function refuseUnsealed(response: Response, wanted: string): void {
  const { status } = response
  const type = typeOf(response)
  if (status === 200 && type === wanted) return
  discard(response)
  throw new VerificationError('client-response', {
    subject: 'unauthenticated answer',
    expected: `200 ${wanted}`,
    found: `${status} ${type}`.trim(),
  })
}

/** Statuses whose responses have no body. */
const withoutBody = [204, 205, 304]

function responseOf({ status, headers }: ResponseHead, body: ReadableStream<Uint8Array> | null): Response {
  const fields = new Headers()
  for (const [name, value] of headers) fields.append(name, value)
  return new Response(body, { status, headers: fields })
}

/** The next opened piece, within its deadline. */
type Next = () => Promise<IteratorResult<Bytes, unknown>>

/**
 * The body for the caller: read as fast as the caller reads, each piece after its seal was found
 * whole.
 */
function openedStream(
  { next, stop }: { readonly next: Next; readonly stop: () => void },
  end: AbortController,
): ReadableStream<Uint8Array> {
  const { signal } = end
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener('abort', () => {
          // Has no effect on a stream that was read to its end, or that no reader wants any more.
          controller.error(signal.reason)
          stop()
        })
      },
      async pull(controller) {
        try {
          const { done, value } = await next()
          if (signal.aborted) return
          if (done !== true) {
            controller.enqueue(value)
            return
          }
          controller.close()
          end.abort()
        } catch (error) {
          end.abort(error)
        }
      },
      cancel(reason) {
        end.abort(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Tells of each piece, and keeps the error that the pieces ended with. */
function watched(
  pieces: Pieces,
  progress: () => void,
): {
  readonly pieces: Pieces
  readonly failure: () => { readonly error: unknown } | undefined
} {
  let failure: { readonly error: unknown } | undefined
  async function* watch(): Pieces {
    try {
      for await (const piece of pieces) {
        progress()
        yield piece
      }
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  return { pieces: watch(), failure: () => failure }
}

function streamOf(pieces: Pieces): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
}
