/**
 * Bytes on their way out: made only when they are read.
 */
import type { Together } from '../channel/chunks.ts'
import type { Pieces } from '../channel/pieces.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { ignore, readUntil, tooLarge } from './inbound.ts'
import { createPatience, type Timing } from './patience.ts'

/**
 * The pieces of the app's body, until `signal` is aborted: then the body is cancelled with its
 * reason, whether or not anything was read.
 * @throws VerificationError `gateway-size` above `maximum` bytes, `gateway-body` for what is no
 * bytes
 * @throws what the app's stream fails with, and the reason of `signal`: never ends early without an
 * error
 */
export function readApp(body: ReadableStream<Uint8Array> | null, maximum: number, signal: AbortSignal): Pieces {
  return readUntil(body, signal, (reader) => readWithin(reader, maximum, signal))
}

async function* readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maximum: number,
  signal: AbortSignal,
): Pieces {
  for (let sent = 0; ;) {
    signal.throwIfAborted()
    const { done, value } = await reader.read()
    // Cancelling the body looks like its end.
    signal.throwIfAborted()
    if (done) return
    if (!isBytes(value))
      throw new VerificationError('gateway-body', {
        subject: 'body of the response',
        expected: 'bytes',
        found: 'something else',
      })
    sent += value.length
    if (sent > maximum) throw tooLarge(maximum)
    yield value as Bytes
  }
}

/** A stream for the handler that reads `pieces` one at a time, and only when asked. */
export function streamForApp(pieces: Pieces): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        try {
          const piece = await nextOf(pieces)
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        } catch (error) {
          controller.error(error)
        }
      },
      async cancel() {
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
}

/** How an answer went. */
export interface Delivery {
  /** All of it was taken. */
  readonly onDone: () => void
  /** Making it failed. */
  readonly onFailure: (error: unknown) => void
  /** It is not wanted any more. */
  readonly onCancel: () => void
  /** It was not taken in time, or too slowly. */
  readonly onStall: () => void
}

/** A client that takes a piece within a second gets several chunks in the next one. */
const promptMs = 1000

/**
 * The body of the outer response. When its pieces fail, it ends where it is: everything before is
 * delivered, and the final chunk, which alone makes it complete for the client, is missing. Exactly
 * one function of `delivery` is called, once.
 * @param seal makes the pieces, and is told how many chunks may be in one
 * @param signal aborted when it was ended elsewhere: then nothing is waited for
 */
export function streamForNetwork(
  seal: (together: Together) => Pieces,
  { pace, clock }: Timing,
  signal: AbortSignal,
  delivery: Delivery,
): ReadableStream<Bytes> {
  const patience = createPatience(pace)
  let isSettled = false
  let waitsSince = clock.now()
  let waited = 0
  const pieces = seal(() => (waited <= promptMs ? 4 : 1))
  let stopWaiting: () => void = ignore
  signal.addEventListener('abort', () => {
    stopWaiting()
  })
  const waitForReader = (controller: ReadableStreamDefaultController<Bytes>): void => {
    if (signal.aborted) return
    waitsSince = clock.now()
    stopWaiting = clock.after(Math.max(0, patience.left()), () => {
      settle(delivery.onStall)
      void pieces.return().catch(ignore)
      controller.error(new VerificationError('gateway-slow', 'the response was not taken in time'))
    })
  }
  const settle = (act: () => void): void => {
    if (isSettled) return
    isSettled = true
    stopWaiting()
    act()
  }
  return new ReadableStream<Bytes>(
    {
      start: waitForReader,
      async pull(controller) {
        stopWaiting()
        waited = clock.now() - waitsSince
        patience.waited(waited)
        try {
          const piece = await nextOf(pieces)
          if (isSettled) return
          if (piece !== undefined) {
            controller.enqueue(piece)
            patience.moved(piece.length)
            waitForReader(controller)
            return
          }
          settle(delivery.onDone)
        } catch (error) {
          if (isSettled) return
          settle(() => {
            delivery.onFailure(error)
          })
        }
        controller.close()
      },
      cancel() {
        settle(delivery.onCancel)
        void pieces.return().catch(ignore)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The next piece that has bytes in it; a stream must be given something each time it asks. */
async function nextOf(pieces: Pieces): Promise<Bytes | undefined> {
  for (;;) {
    const { done, value } = await pieces.next()
    if (done === true) return undefined
    if (value.length > 0) return value
  }
}
