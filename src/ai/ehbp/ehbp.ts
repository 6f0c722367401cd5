/**
 * EHBP, encrypted HTTP bodies (tinfoilsh/encrypted-http-body-protocol): a request's body sealed to
 * an X25519 key, its response sealed under keys derived from that.
 *
 *     request     Ehbp-Encapsulated-Key: enc, hexadecimal; body = frames: length (4, big-endian) ‖ sealed, HPKE base mode, info "ehbp request"
 *     response    Ehbp-Response-Nonce: 32 bytes, hexadecimal; body = frames under RFC 9458's derivation from Export("ehbp response", 32)
 *
 * What it leaves open, and callers must accept by name: method, path and headers go in the clear
 * (an API key with them), and those of a response are not authenticated either; the end of a body
 * is not authenticated, so that a body that is cut off at a frame looks whole.
 */
import { decodeKeyConfig, encodeKeyConfig } from '../../channel/key-config.ts'
import { counting, type SealingKey, setUpSender } from '../../channel/hpke.ts'
import { readPieces } from '../../channel/pieces.ts'
import type { SealedChannel } from '../../client/channel-kind.ts'
import { VerificationError } from '../../core/errors.ts'
import { knownOptions, requireOption } from '../../core/options.ts'
import { aesGcm, hkdf } from '../../crypto/aead.ts'
import { type Bytes, concatBytes, fromHex, toHex } from '../../encoding/bytes.ts'
import { requireAccepted } from '../accepted.ts'

/** Options of {@link ehbp}. */
export interface EhbpOptions {
  /**
   * What you accept as open: `headers` (method, path and headers in the clear, of the response
   * unauthenticated) always, and `end` (a body that is cut off looks whole) unless `isWhole` is
   * given.
   */
  readonly unproven: readonly ('headers' | 'end')[]
  /**
   * Whether a body has ended as it should, by its last 1024 characters:
   * `(tail) => tail.trimEnd().endsWith('data: [DONE]')` for streams of events. Asked at the end of
   * every response with a status below 300; a body that has not ended so is an error. Default:
   * none; `unproven` must then name `end`.
   */
  readonly isWhole?: (tail: string) => boolean
}

const suite = { kem: 'X25519', aead: 'AES-256-GCM' } as const
const frameSize = 65_536
const maximumFrame = 16_777_216
const maximumEmpty = 1024
const tailSize = 1024
const tagSize = 16
const nothing = (): Bytes => new Uint8Array()
const ascii = (text: string): Bytes => new TextEncoder().encode(text)

/**
 * The channel of profiles of the kind `ehbp-1`.
 *
 * Proves that bodies are sealed to the attested key and opened only when their seal is whole. Does
 * *not* hide or authenticate anything else: see {@link EhbpOptions.unproven}. Requests without a
 * body cannot be sealed, and are refused.
 *
 * ```ts
 * const channel = ehbp({ unproven: ['headers'], isWhole: (tail) => tail.trimEnd().endsWith('data: [DONE]') })
 * const provider = attestedProvider(profile, {
 *   channel,
 *   verify: (evidence, { reportData }) => verifyTdx(evidence, { endorsements, referenceValues, reportData: reportData! }),
 * })
 * const send = attestedFetch(origin, provider)
 * ```
 * @throws TypeError for a caller's mistake; sealing throws TypeError for a request without a body;
 *   opening throws VerificationError `client-response`, `ohttp-format`, `ohttp-open`,
 *   `ohttp-incomplete`, `ohttp-size`
 */
