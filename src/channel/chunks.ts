/**
 * Messages under a seal, whole (RFC 9458) or in chunks (draft-ietf-ohai-chunked-ohttp, section 5).
 * Chunks are authenticated one by one, in their order, and the last one says that it is the last.
 *
 *     whole     one seal over all of it
 *     chunked   for each chunk but the last: length as QUIC writes numbers · that many sealed bytes
 *               the last one: 0 · all that follows, with "final" as additional data
 */
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { encodeNumber, type PieceReader, type Pieces } from './pieces.ts'
import { tagSize } from './suite.ts'

/** One direction of one exchange: each call is for the next chunk. */
export interface Sealer {
  readonly seal: (data: Bytes, additionalData: Bytes) => Promise<Bytes>
}
export interface Opener {
  /** `undefined` when the seal is broken, or that of another chunk. */
  readonly open: (sealed: Bytes, additionalData: Bytes) => Promise<Bytes | undefined>
}

/** What a message may cost, in bytes before sealing. */
export interface Limits {
  /** Of one chunk. */
  readonly maximumChunk: number
  readonly maximumMessage: number
}

/**
 * Longer pieces are sealed as several chunks: every receiver must take chunks of this size (section
 * 2 of the draft).
 */
const chunkSize = 16_384
/**
 * How many chunks that are there at once leave as one piece; asked before each piece. Behind small
 * pieces, `fetch` of Node reads further ahead with each one, and copies all that it has read.
 */
export type Together = () => number
const four: Together = () => 4
/**
 * Nonces have the number of the chunk in them. Long before one could come again, no more is sealed
 * or opened.
 */
const maximumChunks = 4_294_967_296
/** So many chunks in a row may hold nothing. */
const maximumEmpty = 16
/** So many chunks are opened at the same time. */
const maximumOpening = 16

const nothing: Bytes = /* @__PURE__ */ new Uint8Array()
const final: Bytes = /* @__PURE__ */ new TextEncoder().encode('final')

/** @param input held in memory until it ends */
export async function* sealWhole(sealer: Sealer, input: PieceReader): Pieces {
  yield await sealer.seal((await input.rest(Infinity)) ?? nothing, nothing)
}

/**
 * What is there is sealed without waiting for more. The last chunk is empty: wherever the message
 * is cut off, that is what one sees.
 * @param maximum chunks, for tests
 */
export async function* sealChunks(
  sealer: Sealer,
  input: PieceReader,
  maximum: number = maximumChunks,
  together: Together = four,
): Pieces {
  let left = maximum - 1
  const most = (): number => chunkSize * Math.max(1, Math.min(together(), left))
  for (let piece; (piece = await input.batch(most())) !== undefined;) {
    if (left <= 0) throw tooMany('message')
    const sealed: Promise<Bytes>[] = []
    for (let at = 0; at < piece.length; at += chunkSize)
      sealed.push(sealer.seal(piece.subarray(at, at + chunkSize), nothing))
    left -= sealed.length
    const chunks = await Promise.all(sealed)
    yield concatBytes(...chunks.flatMap((chunk) => [encodeNumber(chunk.length), chunk]))
  }
  yield concatBytes([0], await sealer.seal(nothing, final))
}

/** @throws VerificationError `ohttp-open`, `ohttp-incomplete`, `ohttp-size` */
export async function* openWhole(opener: Opener, input: PieceReader, source: Source, maximum: number): Pieces {
  const opened = await opener.open(await takeRest(input, source, maximum), nothing)
  if (opened === undefined) throw broken(source)
  if (opened.length > 0) yield opened
}

/**
 * A chunk comes out only after its seal was found whole, and after all before it. While one is
 * opened, those behind it are opened too, so far as they have come.
 * @param maximum chunks, for tests
 * @throws VerificationError `ohttp-open`, `ohttp-incomplete`, `ohttp-size`, `ohttp-limit`,
 *   `ohttp-format`
 */
