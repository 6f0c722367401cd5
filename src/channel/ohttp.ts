/**
 * Oblivious HTTP (RFC 9458), whole or in chunks (draft-ietf-ohai-chunked-ohttp): seals one request
 * to a gateway's key, and opens the one response that was sealed under keys derived from it.
 *
 *     sealed request    header (key identifier, KEM, KDF, AEAD) · enc · sealed message
 *     sealed response   nonce · sealed message
 */
import { aesGcm, hkdf } from '../crypto/aead.ts'
import { randomBytes } from '../crypto/random.ts'
import { type Bytes, concatBytes } from '../encoding/bytes.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import { VerificationError } from '../core/errors.ts'
import {
  type Limits,
  openChunks,
  type Opener,
  openWhole,
  sealChunks,
  type Sealer,
  sealWhole,
  type Together,
} from './chunks.ts'
import { type GatewayKey, type KeyConfig, mayBePoint, uint16 } from './key-config.ts'
import { counting, type HpkeContext, type SealingKey, setUpRecipient, setUpSender } from './hpke.ts'
import { generate, type PieceReader, type Pieces, readPieces } from './pieces.ts'
import { type Hpke, nameOf } from './suite.ts'

/** Media types of requests and of their responses. */
export const mediaTypes = {
  whole: { request: 'message/ohttp-req', response: 'message/ohttp-res' },
  chunked: { request: 'message/ohttp-chunked-req', response: 'message/ohttp-chunked-res' },
} as const

/** How messages are sealed, and what may be opened. */
export interface ChannelOptions extends Partial<Limits> {
  /**
   * In chunks, as they come: request and response alike. Default true; whole messages are held in
   * memory.
   */
  readonly chunked?: boolean
  /** Bytes of one chunk that is opened, 16,384 or more. Default 65,536. */
  readonly maximumChunk?: number
  /** Bytes of the message that is opened. Default: no limit in chunks, 16 MiB whole. */
  readonly maximumMessage?: number
}

export interface SealedRequest {
  /** The request as it goes over the wire: once. */
  readonly sealed: Pieces
  /**
   * Opens the response: once. A piece comes out only after its seal was found whole; the end comes
   * only after the seal of the last.
   * @throws VerificationError `ohttp-open`, `ohttp-incomplete`, `ohttp-format`, `ohttp-size`,
   *   `ohttp-limit`
   */
  readonly openResponse: (sealed: AsyncIterable<Bytes>) => Pieces
}

export interface OpenedRequest {
  readonly keyId: number
  /** The encapsulated key. No two requests have the same: one that was seen before is a replay. */
  readonly enc: Bytes
  /**
   * The request, opened: once. Until it has given something, nothing shows that the sender knows
   * the key.
   */
  readonly message: Pieces
  /** Seals the response: once. */
  readonly sealResponse: (message: AsyncIterable<Bytes>, together?: Together) => Pieces
}

/** What request and response have in common. */
interface Exchange {
  /** What the keys of the response are derived from. */
  readonly secret: Bytes
  readonly enc: Bytes
  readonly cipher: Hpke
  readonly options: ChannelOptions
}

const defaultLimits: Limits = { maximumChunk: 65_536, maximumMessage: Infinity }
const defaultWhole = 16_777_216

const requestSource: Source = { name: 'sealed request', code: 'ohttp-format' }
const responseSource: Source = { name: 'sealed response', code: 'ohttp-format' }
/** A message of our own that is to be sealed. */
const messageSource: Source = { name: 'message', code: 'bhttp-format' }

/** Keys for one request and its response, made before there is a request. */
export interface PreparedRequest {
  /**
   * Seals the request: once. @param message read only when `sealed` is. @throws TypeError the second
   * time
   */
  readonly seal: (message: AsyncIterable<Bytes>) => SealedRequest
}

/** Makes the keys of a request to a gateway: everything that needs no message. */
export async function prepareRequest(
  { keyId, publicKey, cipher }: KeyConfig,
  options: ChannelOptions = {},
): Promise<PreparedRequest> {
  const header = headerOf(keyId, cipher)
  const { enc, context } = await setUpSender(cipher, publicKey, infoOf(header, options))
  const secret = await responseSecret(context, cipher, options)
  return {
    seal: once('a context seals one request', (message) => ({
      sealed: sealMessage(message, options, () => Promise.resolve({ head: concatBytes(header, enc), sealer: context })),
      openResponse: once('a request has one response', (sealed) =>
        openResponse(sealed, { secret, enc, cipher, options }),
      ),
    })),
  }
}

/**
 * Opens a request as far as its header; `message` opens the rest.
 * @param keyOf the gateway's keys
 * @throws VerificationError `ohttp-key-unknown` when there is no such key, `ohttp-format`,
 *   `ohttp-incomplete`; reading `message` throws what `openResponse` does
 */
