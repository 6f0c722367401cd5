/**
 * One request and its response over an attested session: sealed, sent once, opened as it comes.
 */
import type { Pieces } from '../channel/pieces.ts'
import { decodeResponse, encodeRequest, type HeaderField, type ResponseHead } from '../channel/binary-http.ts'
import { clientSecretHeader } from '../channel/binding.ts'
import { mediaTypes, sealRequest } from '../channel/ohttp.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { within } from './deadline.ts'
import type { ClientPolicy } from './options.ts'
import type { OutgoingRequest } from './request.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'
import { discard, piecesOf, post, typeOf } from './transport.ts'

/** Sealed bytes are gathered in parts of this size, which browsers may keep on disk. */
const partSize = 1_048_576

/** How an exchange goes on, for whoever watches. */
export type ExchangePhase = 'sealed' | 'sent' | 'streaming' | 'done'

/**
 * @param fields that go into the seal beside the caller's
 * @param end aborts the exchange, whatever it waits for
 * @throws VerificationError `client-key-rotated` when the gateway says that it does not have the key, `client-response` for every other answer that is not sealed
 */
export async function exchange(
  policy: ClientPolicy,
  runtime: Runtime,
  send: typeof fetch,
  session: Session,
  request: OutgoingRequest,
  fields: readonly HeaderField[],
  end: AbortController,
): Promise<Response> {
  const { signal } = end
  let onPiece = (): void => undefined
  try {
    const { head, body } = await within(
      runtime,
      policy.responseMs,
      signal,
      'the response',
      async (waiting, progress) => {
        const head = { ...request.head, headers: [...request.head.headers, ...fields, ...secretOf(session)] }
        const source = watched(request.body(), progress)
        const message = encodeRequest(head, source.pieces)
        // sealed
        const { sealed, openResponse } = await sealRequest(session.key, message)
        const isStreamed = request.isStream && policy.streams
        const content = isStreamed ? streamOf(sealed) : await collect(sealed)
        waiting.throwIfAborted()
        // sent
        const { request: type, response: wanted } = mediaTypes.chunked
        const headers = { 'content-type': type, accept: wanted }
        const response = await post(send, { url: policy.gatewayUrl, headers, body: content, signal }).finally(() => {
          // What broke the caller's own stream is for the caller, whatever the network made of it.
          const broken = source.failure()
          if (broken !== undefined) throw broken.error
        })
        refuseUnsealed(response, wanted)
        // streaming
        return decodeResponse(
          openResponse(
            piecesOf(response.body, signal, () => {
              onPiece()
            }),
          ),
        )
      },
    )
    const next: Next = () =>
      within(runtime, policy.idleMs, signal, 'the next piece of the response', (_waiting, progress) => {
        onPiece = progress
        return body.next()
      })
    if (request.head.method !== 'HEAD' && !withoutBody.includes(head.status))
      return responseOf(head, openedStream({ next, stop: () => void body.return() }, end))
    if ((await next()).done !== true)
      throw new VerificationError('client-response', `response ${head.status}`, 'no body', 'one')
    end.abort()
    return responseOf(head, null)
  } catch (error) {
    end.abort(error)
    throw error
  }
}

function secretOf({ secret }: Session): readonly HeaderField[] {
  return secret === undefined ? [] : [[clientSecretHeader, secret]]
}

/** Whoever stands in between can answer anything; of what is not sealed not a word is passed on. */
function refuseUnsealed(response: Response, wanted: string): void {
  const { status } = response
  const type = typeOf(response)
  if (status === 200 && type === wanted) return
  discard(response)
  // RFC 9458 section 5.3. Not authentic: it makes this client attest again, and no weaker.
  if (status === 422 && type === 'application/problem+json')
    throw new VerificationError(
      'client-key-rotated',
      'the gateway says that it does not have the key of this session any more',
    )
  throw new VerificationError('client-response', 'unauthenticated answer', `200 ${wanted}`, `${status} ${type}`.trim())
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

/** The body for the caller: read as fast as the caller reads, each piece after its seal was found whole. */
function openedStream(
  { next, stop }: { readonly next: Next; readonly stop: () => void },
  end: AbortController,
): ReadableStream<Uint8Array> {
  const { signal } = end
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener('abort', () => {
          // Has no effect on a stream that was read to its end, or that nobody wants any more.
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

/** All sealed bytes. Blobs of blobs: what is gathered need not stay in memory. */
async function collect(pieces: AsyncIterable<Bytes>): Promise<Blob> {
  const parts: Blob[] = []
  let open: Bytes[] = []
  let size = 0
  const close = (): void => {
    parts.push(new Blob(open))
    open = []
    size = 0
  }
  for await (const piece of pieces) {
    open.push(piece)
    size += piece.length
    if (size >= partSize) close()
  }
  close()
  return new Blob(parts)
}