export async function* openChunks(
  opener: Opener,
  input: PieceReader,
  source: Source,
  {
    maximumChunk,
    maximumMessage,
    maximumChunks: maximum = maximumChunks,
  }: Limits & { readonly maximumChunks?: number | undefined },
): Pieces {
  const opening: { readonly size: number; readonly opened: Promise<Bytes | undefined> }[] = []
  let left = maximumMessage
  let empty = 0
  let chunks = 0
  let isOver = false

  /** Reads one chunk and begins to open it. What it claims is judged before a byte of it is held. */
  async function read(): Promise<void> {
    if (++chunks > maximum) throw tooMany(source.name)
    const length = await input.optionalNumber('length of a chunk')
    if (length === undefined) throw incomplete(source)
    const mostOfChunk = Math.min(maximumChunk, left)
    if (length === 0) {
      isOver = true
      const last = await takeRest(input, source, mostOfChunk)
      opening.push({ size: last.length - tagSize, opened: opener.open(last, final) })
      return
    }
    if (length < tagSize) throw malformed(source, `chunk of ${length} bytes has no room for its seal`)
    const size = length - tagSize
    if (size > mostOfChunk) throw tooLarge(source, mostOfChunk)
    opening.push({ size, opened: opener.open(await input.take(length, 'chunk'), nothing) })
    left -= size
    empty = size === 0 ? empty + 1 : 0
    if (empty > maximumEmpty) throw malformed(source, `more than ${maximumEmpty} empty chunks`)
  }

  const isAtEnd = (): boolean => isOver
  const failures: unknown[] = []
  for (;;) {
    // One is waited for. What is wrong with those behind it is told when those before them are out.
    while (failures.length === 0 && !isAtEnd() && (opening.length === 0 || (isRoomFor(opening) && isInHand(input))))
      await read().catch((error: unknown) => failures.push(error))
    const first = opening.shift()
    if (first === undefined) {
      if (failures.length === 0) return
      throw failures[0]
    }
    const opened = await first.opened
    if (opened === undefined) throw broken(source)
    if (opened.length > 0) yield opened
  }
}

/**
 * Whether the next chunk, which is not the last, has come as a whole. Its sender is not waited for:
 * that counts against them only when there is nothing to give out.
 */
function isInHand(input: PieceReader): boolean {
  const held = input.inHand()
  const size = 1 << ((held[0] ?? 0) >> 6)
  let length = (held[0] ?? 0) & 63
  for (let at = 1; at < size; at++) length = length * 256 + (held[at] ?? Infinity)
  return length > 0 && size + length <= held.length
}

/** So much is opened at the same time, and one chunk whatever its size. */
function isRoomFor(opening: readonly { readonly size: number }[]): boolean {
  const bytes = opening.reduce((sum, { size }) => sum + size, 0)
  return opening.length < maximumOpening && bytes < maximumOpening * chunkSize * 4
}

/** All that is left: one seal, and at most `maximum` bytes under it. */
async function takeRest(input: PieceReader, source: Source, maximum: number): Promise<Bytes> {
  const sealed = await input.rest(maximum + tagSize)
  if (sealed === undefined) throw tooLarge(source, maximum)
  if (sealed.length < tagSize) throw incomplete(source)
  return sealed
}

function tooLarge({ name }: Source, maximum: number): VerificationError {
  return new VerificationError('ohttp-size', {
    subject: `${name}: bytes`,
    expected: `at most ${maximum}`,
    found: 'more',
  })
}

function tooMany(name: string): VerificationError {
  return new VerificationError('ohttp-limit', `${name}: too many chunks under one key`)
}

function incomplete({ name }: Source): VerificationError {
  return new VerificationError('ohttp-incomplete', `${name}: ended before its last chunk`)
}

function broken({ name }: Source): VerificationError {
  return new VerificationError('ohttp-open', `${name}: seal is broken, or that of another message`)
}
