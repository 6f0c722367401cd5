/**
 * One GET of a vendor service: bounded in size, without redirects, over a `fetch` that the caller
 * gives.
 */
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<Pick<Response, 'status' | 'redirected' | 'headers' | 'body'>>

/** An answer with status 200. */
export interface Answer {
  readonly url: string
  readonly headers: Pick<Headers, 'get'>
  readonly body: Bytes
}

/**
 * @param maximum bytes of body that are accepted, after decompression
 * @throws VerificationError `endorsement-fetch`
 * @throws the reason of `signal` when it aborts
 */
export async function get(url: string, maximum: number, fetch: Fetch, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted()
  // `manual`, because edge runtimes know no `error`: a redirect is then an answer of status 3xx, in
  // pages of status 0.
  const response = await orAbort(() => fetch(url, { redirect: 'manual', signal }), url, signal)
  const { status, redirected, headers, body } = response
  const discard = (): void => {
    void body?.cancel().catch(() => undefined)
  }
  if (redirected || status !== 200) {
    discard()
    const wait = headers.get('retry-after')
    const found = `${status}${wait === null ? '' : `, try again after ${wait.slice(0, 64)}`}`
    throw new VerificationError('endorsement-fetch', {
      subject: `status of ${url}`,
      expected: '200',
      found: redirected ? 'a redirect' : found,
    })
  }
  const announced = Number(headers.get('content-length') ?? 0)
  if (announced > maximum) {
    discard()
    throw tooLong(url, maximum, `${announced}`)
  }
  return { url, headers, body: await readBody(body, maximum, url, signal) }
}

/**
 * Several of them at once: where one fails, the others are ended.
 * @param wanted addresses, and how many bytes are accepted of each
 * @returns the answers in the same order
 * @throws VerificationError `endorsement-fetch`
 * @throws the reason of `signal` when it aborts
 */
export async function getAll(
  wanted: readonly (readonly [url: string, maximum: number])[],
  fetch: Fetch,
  signal: AbortSignal | undefined,
): Promise<readonly Answer[]> {
  const ending = new AbortController()
  const end = (): void => {
    ending.abort(signal?.reason)
  }
  if (signal?.aborted === true) end()
  signal?.addEventListener('abort', end, { once: true })
  try {
    return await Promise.all(wanted.map(([url, maximum]) => get(url, maximum, fetch, ending.signal)))
  } finally {
    signal?.removeEventListener('abort', end)
    ending.abort()
  }
}

async function readBody(
  body: ReadableStream<Uint8Array> | null,
  maximum: number,
  url: string,
  signal: AbortSignal,
): Promise<Bytes> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const cancel = (): void => {
    void reader.cancel().catch(() => undefined)
  }
  const parts: Uint8Array[] = []
  for (let size = 0; ;) {
    const part = await orAbort(() => reader.read(), url, signal).catch((error: unknown) => {
      cancel()
      throw error
    })
    if (part.done) return concatBytes(...parts)
    size += part.value.length
    parts.push(part.value)
    if (size <= maximum) continue
    cancel()
    throw tooLong(url, maximum, 'more')
  }
}

/**
 * What the promise resolves to, unless the signal aborts first: a `fetch` that takes no notice of
 * it must not keep us.
 */
async function orAbort<T>(start: () => Promise<T>, url: string, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([start(), aborted])
  } catch (cause) {
    signal.throwIfAborted()
    throw new VerificationError(
      'endorsement-fetch',
      { subject: `request to ${url}`, expected: 'an answer', found: describe(cause) },
      { cause },
    )
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function tooLong(url: string, maximum: number, found: string): VerificationError {
  return new VerificationError('endorsement-fetch', {
    subject: `size of ${url}`,
    expected: `at most ${maximum} bytes`,
    found,
  })
}

/** Node says in the cause why a fetch has failed. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  if (!(cause instanceof Error)) return message
  // Where several addresses were tried, only the code says something.
  return `${message}: ${(cause.message || String((cause as { readonly code?: unknown }).code)).trim()}`
}

/** @throws TypeError */
export function readUrl(url: unknown, name: string): string {
  const { protocol, search, hash, username, password, origin, pathname } = parseUrl(url) ?? {}
  if (!/^https?:$/.test(protocol ?? '') || [search, hash, username, password].some((part) => part !== ''))
    throw new TypeError(`${name} must be an http(s) URL without query, fragment and credentials`)
  return `${origin}${pathname}`
}

function parseUrl(url: unknown): URL | undefined {
  try {
    return new URL(url as string)
  } catch {
    return undefined
  }
}
