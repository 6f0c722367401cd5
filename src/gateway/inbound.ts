/**
 * Bytes on their way in: read only as fast as they are wanted, within a size, and not from
 * senders who keep us waiting.
 */
import type { Pieces } from '../channel/pieces.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { within } from './clock.ts'
import { createPatience, type Timing, tooSlow } from './patience.ts'

/** How a body may come. */
export interface Reception extends Timing {
  /**
   * When nothing is waited for any more, on the clock that does not jump; asked for before each
   * wait. Default: never.
   */
  readonly until?: () => number
}

/**
 * The pieces of a body as they come. Ends the body when it is not read to its end, and at once when
 * `signal` is aborted, whether or not anything was read.
 * @throws VerificationError `gateway-slow`, `gateway-body`
 * @throws the reason of `signal`
 */
export function receive(body: ReadableStream<Uint8Array> | null, reception: Reception, signal: AbortSignal): Pieces {
  return readUntil(body, signal, (reader) => readInTime(reader, reception, signal))
}

async function* readInTime(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { pace, clock, until = () => Infinity }: Reception,
  signal: AbortSignal,
): Pieces {
  const patience = createPatience(pace)
  for (;;) {
    signal.throwIfAborted()
    const startedAt = clock.now()
    const left = Math.min(patience.left(), until() - startedAt)
    // Also for bytes that are there: many small pieces, each just in time, must not pass the
    // deadline.
    if (!(left > 0)) throw tooSlow()
    const { done, value } = await within(clock, left, reader.read().catch(broken), tooSlow)
    patience.waited(clock.now() - startedAt)
    // Ending the body looks like its end.
    signal.throwIfAborted()
    if (done) return
    if (!isBytes(value)) broken()
    patience.moved(value.length)
    yield value as Bytes
  }
}

/**
 * Reads a stream with `read`, and ends it when that stops before the end or when `signal` is
 * aborted. It listens from the start: a generator that was not asked for anything yet could not.
 */
export function readUntil(
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
  read: (reader: ReadableStreamDefaultReader<Uint8Array>) => Pieces,
): Pieces {
  const reader = body?.getReader()
  const stop = (): void => void reader?.cancel(signal.reason).catch(ignore)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop)
  return (async function* () {
    try {
      if (reader) yield* read(reader)
    } finally {
      signal.removeEventListener('abort', stop)
      // After its end, this has no effect.
      stop()
    }
  })()
}

/** All of a body. @throws VerificationError `gateway-size` above `maximum`; what `pieces` throws */
export async function collect(pieces: AsyncIterable<Bytes>, maximum: number): Promise<Bytes> {
  const parts: Bytes[] = []
  let length = 0
  for await (const piece of pieces) {
    length += piece.length
    if (length > maximum) throw tooLarge(maximum)
    parts.push(piece)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The error of a body that is too long. */
export function tooLarge(maximum: number): VerificationError {
  return new VerificationError('gateway-size', { subject: 'body', expected: `at most ${maximum} bytes`, found: 'more' })
}

/** What the platform says of a broken connection stays here. */
function broken(): never {
  throw new VerificationError('gateway-body', 'the body broke off')
}

/** For promises whose failure changes nothing any more. */
export function ignore(): undefined {
  return undefined
}