export async function openRequest(
  keyOf: (keyId: number) => GatewayKey | undefined,
  sealed: AsyncIterable<Bytes>,
  options: ChannelOptions = {},
): Promise<OpenedRequest> {
  const input = readPieces(sealed, requestSource, 'ohttp-incomplete')
  try {
    const header = await input.take(7, 'header')
    const keyId = header[0] as number
    const key = keyOf(keyId)
    if (key === undefined) throw new VerificationError('ohttp-key-unknown', `no key has the identifier ${keyId}`)
    const { cipher, suite, pair } = key
    if (headerOf(keyId, cipher).some((byte, i) => byte !== header[i]))
      throw malformed(requestSource, 'suite is not that of the key')
    const enc = (await input.take(cipher.KEM.Nenc, 'encapsulated key')).slice()
    const info = infoOf(header, options)
    const noPoint = (): never => {
      throw malformed(requestSource, `encapsulated key is no point of ${nameOf(suite)}`)
    }
    if (!mayBePoint(enc, suite)) noPoint()
    const context = await setUpRecipient(cipher, pair, enc, info).catch(noPoint)
    const opener = openerOf(context)
    return {
      keyId,
      enc,
      message: generate(input, () => openMessage(opener, input, requestSource, options)),
      sealResponse: once('a request has one response', (message: AsyncIterable<Bytes>, together?: Together) => {
        const begin: Begin = async () => {
          const secret = await responseSecret(context, cipher, options)
          const head = randomBytes(responseNonceSize(cipher))
          return { head, ...(await responseKeys({ secret, enc, cipher, options }, head)) }
        }
        return sealMessage(message, options, begin, together)
      }),
    }
  } catch (error) {
    input.cancel()
    throw error
  }
}

function openResponse(sealed: AsyncIterable<Bytes>, exchange: Exchange): Pieces {
  const input = readPieces(sealed, responseSource, 'ohttp-incomplete')
  return generate(input, async function* () {
    const nonce = await input.take(responseNonceSize(exchange.cipher), 'nonce')
    const { opener } = await responseKeys(exchange, nonce)
    yield* openMessage(opener, input, responseSource, exchange.options)
  })
}

function responseSecret({ exportSecret }: HpkeContext, cipher: Hpke, options: ChannelOptions): Promise<Bytes> {
  return exportSecret(labelOf('response', options), responseNonceSize(cipher))
}

/**
 * RFC 9458 section 4.4, and for chunks section 5.2 of the draft: keys for this response to this
 * request only.
 */
async function responseKeys(
  { secret, enc, cipher }: Exchange,
  responseNonce: Bytes,
): Promise<{ readonly sealer: Sealer; readonly opener: Opener }> {
  const { key, nonce } = await hkdf(secret, concatBytes(enc, responseNonce), {
    key: cipher.AEAD.Nk,
    nonce: cipher.AEAD.Nn,
  })
  const sealer = counting(await aesGcm(key), nonce)
  return { sealer, opener: openerOf(sealer) }
}

type Begin = () => Promise<{ readonly head: Bytes; readonly sealer: Sealer }>

function sealMessage(
  message: AsyncIterable<Bytes>,
  { chunked = true }: ChannelOptions,
  begin: Begin,
  together?: Together,
): Pieces {
  const input = readPieces(message, messageSource)
  return generate(input, async function* () {
    const { head, sealer } = await begin()
    yield head
    yield* chunked ? sealChunks(sealer, input, undefined, together) : sealWhole(sealer, input)
  })
}

function openMessage(opener: Opener, input: PieceReader, source: Source, options: ChannelOptions): Pieces {
  const { chunked = true } = options
  if (!chunked) return openWhole(opener, input, source, options.maximumMessage ?? defaultWhole)
  return openChunks(opener, input, source, { ...defaultLimits, ...options })
}

/** The reason why it did not open is kept back, from the sender above all. */
function openerOf({ open }: SealingKey): Opener {
  return {
    open: (sealed, additionalData) =>
      open(sealed, additionalData).then(
        (opened) => new Uint8Array(opened),
        () => undefined,
      ),
  }
}

function headerOf(keyId: number, { KEM, KDF, AEAD }: Hpke): Bytes {
  return Uint8Array.from([keyId, ...uint16(KEM.id), ...uint16(KDF.id), ...uint16(AEAD.id)])
}

function infoOf(header: Bytes, options: ChannelOptions): Bytes {
  return concatBytes(labelOf('request', options), [0], header)
}

function labelOf(direction: 'request' | 'response', { chunked = true }: ChannelOptions): Bytes {
  return new TextEncoder().encode(`message/bhttp ${chunked ? 'chunked ' : ''}${direction}`)
}

/** max(Nn, Nk) */
function responseNonceSize({ AEAD }: Hpke): number {
  return Math.max(AEAD.Nn, AEAD.Nk)
}

/** A second message under the keys of the first would repeat nonces. */
function once<Arguments extends readonly unknown[], Result>(
  rule: string,
  body: (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  let isUsed = false
  return (...given) => {
    if (isUsed) throw new TypeError(rule)
    isUsed = true
    return body(...given)
  }
}
