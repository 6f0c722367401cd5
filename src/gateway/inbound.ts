/**
 * Bytes on their way in: read only as fast as somebody wants them, within a size, and not from senders who keep us waiting.
 */
import type { Pieces } from '../channel/pieces.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { type Clock, within } from './clock.ts'

/** What a sender must keep to. */
export interface Pace {
  /** The longest that one wait may take. */
  readonly idleMs: number
  /** Over the whole body, this many bytes must come for each second of waiting, `idleMs` aside. */
  readonly bytesPerSecond: number
}

/**
 * The pieces of a body as they come. Ends the body when it is not read to its end, and at once when `signal` is aborted, whether or not anything was read.
 * @throws VerificationError `gateway-slow`, `gateway-body`
 * @throws the reason of `signal`
 */
export function receive(
  body: ReadableStream<Uint8Array> | null,
  pace: Pace,
  clock: Clock,
  signal: AbortSignal,
): Pieces {
  return readUntil(body, signal, (reader) => readInTime(reader, pace, clock, signal))
}

async function* readInTime(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { idleMs, bytesPerSecond }: Pace,
  clock: Clock,
  signal: AbortSignal,
): Pieces {
  let waitedMs = 0
  let received = 0
  for (;;) {
    signal.throwIfAborted()
    const left = Math.min(idleMs, idleMs + (received / bytesPerSecond) * 1000 - waitedMs)
    const startedAt = clock.now()
    const { done, value } = await within(clock, left, reader.read().catch(broken), tooSlow)
    waitedMs += clock.now() - startedAt
    // Ending the body looks like its end.
    signal.throwIfAborted()
    if (done) return
    if (!isBytes(value)) broken()
    received += value.length
    yield value as Bytes
  }
}

/**
 * Reads a stream with `read`, and ends it when that stops before the end or when `signal` is aborted. It listens from the start: a generator that nobody
 * has asked for anything yet could not.
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
  return new VerificationError('gateway-size', 'body', `at most ${maximum} bytes`, 'more')
}

function tooSlow(): VerificationError {
  return new VerificationError('gateway-slow', 'the sender kept the gateway waiting for too long')
}

/** What the platform says of a broken connection stays here. */
function broken(): never {
  throw new VerificationError('gateway-body', 'the body broke off')
}

/** For promises whose failure changes nothing any more. */
export function ignore(): undefined {
  return undefined
}
