/**
 * The only place where bytes leave: one request, to one address, without anything that the platform
 * would add or follow by itself.
 */
import type { Pieces } from '../channel/pieces.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { describeFailure } from './network-failure.ts'

/** What is sent. */
export interface Post {
  /** Default POST. */
  readonly method?: string
  readonly url: string
  readonly headers: HeadersInit
  readonly body: BodyInit | null
  readonly signal: AbortSignal
}

/**
 * Sends it, once.
 * @throws VerificationError `client-transport` when there is no answer, or one from another
 *   address; the reason of the signal
 */
export async function ask(
  send: typeof fetch,
  { method = 'POST', url, headers, body, signal }: Post,
): Promise<Response> {
  const init = {
    method,
    headers,
    body,
    signal,
    // Not followed: the next host would be another one. `error` would not say what came, and
    // workerd does not have it.
    redirect: 'manual',
    ...(body instanceof ReadableStream && { duplex: 'half' }),
    // Runtimes without cookies and caches refuse to be told to leave them alone.
    ...('credentials' in Request.prototype && { credentials: 'omit' }),
    ...('cache' in Request.prototype && 'credentials' in Request.prototype && { cache: 'no-store' }),
    ...('referrerPolicy' in Request.prototype && { referrerPolicy: 'no-referrer' }),
  } as RequestInit
  let response: Response
  try {
    response = await send(url, init)
  } catch (cause) {
    signal.throwIfAborted()
    throw broken(`no answer: ${describeFailure(cause)}`, cause)
  }
  const isElsewhere = response.redirected || (response.url !== '' && response.url !== url)
  if (isElsewhere || response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    discard(response)
    throw new VerificationError('client-transport', 'the answer is a redirection, which is not followed')
  }
  return response
}

function broken(message: string, cause: unknown): VerificationError {
  return new VerificationError('client-transport', message, { cause })
}

/** The media type of an answer, in lower case, without parameters. */
export function typeOf(response: Response): string {
  return (response.headers.get('content-type') ?? '').replace(/;.*/s, '').trim().toLowerCase()
}

/** No reader wants the body. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}

/**
 * The body as it comes, until `signal` is aborted.
 * @param progress called for each piece
 * @throws VerificationError `client-transport` when it breaks off
 */
export async function* piecesOf(
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
  progress = (): void => undefined,
): Pieces {
  if (body === null) return
  const reader = body.getReader()
  const stop = (): void => {
    reader.cancel().catch(() => undefined)
  }
  signal.addEventListener('abort', stop)
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown): never => {
        // A channel of the caller's opens what it reads from here.
        if (cause instanceof VerificationError) throw cause
        throw broken('the response broke off', cause)
      })
      if (done) return
      progress()
      if (!isBytes(value)) throw new VerificationError('client-transport', 'the response is not made of bytes')
      yield value as Bytes
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}
