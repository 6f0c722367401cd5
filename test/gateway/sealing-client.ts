/**
 * The smallest client there can be: seals a request for a key configuration that it believes
 * without any verification, and opens the answer. It can also do wrong, one thing at a time.
 */
import { decodeResponse, type HeaderField } from '../../src/channel/binary-http.ts'
import { decodeKeyConfig, type KeyConfig } from '../../src/channel/key-config.ts'
import type { Pieces } from '../../src/channel/pieces.ts'
import { sealRequest } from '../channel/seal-request.ts'
import type { Suite } from '../../src/channel/suite.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface Envelope {
  readonly keyConfig?: Bytes
  /** Default true. */
  readonly chunked?: boolean
  /** Default POST. */
  readonly method?: string
  readonly scheme?: string
  readonly authority?: string
  readonly path?: string
  readonly headers?: readonly HeaderField[]
  readonly body?: string | Bytes | AsyncIterable<Bytes>
  /** Aborted when the client goes away. */
  readonly signal?: AbortSignal
  /** Leaves out the end of what was sealed: the last 20 bytes, or all after the first piece. */
  readonly isCut?: boolean
  /** Sends this many bytes, and then nothing, for ever. */
  readonly stallsAfter?: number
}

type Head = Required<Pick<Envelope, 'method' | 'scheme' | 'authority' | 'path' | 'headers'>>

export interface Sealed {
  readonly request: Request
  readonly open: (sealed: AsyncIterable<Bytes>) => Pieces
  /** Whether the gateway does not want the rest of the request. */
  readonly onCancel: () => boolean
}

export interface Opened {
  readonly status: number
  readonly headers: readonly HeaderField[]
  readonly body: Pieces
  readonly bytes: () => Promise<Bytes>
  readonly text: () => Promise<string>
}

/**
 * The key configuration out of an answer of the evidence endpoint, where it stands beside the
 * evidence.
 */
export async function readKeyConfig(response: Response): Promise<Bytes> {
  if (response.status !== 200) throw new Error(`no evidence: ${response.status} ${await response.text()}`)
  const collection = (await response.json()) as Readonly<Record<string, readonly unknown[]>>
  return new Uint8Array(Buffer.from(String(collection['key-config']?.[1]), 'base64url'))
}

/** The key identifier of a list with one key configuration: it stands after the length. */
export function keyIdOf(keyConfig: Uint8Array): number {
  return keyConfig[2] ?? NaN
}

/**
 * @param target where it is sent: its origin is also where it is addressed to, unless the envelope
 *   says otherwise
 */
export async function seal(
  keyConfig: Bytes | KeyConfig,
  suite: Suite,
  target: string,
  envelope: Envelope,
): Promise<Sealed> {
  const { chunked = true, method = 'POST', headers = [], body = '' } = envelope
  const { host, protocol } = new URL(target)
  const head = {
    method,
    scheme: envelope.scheme ?? protocol.slice(0, -1),
    authority: envelope.authority ?? host,
    path: envelope.path ?? '/',
    headers,
  }
  const key = keyConfig instanceof Uint8Array ? await decodeKeyConfig(keyConfig, suite) : keyConfig
  const { sealed, openResponse: open } = await sealRequest(key, encodeAnything(head, piecesOf(body)), { chunked })
  let isCancelled = false
  const pieces = envelope.isCut === true ? withoutLast(sealed) : sealed
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': chunked ? 'message/ohttp-chunked-req' : 'message/ohttp-req' },
    body: streamOf(envelope.stallsAfter === undefined ? pieces : firstOf(pieces, envelope.stallsAfter), () => {
      isCancelled = true
    }),
    duplex: 'half',
    ...(envelope.signal && { signal: envelope.signal }),
  }
  return { request: new Request(target, init), open, onCancel: () => isCancelled }
}

/** Opens an answer; what is not sealed is an error here. */
export async function openResponse({ open }: Sealed, response: Response): Promise<Opened> {
  if (response.status !== 200 || response.body === null)
    throw new Error(`in the clear: ${response.status} ${await response.text()}`)
  const { head, body } = await decodeResponse(open(readStream(response.body)))
  const bytes = async (): Promise<Bytes> => {
    const pieces: Bytes[] = []
    for await (const piece of body) pieces.push(piece)
    return new Uint8Array(Buffer.concat(pieces))
  }
  return {
    status: head.status,
    headers: head.headers,
    body,
    bytes,
    text: async () => new TextDecoder().decode(await bytes()),
  }
}

/**
 * Binary HTTP (RFC 9292) of indeterminate length, by hand: the library would not write what is
 * wrong.
 */
async function* encodeAnything(
  { method, scheme, authority, path, headers }: Head,
  body: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes> {
  const texts = [method, scheme, authority, path, ...headers.flat()]
  yield new Uint8Array([2, ...texts.flatMap((text) => [...lengthOf(text.length), ...Buffer.from(text, 'latin1')]), 0])
  for await (const piece of body) {
    if (piece.length > 0) yield new Uint8Array(Buffer.concat([Buffer.from(lengthOf(piece.length)), piece]))
  }
  yield new Uint8Array([0, 0])
}

/** A number as QUIC writes it, in four bytes or, where that is enough, in one. */
function lengthOf(value: number): number[] {
  return value < 64 ? [value] : [128 | (value >> 24), (value >> 16) & 255, (value >> 8) & 255, value & 255]
}

async function* piecesOf(body: string | Bytes | AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  if (typeof body === 'string') yield new TextEncoder().encode(body)
  else if (body instanceof Uint8Array) yield body
  else yield* body
}

async function* withoutLast(pieces: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
  let held: Bytes | undefined
  for await (const piece of pieces) {
    if (held !== undefined) yield held
    held = piece
  }
}

async function* firstOf(pieces: AsyncIterable<Bytes>, length: number): AsyncGenerator<Bytes> {
  for await (const piece of pieces) {
    yield piece.slice(0, length)
    await new Promise(() => undefined)
  }
}

async function* readStream(body: ReadableStream<Uint8Array>): AsyncGenerator<Bytes> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value as Bytes
    }
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}

function streamOf(pieces: Pieces, onCancel: () => void): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const next = await pieces.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  )
}
