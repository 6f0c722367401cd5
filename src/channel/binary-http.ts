/**
 * Binary HTTP (RFC 9292): requests and responses as bytes. Writes messages of indeterminate length,
 * reads those of known length as well; bodies are passed on piece by piece and never held.
 *
 *     request     2 · method, scheme, authority, path · fields, 0 · body in chunks, 0 · trailers, 0
 *     response    3 · status · fields, 0 · body in chunks, 0 · trailers, 0
 *
 * Every text and every chunk has its length before it, as QUIC writes numbers. Trailers are read
 * and dropped. What follows must be zeros (padding).
 *
 * A message may leave out empty parts at its end (section 3.8): the trailers; the content as well;
 * and the fields as well, as the examples of RFC 9458 do. Such a part is missing whole. A part that
 * has begun must end, and content must be ended. The end of a message is the end of what it came
 * in. Under a seal that is the authenticated end: a message that was cut off on the way has none,
 * and is an error before any part counts as left out.
 */
import { type Bytes, concatBytes, isZero } from '../encoding/bytes.ts'
import { malformed } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import { encodeNumber, encodeText, generate, type PieceReader, type Pieces, readPieces } from './pieces.ts'

/** Name in lower case; value with one character per byte. */
export type HeaderField = readonly [name: string, value: string]

export interface RequestHead {
  readonly method: string
  /** `https` */
  readonly scheme: string
  /** Host, and port where it is not the scheme's own. */
  readonly authority: string
  /** With the query. */
  readonly path: string
  readonly headers: readonly HeaderField[]
}

export interface ResponseHead {
  /** 200 to 599. */
  readonly status: number
  readonly headers: readonly HeaderField[]
}

/** A message whose head was read; the body is read when it is wanted. */
export interface Message<Head> {
  readonly head: Head
  readonly body: Pieces
}

const maximumHead = 65_536
const maximumFields = 256
const maximumInformational = 8
/** Bodies are passed on in pieces of at most this size. */
const pieceSize = 65_536
const source = { name: 'binary HTTP', code: 'bhttp-format' } as const

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
/** RFC 9110 section 5.5: visible characters, with spaces and tabs between them. */
const fieldValue = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/
/**
 * They speak of one connection, which an encapsulated message does not have (RFC 9110 section
 * 7.6.1).
 */
const connectionFields = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te']

/**
 * @throws TypeError when the head is none: a method, path or field that HTTP does not allow, or
 * more than 64 KiB in 256 fields
 */
export function encodeRequest(head: RequestHead, body: AsyncIterable<Bytes>): Pieces {
  const problem = problemOfRequest(head) ?? problemOfFields(head.headers)
  if (problem !== undefined) throw new TypeError(problem)
  const control = [head.method, head.scheme, head.authority, head.path].map(encodeText)
  return encode(concatBytes([2], ...control, encodeFields(head.headers)), body)
}

/** @throws TypeError when the head is none */
export function encodeResponse({ status, headers }: ResponseHead, body: AsyncIterable<Bytes>): Pieces {
  const problem = isFinal(status) ? problemOfFields(headers) : 'status must be 200 to 599'
  if (problem !== undefined) throw new TypeError(problem)
  return encode(concatBytes([3], encodeNumber(status), encodeFields(headers)), body)
}

/**
 * @throws VerificationError `bhttp-format`, `bhttp-size`, or what `message` throws; reading the
 * body throws the same
 */
export function decodeRequest(message: AsyncIterable<Bytes>): Promise<Message<RequestHead>> {
  return decode(message, 0, async (input, budget, readHead) => {
    const texts = [await readText(input, budget), await readText(input, budget), await readText(input, budget)] as const
    const [method, scheme, authority] = texts
    const path = await readText(input, budget)
    const head = { method, scheme, authority, path, headers: await readHead() }
    const problem = problemOfRequest(head)
    if (problem !== undefined) throw malformed(source, problem)
    return head
  })
}

/** @throws VerificationError as {@link decodeRequest} */
export function decodeResponse(message: AsyncIterable<Bytes>): Promise<Message<ResponseHead>> {
  return decode(message, 1, async (input, _budget, readHead) => {
    for (let informational = 0; ; informational++) {
      const status = await input.number('status')
      const headers = await readHead()
      if (isFinal(status)) return { status, headers }
      if (status < 100 || status > 199 || informational === maximumInformational)
        throw malformed(source, `status must be 200 to 599, after at most ${maximumInformational} of 1xx`)
    }
  })
}

function encode(head: Bytes, body: AsyncIterable<Bytes>): Pieces {
  // Without the framing indicator and the end of the fields.
  if (head.length - 2 > maximumHead) throw new TypeError(`head must be at most ${maximumHead} bytes`)
  const input = readPieces(body, source)
  return generate(input, async function* () {
    yield head
    // Pieces are never empty: a length of 0 would end the body.
    for (let piece; (piece = await input.some(pieceSize)) !== undefined;)
      yield concatBytes(encodeNumber(piece.length), piece)
    yield Uint8Array.of(0, 0)
  })
}

