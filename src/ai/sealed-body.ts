/**
 * Bodies of sealed responses, for channels: read in bounds, opened as they come.
 */
import type { SealingSession } from '../client/channel-kind.ts'
import { ask, type Post } from '../client/transport.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import { decodeJson, type JsonObject, isJsonObject, type JsonValue } from '../encoding/json.ts'
import { type Bytes, fromBase64, toHex } from '../encoding/bytes.ts'
import { malformed, type Source } from '../encoding/reader.ts'

/** Whose bytes these are, for messages. */
export const answer: Source = { name: 'sealed response', code: 'ohttp-format' }

const maximumBody = 16_777_216

/** A body that is opened as its reader wants it. What `open` throws is what reading it comes to. */
export function openedBody(
  body: ReadableStream<Uint8Array>,
  open: (pieces: AsyncGenerator<Bytes, void>) => AsyncGenerator<Bytes, void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const opened = open(piecesOf(reader))
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await opened.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel(reason) {
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

async function* piecesOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Bytes, void> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value as Bytes
  }
}

/**
 * The data of each event of a stream of events, one line each; comments and other fields are left
 * out, and so is `[DONE]`, behind which nothing may come.
 * @throws VerificationError `ohttp-incomplete` for a stream without `[DONE]`, or that ends within a
 *   line; `ohttp-size`, `ohttp-format`
 */
export async function* eventsOf(pieces: AsyncGenerator<Bytes, void>): AsyncGenerator<string, void> {
  let isDone = false
  for await (const line of linesOf(pieces)) {
    if (!line.startsWith('data:')) continue
    if (isDone) throw malformed(answer, 'an event behind the last one')
    const data = line.slice(5).trim()
    if (data === '[DONE]') isDone = true
    else yield data
  }
  if (!isDone) throw incomplete()
}

/** Lines without their ends. Time is linear, however the pieces are cut. */
async function* linesOf(pieces: AsyncGenerator<Bytes, void>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let held: string[] = []
  let size = 0
  for await (const piece of pieces) {
    const [first = '', ...more] = decode(() => decoder.decode(piece, { stream: true })).split('\n')
    held.push(first)
    size += first.length
    requireSize(size)
    for (const next of more) {
      yield held.join('').replace(/\r$/, '')
      held = [next]
      size = next.length
      requireSize(size)
    }
  }
  decode(() => decoder.decode())
  if (held.join('').trim() !== '') throw incomplete()
}

/** One event. */
export function eventOf(data: string): Bytes {
  return new TextEncoder().encode(`data: ${data}\n\n`)
}

export function incomplete(): VerificationError {
  return new VerificationError('ohttp-incomplete', 'sealed response: it ends before its own end')
}

/** A whole body. @throws VerificationError `ohttp-size` */
export async function readBody(body: ReadableStream<Uint8Array> | null): Promise<Bytes> {
  const parts: Bytes[] = []
  let size = 0
  if (body !== null)
    for await (const piece of piecesOf(body.getReader())) {
      requireSize((size += piece.length))
      parts.push(piece)
    }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

function requireSize(size: number): void {
  if (size <= maximumBody) return
  throw new VerificationError('ohttp-size', {
    subject: 'sealed response: bytes at once',
    expected: `at most ${maximumBody}`,
    found: 'more',
  })
}

/** Asks something by the way, in the clear. @throws VerificationError `client-response` for another status than 200 */
export async function askFor(
  session: SealingSession,
  question: Omit<Post, 'signal'>,
  expected: string,
): Promise<JsonObject> {
  const response = await ask(session.fetch, { ...question, signal: session.signal })
  if (response.status !== 200) throw unsealed(response, `200 with ${expected}`)
  return objectOf(textOf(await readBody(response.body)))
}

/** UTF-8. @throws VerificationError `ohttp-format` */
export function textOf(bytes: Bytes): string {
  return decode(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

function decode(work: () => string): string {
  try {
    return work()
  } catch {
    throw malformed(answer, 'invalid UTF-8')
  }
}

/** A JSON object. @throws VerificationError `ohttp-format` */
export function objectOf(text: string): JsonObject {
  const value = decodeJson(text, answer)
  if (!isJsonObject(value)) throw malformed(answer, 'not an object')
  return value
}

/** Base64 of `iv ‖ sealed`, or of anything. @throws VerificationError `ohttp-format` */
export function bytesOf(value: JsonValue | undefined, name: string): Bytes {
  try {
    return fromBase64(value as string)
  } catch {
    throw malformed(answer, `${name} is not base64`)
  }
}

/**
 * What was opened, or the refusal of what does not open: from what is wrong with it, only its
 * sender could learn.
 */
export function opening<T>(what: string, work: Promise<T>): Promise<T> {
  return work.catch((): never => {
    throw new VerificationError('ohttp-open', `sealed response: ${what} does not open`)
  })
}

/**
 * Remembers what was opened by its first bytes, which are random: what comes again is a copy.
 * @throws VerificationError `ohttp-open`; `ohttp-limit` when there is too much to remember
 */
export function refusingCopies(maximum = 1_048_576): (random: Uint8Array) => void {
  const seen = new Set<string>()
  return (random) => {
    const name = toHex(random)
    if (seen.has(name)) throw new VerificationError('ohttp-open', 'sealed response: a part of it comes twice')
    if (seen.size >= maximum) throw new VerificationError('ohttp-limit', `sealed response: more than ${maximum} parts`)
    seen.add(name)
  }
}

/**
 * What is not sealed, from any sender. Not a word of it is passed on. @returns VerificationError
 * `client-response`
 */
export function unsealed(response: Response, expected: string): VerificationError {
  response.body?.cancel().catch(() => undefined)
  const found = `${response.status} ${response.headers.get('content-type') ?? ''}`.trim()
  return new VerificationError('client-response' satisfies AttestationErrorCode, {
    subject: 'unauthenticated answer',
    expected,
    found,
  })
}

/** The media type, without parameters. */
export function typeOf({ headers }: Response): string {
  return (headers.get('content-type') ?? '').replace(/;.*/s, '').trim().toLowerCase()
}

/** With another body: how long that is, nothing says yet. */
export function withBody({ status, headers }: Response, body: BodyInit | null): Response {
  const fields = new Headers(headers)
  fields.delete('content-length')
  return new Response(body, { status, headers: fields })
}
