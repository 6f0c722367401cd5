/**
 * Serves a fetch handler on the loopback interface with Node's own server: what Deno, Bun and
 * workerd do by themselves. Back-pressure in both directions, and a client that goes away aborts
 * the request's signal.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Loopback {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  readonly port: number
  /** Ends every connection. */
  close(): Promise<void>
}

export interface LoopbackOptions {
  /** Default: any that is free. */
  readonly port?: number
  /** Called with every connection: to count bytes, or to cut it. */
  readonly onConnection?: (socket: Socket) => void
}

export type FetchHandler = (request: Request) => Response | Promise<Response>

/** The handler may need to know its own origin, hence the function. */
export async function serveLoopback(
  handlerFor: (origin: string) => FetchHandler | Promise<FetchHandler>,
  { port = 0, onConnection }: LoopbackOptions = {},
): Promise<Loopback> {
  let handler: FetchHandler = () => new Response(null, { status: 503 })
  let origin = ''
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, origin, handler).catch(() => outgoing.destroy())
  })
  // A client that is about to use a connection again must not find it closed: on a busy machine,
  // the usual 5 seconds are short.
  server.keepAliveTimeout = 60_000
  if (onConnection) server.on('connection', onConnection)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: taken } = server.address() as AddressInfo
  origin = `http://127.0.0.1:${taken}`
  handler = await handlerFor(origin)
  return {
    origin,
    port: taken,
    async close() {
      const closed = new Promise((resolve) => void server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  origin: string,
  handler: FetchHandler,
): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  outgoing.on('error', () => {
    gone.abort()
  })
  const { method = 'GET', url = '/', rawHeaders } = incoming
  const headers = new Headers()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const init: RequestInit & { duplex: 'half' } = {
    method,
    headers,
    body: hasBody ? bodyOf(incoming) : null,
    duplex: 'half',
    signal: gone.signal,
  }
  await send(await handler(new Request(new URL(url, origin), init)), outgoing)
}

/**
 * One piece at a time, when it is asked for. What nobody wants is read and dropped, so that the
 * client can get its answer.
 */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  incoming.pause()
  let isOver = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (act: () => void) => (): void => {
          if (!isOver) act()
          isOver = true
        }
        const fail = end(() => {
          controller.error(new Error('the connection broke off'))
        })
        incoming.on('data', (chunk: Buffer) => {
          if (isOver) return
          incoming.pause()
          controller.enqueue(new Uint8Array(chunk))
        })
        incoming.on(
          'end',
          end(() => {
            controller.close()
          }),
        )
        incoming.on('error', fail)
        incoming.on('close', fail)
      },
      pull() {
        incoming.resume()
      },
      cancel() {
        isOver = true
        incoming.resume()
      },
    },
    { highWaterMark: 0 },
  )
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat())
  if (response.body === null) {
    outgoing.end()
    return
  }
  outgoing.flushHeaders()
  const reader = response.body.getReader()
  outgoing.on('close', () => void reader.cancel().catch(() => undefined))
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (!outgoing.write(value)) await drained(outgoing)
    }
    outgoing.end()
  } catch {
    outgoing.destroy()
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done).off('close', done)
      resolve()
    }
    outgoing.on('drain', done).on('close', done)
  })
}