/** What a head may still cost. */
interface Budget {
  bytes: number
  fields: number
}

/** @param first the framing indicator of known length; that of indeterminate length is 2 more */
async function decode<Head>(
  message: AsyncIterable<Bytes>,
  first: 0 | 1,
  readControl: (input: PieceReader, budget: Budget, readHead: () => Promise<readonly HeaderField[]>) => Promise<Head>,
): Promise<Message<Head>> {
  const input = readPieces(message, source)
  try {
    const framing = await input.number('framing indicator')
    if (framing !== first && framing !== first + 2)
      throw malformed(source, `framing indicator must be ${first} or ${first + 2}, found ${framing}`)
    const isKnown = framing === first
    const budget: Budget = { bytes: maximumHead, fields: maximumFields }
    const head = await readControl(input, budget, () => readFields(input, isKnown, budget))
    return { head, body: generate(input, () => readBody(input, isKnown)) }
  } catch (error) {
    input.cancel()
    throw error
  }
}

async function* readBody(input: PieceReader, isKnown: boolean): Pieces {
  const name = 'length of the body'
  for (let isBegun = false; ; isBegun = true) {
    let left = isBegun ? await input.number(name) : ((await input.optionalNumber(name)) ?? 0)
    if (left === 0) break
    while (left > 0) {
      const piece = await input.some(Math.min(left, pieceSize))
      if (piece === undefined) throw malformed(source, `body ends ${left} bytes early`)
      left -= piece.length
      yield piece
    }
    if (isKnown) break
  }
  // Trailers are read for their form only.
  await readFields(input, isKnown, { bytes: maximumHead, fields: maximumFields })
  for (let piece; (piece = await input.some(pieceSize)) !== undefined;)
    if (!isZero(piece)) throw malformed(source, 'padding must be zeros')
}

/** A section of fields; none when the message ends before it. */
async function readFields(input: PieceReader, isKnown: boolean, budget: Budget): Promise<readonly HeaderField[]> {
  const fields: HeaderField[] = []
  let section = input
  if (isKnown) {
    // The length of all fields together; without it, a name of no bytes ends them.
    const length = (await input.optionalNumber('length of the fields')) ?? 0
    if (length > budget.bytes) throw tooLarge()
    section = readPieces(pieceOf(await input.take(length, 'fields')), source)
  }
  for (;;) {
    const length =
      isKnown || fields.length === 0
        ? await section.optionalNumber('length of a name')
        : await section.number('length of a name')
    if (length === undefined || (length === 0 && !isKnown)) break
    if (--budget.fields < 0) throw tooLarge()
    const name = await readText(section, budget, length)
    fields.push([name, await readText(section, budget)])
  }
  const problem = problemOfFields(fields)
  if (problem !== undefined) throw malformed(source, problem)
  return fields
}

// eslint-disable-next-line @typescript-eslint/require-await -- a message is read from pieces that may keep one waiting
async function* pieceOf(bytes: Bytes): Pieces {
  yield bytes
}

/** Text with its length before it, or of a length that was read. */
async function readText(input: PieceReader, budget: Budget, given?: number): Promise<string> {
  const length = given ?? (await input.number('length of a text'))
  budget.bytes -= encodeNumber(length).length + length
  if (budget.bytes < 0) throw tooLarge()
  const bytes = await input.take(length, 'text')
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function encodeFields(fields: readonly HeaderField[]): Bytes {
  return concatBytes(...fields.flat().map(encodeText), [0])
}

function problemOfRequest({ method, scheme, authority, path }: RequestHead): string | undefined {
  if (!token.test(method)) return 'method must be a token'
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return 'scheme must be one in lower case'
  if (!/^[!-~]*$/.test(authority) || /[/?#@\\]/.test(authority)) return 'authority must be a host, and a port'
  return /^(?:\/[!-~]*|\*)$/.test(path) && !path.includes('#')
    ? undefined
    : 'path must begin with /, without a fragment'
}

function problemOfFields(fields: readonly HeaderField[]): string | undefined {
  if (fields.length > maximumFields) return `fields must be at most ${maximumFields}`
  for (const [name, value] of fields) {
    // Pseudo-fields begin with a colon, which is not of a token.
    if (!fieldName.test(name)) return 'names of fields must be tokens in lower case'
    if (connectionFields.includes(name)) return `${name} must not be a field: there is no connection`
    if (!fieldValue.test(value)) return `${name} must be visible characters of one byte, not led or followed by space`
  }
  return undefined
}

function isFinal(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599
}

function tooLarge(): VerificationError {
  return new VerificationError('bhttp-size', {
    subject: 'binary HTTP: head',
    expected: `${maximumHead} bytes in ${maximumFields} fields`,
    found: 'more',
  })
}
