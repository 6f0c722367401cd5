/**
 * An enclave's end on top of the channel alone: it opens what is sealed for it, shows all of it,
 * and answers inside the seal whatever a test wants.
 */
import { decodeRequest, encodeResponse, type HeaderField } from '../../src/channel/binary-http.ts'
import { createGatewayKey, type GatewayKey } from '../../src/channel/key-config.ts'
import { openRequest } from '../../src/channel/ohttp.ts'
import type { Pieces } from '../../src/channel/pieces.ts'
import { toBase64Url } from '../../src/encoding/base64url.ts'
import { type Bytes, origin, paths, startedAt, type Transport, utf8 } from './world.ts'

/** A request as it came out of its seal. */
export interface Inner {
  readonly keyId: number
  readonly method: string
  readonly fields: Readonly<Record<string, string>>
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly fields: readonly HeaderField[]
  readonly body?: string
}

export interface FakeGateway {
  readonly transport: Transport
  /** All that came and was opened. */
  readonly opened: Inner[]
  /** From now on there is another key, and the one before is gone. */
  readonly rotate: () => Promise<void>
}

const suite = { kem: 'P-256', aead: 'AES-128-GCM' } as const

/**
 * @param answer inside the seal; a `Response` is an answer in the clear. @param evidenceAt when its
 * evidence is from
 */
export async function createFakeGateway(
  answer: (inner: Inner) => Answer | Response = () => ({ status: 200, fields: [], body: 'done' }),
  evidenceAt = startedAt,
): Promise<FakeGateway> {
  const opened: Inner[] = []
  let key: GatewayKey = await createGatewayKey(1, suite)

  async function open(request: Request): Promise<Response> {
    const body = piecesOf(request.body)
    const { keyId, message, sealResponse } = await openRequest((id) => (id === key.keyId ? key : undefined), body)
    const inner = await decodeRequest(message)
    let text = ''
    for await (const piece of inner.body) text += new TextDecoder().decode(piece)
    const { method, headers } = inner.head
    const one: Inner = { keyId, method, fields: Object.fromEntries(headers), body: text }
    opened.push(one)
    const made = answer(one)
    if (made instanceof Response) return made
    const content = made.body === undefined ? [] : [utf8(made.body)]
    const sealed = sealResponse(encodeResponse({ status: made.status, headers: made.fields }, inPieces(content)))
    return new Response(streamOf(sealed), { headers: { 'content-type': 'message/ohttp-chunked-res' } })
  }

  return {
    opened,
    rotate: async () => {
      key = await createGatewayKey(key.keyId + 1, suite)
    },
    transport: async (request, { attester }) => {
      if (request.url !== origin + paths.evidence) return open(request).catch(() => keyUnknown())
      const { nonce } = (await request.json()) as { nonce: string }
      const evidence = await attester.document({
        nonce: new Uint8Array(Buffer.from(nonce, 'base64url')),
        publicKey: key.config,
        timestamp: evidenceAt,
      })
      return Response.json(['application/cbor', toBase64Url(evidence), 4], {
        headers: { 'content-type': 'application/cmw+json' },
      })
    },
  }
}

/** What anyone can say. */
export const keyUnknown = (): Response =>
  new Response('{}', { status: 422, headers: { 'content-type': 'application/problem+json' } })

async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Bytes> {
  for await (const piece of body as unknown as AsyncIterable<Bytes>) yield piece
}

// eslint-disable-next-line @typescript-eslint/require-await -- a message is read from pieces that may keep one waiting
async function* inPieces(pieces: readonly Bytes[]): AsyncGenerator<Bytes> {
  yield* pieces
}

function streamOf(pieces: Pieces): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
}
