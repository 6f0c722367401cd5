/**
 * Messages come as pieces of any size. This reads fields out of them, without holding more than one
 * field, and makes new messages whose readers can tell the source at any time that they have
 * enough.
 */
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationErrorCode } from '../core/codes.ts'

/** What this library makes of messages: pieces that are never empty. */
export interface Pieces {
  next(): Promise<IteratorResult<Bytes, void>>
  /** The rest is not wanted. */
  return(value?: undefined): Promise<IteratorResult<Bytes, void>>
  [Symbol.asyncIterator](): Pieces
}

/** So many pieces in a row may be empty. A sender of nothing must not keep us busy for ever. */
const maximumEmpty = 1024

/**
 * What comes within so many turns of the microtask queue was there already, or was made without a
 * wait.
 */
const turns = 32

export interface PieceReader {
  /**
   * Exactly `length` bytes: a claim of the sender, judged by the caller. Memory is taken as bytes
   * come. @throws VerificationError when there are fewer
   */
  take(length: number, field: string): Promise<Bytes>
  /** At least 1 and at most `maximum` bytes, as they come; `undefined` at the end. */
  some(maximum: number): Promise<Bytes | undefined>
  /** The same, with all that is there without a wait. */
  batch(maximum: number): Promise<Bytes | undefined>
  /** What can be had without asking for more. Valid until the next call. */
  inHand(): Bytes
  /** All that is left; `undefined` when that is more than `maximum` bytes. */
  rest(maximum: number): Promise<Bytes | undefined>
  /**
   * A number as QUIC writes it (RFC 9000 section 16), in any of its lengths. @throws
   * VerificationError when there is none, or from 2^53 on
   */
  number(field: string): Promise<number>
  /** The same, or `undefined` at the end. */
  optionalNumber(field: string): Promise<number | undefined>
  /**
   * Tells the source that the rest is not wanted. It waits for nothing, never fails, and does
   * nothing after the end.
   */
  cancel(): void
}

/**
 * @param pieces read only when something is asked for; an error of theirs is passed on
 * @param incomplete the code for a message that ends too early
 */
export function readPieces(
  pieces: AsyncIterable<Bytes>,
  source: Source,
  incomplete: AttestationErrorCode = source.code,
): PieceReader {
  const iterator = pieces[Symbol.asyncIterator]()
  let held: Bytes = new Uint8Array()
  let isOver = false
  let empty = 0
  let ahead: Promise<IteratorResult<Bytes, unknown>> | undefined

  /** One more piece, or the end. */
  async function pull(): Promise<void> {
    const asked = ahead
    ahead = undefined
    try {
      const next = await (asked ?? iterator.next())
      if (next.done === true) isOver = true
      else held = next.value
    } catch (error) {
      isOver = true
      throw error
    }
    empty = held.length === 0 ? empty + 1 : 0
    if (empty > maximumEmpty) throw malformed(source, `more than ${maximumEmpty} empty pieces`)
  }

  /** Whether there is a byte to read. */
  async function fill(): Promise<boolean> {
    while (held.length === 0 && !isOver) await pull()
    return held.length > 0
  }

  /**
   * Whether `pull` would have something at once. An error is not something: what came before it
   * goes first.
   */
  async function isReady(): Promise<boolean> {
    let settled = false
    const isSettled = (): boolean => settled
    ahead ??= (async () => iterator.next())()
    ahead.then(
      () => (settled = true),
      () => undefined,
    )
    for (let turn = 0; turn < turns && !isSettled(); turn++) await Promise.resolve()
    return isSettled()
  }

  function cut(length: number): Bytes {
    const part = held.subarray(0, length)
    held = held.subarray(part.length)
    return part
  }

  /** At most `maximum` bytes. @param isPatient whether to wait for more when there are some */
  async function collect(maximum: number, isPatient: boolean): Promise<Bytes> {
    if (held.length >= maximum) return cut(maximum)
    let whole: Bytes = new Uint8Array()
    let length = 0
    while (length < maximum) {
      if (held.length === 0) {
        if (isOver || (!isPatient && length > 0 && !(await isReady()))) break
        await pull()
        continue
      }
      const part = cut(maximum - length)
      if (length + part.length > whole.length) {
        // Twice as large, so that many small parts cost no more than a few large ones.
        const larger = new Uint8Array(Math.min(maximum, Math.max(2 * whole.length, length + part.length)))
        larger.set(whole)
        whole = larger
      }
      whole.set(part, length)
      length += part.length
    }
    return whole.subarray(0, length)
  }

  const reader: PieceReader = {
    async take(length, field) {
      const bytes = await collect(length, true)
      if (bytes.length === length) return bytes
      throw new VerificationError(incomplete, {
        subject: `${source.name}: ${field}`,
        expected: `${length} bytes`,
        found: `${bytes.length} before the end`,
      })
    },
    inHand: () => held,
    async some(maximum) {
      return (await fill()) ? cut(maximum) : undefined
    },
    async batch(maximum) {
      const bytes = await collect(maximum, false)
      return bytes.length > 0 ? bytes : undefined
    },
    async rest(maximum) {
      const bytes = await collect(maximum, true)
      return (await fill()) ? undefined : bytes
    },
    async optionalNumber(field) {
      if (!(await fill())) return undefined
      const first = cut(1)[0] as number
      const rest = await reader.take((1 << (first >> 6)) - 1, field)
      const value = rest.reduce((sum, byte) => sum * 256 + byte, first & 63)
      if (value > Number.MAX_SAFE_INTEGER) throw malformed(source, `${field} is 2^53 or more`)
      return value
    },
    async number(field) {
      const value = await reader.optionalNumber(field)
      if (value !== undefined) return value
      throw new VerificationError(incomplete, `${source.name}: ended before the ${field}`)
    },
    cancel() {
      if (isOver) return
      isOver = true
      held = new Uint8Array()
      // In a function of its own, so that what is thrown at once is caught as well.
      const stop = async (): Promise<unknown> => iterator.return?.()
      stop().catch(() => undefined)
    },
  }
  return reader
}

/**
 * The pieces that `body` makes out of `input`. A plain generator would not hear of its `return()`
 * before its first piece was asked for, nor while the next one is awaited; of this one, the source
 * hears at once. No piece comes after that, nor after an error.
 */
export function generate(input: PieceReader, body: () => Pieces): Pieces {
  const pieces = body()
  const end = { done: true, value: undefined } as const
  let closed = false
  const isClosed = (): boolean => closed
  const close = (): void => {
    closed = true
    input.cancel()
  }
  const generator: Pieces = {
    async next() {
      if (isClosed()) return end
      try {
        const result = await pieces.next()
        if (result.done === true) close()
        return isClosed() ? end : result
      } catch (error) {
        if (isClosed()) return end
        close()
        throw error
      }
    },
    return() {
      close()
      return Promise.resolve(end)
    },
    [Symbol.asyncIterator]: () => generator,
  }
  return generator
}

/** A number as QUIC writes it, in its shortest form. */
export function encodeNumber(value: number): Bytes {
  const size = value < 2 ** 6 ? 0 : value < 2 ** 14 ? 1 : value < 2 ** 30 ? 2 : 3
  const bytes = new Uint8Array(1 << size)
  let rest = value
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[0] = (bytes[0] as number) | (size << 6)
  return bytes
}

/** Text of one byte per character, with its length before it. */
export function encodeText(text: string): Bytes {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  return concatBytes(encodeNumber(bytes.length), bytes)
}
