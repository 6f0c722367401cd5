/**
 * From what a caller gives, shaped as for `fetch`, to what is sealed. Nothing of a body is read
 * here: that waits until the enclave is proven.
 */
import type { Pieces } from '../channel/pieces.ts'
import type { HeaderField, RequestHead } from '../channel/binary-http.ts'
import { requestIdHeader } from '../channel/fields.ts'
import { isBytes } from '../encoding/bytes.ts'
import { requireOption } from '../core/options.ts'
import type { ClientPolicy } from './options.ts'

/** A request that is ready to be sealed. */
export interface OutgoingRequest {
  readonly head: RequestHead
  /** Reads the body. */
  readonly body: () => Pieces
  /** The body is a stream of the caller's: it can be read once, and its length is not known. */
  readonly isStream: boolean
  /**
   * It may run twice: its method is safe (RFC 9110 section 9.2.1), or idempotent (section 9.2.2)
   * where the caller said that this is enough.
   */
  readonly isRepeatable: boolean
  readonly signal: AbortSignal | undefined
}

const repeatable = {
  safe: ['GET', 'HEAD', 'OPTIONS'],
  idempotent: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'],
} as const
/** Bodies that are known are passed on in pieces of this size. */
const pieceSize = 65_536

/** @throws TypeError when the request is for elsewhere, is none, or asks for what cannot be kept */
export function readRequest(
  { origin, repeat }: Pick<ClientPolicy, 'origin' | 'repeat'>,
  input: unknown,
  init: RequestInit = {},
): OutgoingRequest {
  const given = isRequest(input) ? input : undefined
  const url = resolve(origin, given === undefined ? input : given.url)
  refuseUnsafe(origin, given, init)
  const stream = streamOf(init.body) ?? (init.body == null ? (given?.body ?? undefined) : undefined)
  requireOption('input', 'a Request whose body was not read', init.body != null || given?.bodyUsed !== true)
  const method = (init.method ?? given?.method ?? 'GET').toUpperCase()
  const hasBody = init.body != null || given?.body != null
  requireOption('method', `one that has a body, not ${method}`, !hasBody || (method !== 'GET' && method !== 'HEAD'))
  requireOption('method', 'one of a request', !/^(?:CONNECT|TRACE|TRACK)$/.test(method))
  // What the platform makes of a body that is none of ours, its type included. It stays in memory.
  const known = init.body != null && stream === undefined ? new Response(init.body) : undefined
  const headers = new Headers(init.headers ?? given?.headers)
  // Bun does not say it of text, as Fetch does.
  const type = known?.headers.get('content-type') ?? (typeof init.body === 'string' ? 'text/plain;charset=UTF-8' : null)
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type)
  requireOption('header host', 'left out: it is that of the address', !headers.has('host'))
  for (const name of ['date', requestIdHeader])
    requireOption(`header ${name}`, 'left out: the client gives each request its own', !headers.has(name))
  return {
    head: {
      method,
      scheme: url.protocol.slice(0, -1),
      authority: url.host,
      path: url.pathname + url.search,
      headers: [...headers] as readonly HeaderField[],
    },
    body: () => (stream === undefined ? piecesOfKnown(known ?? given, hasBody) : piecesOfStream(stream)),
    isStream: stream !== undefined,
    isRepeatable: (repeatable[repeat] as readonly string[]).includes(method),
    signal: init.signal === undefined ? given?.signal : (init.signal ?? undefined),
  }
}

/** Browsers disagree on what is relative; whatever it becomes must be of the origin. */
function resolve(origin: URL, input: unknown): URL {
  const text = input instanceof URL ? input.href : input
  requireOption('input', 'an address or a Request', typeof text === 'string' && URL.canParse(text, origin))
  const url = new URL(text as string, origin)
  // The origin of a blob: is that of the page that made it.
  const isOurs = url.protocol === origin.protocol && url.host === origin.host && url.username + url.password === ''
  requireOption('input', `an address of ${origin.origin}`, isOurs)
  return url
}

/** Members that promise what a sealed request cannot keep, or would send where no check looks. */
function refuseUnsafe(origin: URL, given: Request | undefined, init: RequestInit): void {
  const of = (name: 'keepalive' | 'integrity' | 'mode' | 'cache' | 'credentials'): unknown =>
    init[name] ?? given?.[name]
  requireOption('keepalive', 'false: it would outlive an abort', !of('keepalive'))
  requireOption('integrity', 'left out: responses are authenticated', !of('integrity'))
  requireOption('mode', 'cors or same-origin', !/^(?:no-cors|navigate|websocket)$/.test(String(of('mode'))))
  requireOption('cache', 'no-store: nothing is cached', !/^(?:force-cache|only-if-cached)$/.test(String(of('cache'))))
  // In Bun, which has no cookies, every Request says `include`, whatever it was made with.
  const isAsked = init.credentials !== undefined || new Request(origin).credentials !== 'include'
  const isIncluded = isAsked && of('credentials') === 'include'
  requireOption('credentials', 'omit: cookies do not go into the seal', !isIncluded)
}

/** Of this realm or of another. */
function isRequest(value: unknown): value is Request {
  return Object.prototype.toString.call(value) === '[object Request]'
}

function streamOf(body: unknown): ReadableStream<Uint8Array> | undefined {
  const isStream = Object.prototype.toString.call(body) === '[object ReadableStream]'
  return isStream ? (body as ReadableStream<Uint8Array>) : undefined
}

/** A body that the platform holds; of a Request too where it does not give a stream of it. */
async function* piecesOfKnown(holder: Response | Request | undefined, hasBody: boolean): Pieces {
  if (holder === undefined || (!hasBody && holder instanceof Request && holder.body === null)) return
  const bytes = new Uint8Array(await holder.clone().arrayBuffer())
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize)
}

async function* piecesOfStream(stream: ReadableStream<Uint8Array>): Pieces {
  const reader = stream.getReader()
  let isDone = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      isDone = done
      if (done) return
      if (!isBytes(value)) throw new TypeError('a body that is a stream must be made of Uint8Arrays')
      // A copy: what the caller changes while it is being sealed has no effect.
      yield new Uint8Array(value)
    }
  } finally {
    if (!isDone) reader.cancel().catch(() => undefined)
  }
}