export function ehbp(options: EhbpOptions): SealedChannel {
  const own = knownOptions<EhbpOptions>(options, ['unproven', 'isWhole'])
  const { isWhole } = own
  requireOption('isWhole', 'a function', !Object.hasOwn(own, 'isWhole') || typeof isWhole === 'function')
  const open = isWhole === undefined ? ['headers', 'end'] : ['headers']
  requireAccepted(own.unproven, open)

  return Object.freeze({
    kind: 'ehbp-1',
    async seal(request: Request, key: Bytes) {
      const body = new Uint8Array(await request.arrayBuffer())
      requireOption('request', 'one with a body: this channel seals nothing else', body.length > 0)
      if (key.length !== 32) throw new VerificationError('client-key', 'key of the channel: expected 32 bytes')
      // Imported and tried once: not a point of small order.
      const { publicKey, cipher } = await decodeKeyConfig(encodeKeyConfig(0, suite, key), suite)
      const { enc, context } = await setUpSender(cipher, publicKey, ascii('ehbp request'))
      const frames: Bytes[] = []
      for (let at = 0; at < body.length; at += frameSize)
        frames.push(framed(await context.seal(body.subarray(at, at + frameSize), nothing())))
      const headers = new Headers(request.headers)
      headers.set('ehbp-encapsulated-key', toHex(enc))
      return {
        url: request.url,
        init: { method: request.method, headers, body: new Blob(frames) },
        async open(response: Response) {
          const salt = concatBytes(enc, nonceOf(response))
          const secret = await context.exportSecret(ascii('ehbp response'), 32)
          const derived = await hkdf(secret, salt, { key: 32, nonce: 12 })
          const opener = counting(await aesGcm(derived.key), derived.nonce)
          const { status, headers: fields } = response
          const check = status < 300 ? isWhole : undefined
          return new Response(response.body && opened(response.body, opener, check), { status, headers: fields })
        },
      }
    },
  })
}

function framed(sealed: Bytes): Bytes {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, sealed.length)
  return concatBytes(length, sealed)
}

/**
 * A response without it is not sealed, from any sender. @throws VerificationError `client-response`
 */
function nonceOf(response: Response): Bytes {
  const text = response.headers.get('ehbp-response-nonce') ?? ''
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text)
  response.body?.cancel().catch(() => undefined)
  throw new VerificationError('client-response', {
    subject: 'unauthenticated answer',
    expected: 'a response nonce of 32 bytes',
    found: `${response.status} with ${text === '' ? 'none' : 'another'}`,
  })
}

/** Frames, each handed on after its seal was found whole. */
function opened(
  body: ReadableStream<Uint8Array>,
  opener: SealingKey,
  isWhole: EhbpOptions['isWhole'],
): ReadableStream<Uint8Array> {
  const source = { name: 'sealed response', code: 'ohttp-format' } as const
  const reader = body.getReader()
  async function* pieces(): AsyncGenerator<Bytes, void> {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value as Bytes
    }
  }
  const input = readPieces(pieces(), source, 'ohttp-incomplete')
  const decoder = new TextDecoder()
  let tail = ''
  let empty = 0

  /** The next frame that holds something; `undefined` at the end. */
  async function next(): Promise<Bytes | undefined> {
    for (;;) {
      const first = await input.some(1)
      if (first === undefined) return undefined
      const size = concatBytes(first, await input.take(3, 'length of a frame'))
      const length = new DataView(size.buffer).getUint32(0)
      if (length === 0 && ++empty <= maximumEmpty) continue
      if (length < tagSize || length > maximumFrame)
        throw new VerificationError('ohttp-size', {
          subject: 'sealed response: length of a frame',
          expected: `${tagSize} to ${maximumFrame}`,
          found: `${length}`,
        })
      const sealed = await input.take(length, 'frame')
      return new Uint8Array(
        await opener.open(new Uint8Array(sealed), nothing()).catch((): never => {
          throw new VerificationError('ohttp-open', 'sealed response: a frame does not open')
        }),
      )
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const frame = await next()
        if (frame !== undefined) {
          if (isWhole !== undefined) tail = (tail + decoder.decode(frame, { stream: true })).slice(-tailSize)
          controller.enqueue(frame)
          return
        }
        if (isWhole?.(tail) === false)
          throw new VerificationError('ohttp-incomplete', 'sealed response: it ends before its own end')
        controller.close()
      },
      async cancel(reason) {
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
