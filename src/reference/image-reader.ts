/**
 * An image, read once from its first byte to its last, a piece at a time, wherever it comes from. A
 * piece is a copy in one buffer of ours that is used again for the next one: memory stays the same
 * however large the image is, and no byte can change between two looks at it.
 *
 * Streams of bytes, which is what a `Blob` and the body of a `fetch` have to offer in most
 * runtimes, fill memory that we give them ("BYOB"), so that nothing is left to the garbage
 * collector, which lets 60 MB and more pile up otherwise. Where a `Blob` has no such stream it is
 * read slice by slice: how much of it the chunks of its other stream would hold in memory at a time
 * is up to the runtime.
 */
import { type Bytes, isBytes } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import { requireOption } from '../core/options.ts'

/**
 * Where an image can come from. A file that was dropped on a page is a `Blob`; so is what
 * `fs.openAsBlob` of Node returns.
 */
export type EifImage = Blob | ReadableStream<Uint8Array> | Uint8Array

/** What the caller of a long reading wants to know, and how they can end it. */
export interface ReadingOptions {
  /**
   * Called with 0, then about once per MiB, and at last with the size of the image. `totalBytes` is
   * `undefined` for a stream. What it throws ends the measuring. Default: none.
   */
  readonly onProgress?: (bytesRead: number, totalBytes: number | undefined) => void
  /** Ends the measuring, which then rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal
}

/** An image that is being read. */
export interface ImageReader {
  /** How many bytes were handed out so far. */
  readonly at: number
  /**
   * The next bytes, as many as there are in one piece, but at most `maximum`; none at the end of
   * the image. Valid until the next call.
   */
  next(maximum: number): Promise<Bytes>
  /** A copy of exactly the next `length` bytes. @throws VerificationError `eif-truncated` */
  take(length: number, field: string): Promise<Bytes>
  /** Fails early where the size of the image is known. @throws VerificationError `eif-truncated` */
  expect(length: number, field: string): void
  /** Lets go of the image. A stream that was not read to its end is cancelled. */
  close(): void
}

/** Bytes as they come, in chunks of any size. */
interface ChunkSource {
  readonly totalBytes: number | undefined
  /** The next chunk, or that there is none, as the reader of a stream says it. */
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
  close(): void
}

const pieceSize = 262_144
/** How often to say how far it is. */
const stride = 1_048_576

/**
 * Starts reading. Every method rejects with the reason of `signal` once that is aborted.
 * @throws TypeError when `image` is nothing that can be read
 */
export function openImage(image: unknown, { onProgress, signal }: ReadingOptions): ImageReader {
  const source = sourceOf(image, signal)
  const { totalBytes } = source
  const buffer = new Uint8Array(pieceSize)
  let chunk: Uint8Array = buffer.subarray(0, 0)
  let taken = 0
  let ended = false
  let at = 0
  let reportedAt = 0
  let breathedAt = 0

  function report(): void {
    reportedAt = at
    onProgress?.(at, totalBytes)
  }

  /** Makes `chunk` one that has bytes left, unless the image has ended. */
  async function fill(): Promise<void> {
    while (!ended && taken === chunk.length) {
      const { done, value } = await source.read().catch((cause: unknown) => {
        signal?.throwIfAborted()
        throw new VerificationError('image-read', `image cannot be read: ${String(cause)}`, {
          cause,
        })
      })
      signal?.throwIfAborted()
      requireOption('chunks of the image', 'Uint8Arrays', done || isBytes(value))
      ended = done
      if (ended && at > reportedAt) report()
      chunk = done ? buffer.subarray(0, 0) : (value as Uint8Array)
      taken = 0
    }
  }

  async function next(maximum: number): Promise<Bytes> {
    if (at === 0) report()
    if (at - reportedAt >= stride) report()
    // After each piece: of what is in memory, nothing else would let events happen.
    if (at - breathedAt >= pieceSize) {
      breathedAt = at
      await breathe()
      signal?.throwIfAborted()
    }
    await fill()
    const piece = chunk.subarray(taken, taken + Math.min(maximum, pieceSize))
    buffer.set(piece)
    taken += piece.length
    at += piece.length
    return buffer.subarray(0, piece.length)
  }

  return {
    get at() {
      return at
    },
    next,
    async take(length, field) {
      const bytes = new Uint8Array(length)
      for (let filled = 0; filled < length;) {
        const piece = await next(length - filled)
        if (piece.length === 0) throw truncated(field, length, filled)
        bytes.set(piece, filled)
        filled += piece.length
      }
      return bytes
    },
    expect(length, field) {
      const left = totalBytes === undefined ? Infinity : totalBytes - at
      if (length > left) throw truncated(field, length, left)
    },
    close: () => {
      source.close()
    },
  }
}

/** The error of an image that ends too early. */
export function truncated(field: string, expected: number, found: number): VerificationError {
  return new VerificationError('eif-truncated', { subject: field, expected: `${expected} bytes`, found: `${found}` })
}

function sourceOf(image: unknown, signal: AbortSignal | undefined): ChunkSource {
  if (isBytes(image)) return ofBytes(image)
  // By what they can do: the classes of another realm, a frame say, are not the same.
  const { getReader, slice, stream } = (image ?? {}) as Partial<ReadableStream & Blob>
  if (getReader) return ofStream(image as ReadableStream<unknown>, signal)
  if (slice && stream) return ofBlob(image as Blob, signal)
  throw new TypeError('image must be a Blob, a ReadableStream or a Uint8Array')
}

function ofBytes(bytes: Uint8Array): ChunkSource {
  let done = false
  return {
    totalBytes: bytes.length,
    read() {
      const read = { done, value: bytes }
      done = true
      return Promise.resolve(read)
    },
    close: () => undefined,
  }
}

function ofBlob(blob: Blob, signal: AbortSignal | undefined): ChunkSource {
  const stream = blob.stream()
  const source = ofByteStream(stream, blob.size, signal)
  if (source !== undefined) return source
  void stream.cancel().catch(() => undefined)
  return ofSlices(blob)
}

function ofSlices(blob: Blob): ChunkSource {
  let at = 0
  return {
    totalBytes: blob.size,
    async read() {
      const start = at
      at += pieceSize
      if (start >= blob.size) return { done: true }
      return { done: false, value: new Uint8Array(await blob.slice(start, at).arrayBuffer()) }
    },
    close: () => undefined,
  }
}

function ofStream(stream: ReadableStream<unknown>, signal: AbortSignal | undefined): ChunkSource {
  requireOption('image', 'a stream without another reader', !stream.locked)
  const source = ofByteStream(stream, undefined, signal)
  if (source !== undefined) return source
  const reader = stream.getReader()
  return ofReader(reader, () => reader.read(), undefined, signal)
}

/**
 * A stream that fills memory which we give it, again and again; `undefined` when it is not one of
 * bytes.
 */
function ofByteStream(
  stream: ReadableStream<unknown>,
  totalBytes: number | undefined,
  signal: AbortSignal | undefined,
): ChunkSource | undefined {
  let reader: ReadableStreamBYOBReader
  try {
    reader = stream.getReader({ mode: 'byob' })
  } catch {
    return undefined
  }
  let memory = new ArrayBuffer(pieceSize)
  async function read(): Promise<{ done: boolean; value?: unknown }> {
    const { done, value } = await reader.read(new Uint8Array(memory))
    // The memory that was given is detached; this is it, back again. After a cancel it is not.
    if (value !== undefined) memory = value.buffer
    return { done, value }
  }
  return ofReader(reader, read, totalBytes, signal)
}

function ofReader(
  reader: ReadableStreamGenericReader & { releaseLock(): void },
  read: ChunkSource['read'],
  totalBytes: number | undefined,
  signal: AbortSignal | undefined,
): ChunkSource {
  // The other end may mind, or never answer: it is not waited for.
  const cancel = (): void => void reader.cancel(signal?.reason).catch(() => undefined)
  // A read that waits for bytes is over as soon as the stream is cancelled.
  signal?.addEventListener('abort', cancel)
  if (signal?.aborted === true) cancel()
  return {
    totalBytes,
    read,
    close() {
      signal?.removeEventListener('abort', cancel)
      cancel()
      reader.releaseLock()
    },
  }
}

/**
 * Lets events happen between two pieces, so that a progress bar moves and a click on "cancel" is
 * seen. Where the image is in memory, no promise would wait for one. A timer would: 4 ms per piece.
 */
async function breathe(): Promise<void> {
  if ((globalThis as Partial<typeof globalThis>).MessageChannel === undefined) return
  const { port1, port2 } = new MessageChannel()
  await new Promise((resolve) => {
    port1.onmessage = resolve
    port2.postMessage(undefined)
  })
  port1.close()
}
