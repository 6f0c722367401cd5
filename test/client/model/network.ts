/**
 * The network: it takes what the client sends, shows it to the monitor, and keeps it until the
 * schedule says how it is answered.
 */
import { concatBytes } from '../../../src/encoding/bytes.ts'
import { evidenceUrl, type Post } from './monitor.ts'
import type { Bytes } from './parties.ts'
import type { World } from './world.ts'

/** A request that waits for its answer. */
export interface Exchange {
  readonly label: string
  readonly evidenceNonce: string | undefined
  readonly post: Post | undefined
  readonly settle: (response: Response | Error) => void
  readonly signal: AbortSignal | undefined
  /** All that was sent so far. */
  sent: Bytes
  isSent: boolean
  isOver: boolean
}

/** A response on its way. */
export interface Delivery {
  readonly label: string
  readonly post: Post | undefined
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  /** What is still to come. */
  pieces: readonly Bytes[]
  /** What the enclave had sealed, and what came of it. */
  whole: readonly Bytes[]
  readonly came: Bytes[]
  isOver: boolean
}

export interface Network {
  readonly exchanges: readonly Exchange[]
  readonly deliveries: readonly Delivery[]
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Answers with a head, and a body that nothing comes of by itself. */
  readonly open: (exchange: Exchange, type: string) => Delivery
  /** Answers with pieces, which come when the schedule says so. */
  readonly deliver: (exchange: Exchange, pieces: readonly Bytes[]) => void
  /** Answers at once, as a whole. */
  readonly answer: (exchange: Exchange, status: number, type: string, body: string | Bytes) => void
}

export function createNetwork(world: World): Network {
  const { monitor } = world
  const exchanges: Exchange[] = []
  const deliveries: Delivery[] = []

  async function leave(url: string, init: RequestInit): Promise<Response> {
    world.touch()
    const isEvidence = url === evidenceUrl
    const post = isEvidence ? undefined : monitor.onDataPost(url, init)
    let evidenceNonce: string | undefined
    if (isEvidence) {
      const question = new TextEncoder().encode(init.body as string)
      monitor.onBytes(question)
      monitor.onEvidencePost(url, init, question)
      const { nonce } = JSON.parse(init.body as string) as { nonce: string }
      evidenceNonce = Buffer.from(nonce, 'base64url').toString('hex')
    }
    const signal = init.signal ?? undefined
    return new Promise<Response>((resolve, reject) => {
      const exchange: Exchange = {
        label: post === undefined ? 'evidence' : `post ${post.number}`,
        evidenceNonce,
        post,
        signal,
        sent: new Uint8Array(),
        isSent: false,
        isOver: false,
        settle(response) {
          exchange.isOver = true
          if (response instanceof Error) reject(response)
          else resolve(response)
        },
      }
      const abort = (): void => {
        if (exchange.isOver) return
        exchange.isOver = true
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as `fetch` does
        reject(signal?.reason)
      }
      if (signal?.aborted === true) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort)
      exchanges.push(exchange)
      void send(exchange, init.body)
    })
  }

  /** Takes the body as fast as it comes. */
  async function send(exchange: Exchange, body: BodyInit | null | undefined): Promise<void> {
    const stream = body instanceof ReadableStream ? (body as ReadableStream<Uint8Array>) : undefined
    if (stream === undefined) {
      exchange.sent = new Uint8Array(await world.finished(new Response(body).arrayBuffer()))
    } else {
      const reader = stream.getReader()
      const stop = (): void => {
        reader.cancel(exchange.signal?.reason).catch(() => undefined)
      }
      exchange.signal?.addEventListener('abort', stop)
      try {
        for (;;) {
          const { done, value } = await reader.read()
          world.touch()
          if (done) break
          exchange.sent = concatBytes(exchange.sent, value)
        }
      } catch {
        // As the platforms do.
        if (!exchange.isOver) exchange.settle(new TypeError('fetch failed'))
        return
      }
    }
    world.touch()
    exchange.isSent = true
  }

  /** The head of a response; its body is the caller's to give. */
  function open(exchange: Exchange, type: string): Delivery {
    let delivery: Delivery | undefined
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          delivery = {
            label: exchange.label,
            post: exchange.post,
            controller,
            pieces: [],
            whole: [],
            came: [],
            isOver: false,
          }
        },
        cancel() {
          ;(delivery as Delivery).isOver = true
        },
      },
      { highWaterMark: 0 },
    )
    const made = delivery as unknown as Delivery
    exchange.signal?.addEventListener('abort', () => {
      if (made.isOver) return
      made.isOver = true
      made.controller.error(exchange.signal?.reason)
    })
    exchange.settle(new Response(body, { headers: { 'content-type': type } }))
    return made
  }

  return {
    exchanges,
    deliveries,
    fetch: leave,
    open,
    deliver(exchange, pieces) {
      const delivery = open(exchange, 'message/ohttp-chunked-res')
      delivery.pieces = pieces
      delivery.whole = pieces
      deliveries.push(delivery)
    },
    answer(exchange, status, type, body) {
      const headers = { 'content-type': type, location: 'https://elsewhere.example/' }
      exchange.settle(new Response(body, { status, headers }))
    },
  }
}
