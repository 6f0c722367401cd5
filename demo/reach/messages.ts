/**
 * HTTP over messages: one port for each request. A body comes piece by piece, each when it is
 * wanted, so that a reader who stops holds the sender up, as on a network.
 */

/** A request, as a message has it. */
export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** What comes back: the head, then pieces, or the end of it all. */
type Answer =
  | { readonly status: number; readonly headers: Asked['headers']; readonly hasBody: boolean }
  | { readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly end: 'whole' | 'broken' }

/** What the asking side says after its request. */
type Wish = 'more' | 'no more'

/** Hands a request over, and the port for its answer. @returns rejects when there is no one to answer */
export type Post = (asked: Asked, port: MessagePort) => Promise<never>

/** A `fetch` whose network is messages. It follows no redirections, and knows no cookies. */
export function fetchOver(post: Post): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const signal = init?.signal ?? request.signal
    const { port1: port, port2: theirs } = new MessageChannel()
    const wish = (what: Wish): void => {
      port.postMessage(what)
    }
    /** The next thing that is said; nothing more comes once the request is aborted. */
    const next = (): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          wish('no more')
          reject(signal.reason as Error)
        }
        if (signal.aborted) {
          stop()
          return
        }
        signal.addEventListener('abort', stop, { once: true })
        port.onmessage = ({ data }) => {
          signal.removeEventListener('abort', stop)
          resolve(data as Answer)
        }
      })
    const body = new Uint8Array(await request.arrayBuffer())
    signal.throwIfAborted()
    const { url, method, headers } = request
    const head = await Promise.race([next(), post({ url, method, headers: [...headers], body }, theirs)])
    if (!('status' in head)) throw brokenOff()
    const answered = { status: head.status, headers: head.headers as [string, string][] }
    if (!head.hasBody) return new Response(null, answered)
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const coming = next()
          wish('more')
          const answer = await coming
          if ('piece' in answer) controller.enqueue(answer.piece)
          else if ('end' in answer && answer.end === 'whole') controller.close()
          else throw brokenOff()
        },
        cancel() {
          wish('no more')
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(stream, answered)
  }
}

/** As `fetch` has it. */
const brokenOff = (): TypeError => new TypeError('the connection broke off')

/** Answers what is asked in messages to this worker. */
export function answerMessages(answer: (request: Request) => Promise<Response>): void {
  addEventListener('message', ({ data, ports: [port] }: MessageEvent<Asked>) => {
    // Service workers are told other things too.
    if (port !== undefined) answerAsked(data, port, answer)
  })
}

/** Answers one request, on its port. */
export function answerAsked(
  { url, method, headers, body }: Asked,
  port: MessagePort,
  answer: (request: Request) => Promise<Response>,
): void {
  const gone = new AbortController()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const say = (what: Answer): void => {
    port.postMessage(what)
    if ('end' in what || ('hasBody' in what && !what.hasBody)) port.close()
  }
  const broken = (error: unknown): void => {
    if (!gone.signal.aborted) console.error(error)
    say({ end: 'broken' })
  }
  async function more(): Promise<void> {
    const { done = true, value } = (await reader?.read()) ?? {}
    say(done || value === undefined ? { end: 'whole' } : { piece: new Uint8Array(value) })
  }
  port.onmessage = ({ data }: MessageEvent<Wish>) => {
    if (data === 'more') {
      more().catch(broken)
      return
    }
    gone.abort()
    reader?.cancel().catch(() => undefined)
    port.close()
  }
  const request = new Request(url, {
    method,
    headers: headers as [string, string][],
    // As a stream, because browsers have no other body that a gateway can read.
    ...(body.length > 0 && { body: new Response(new Uint8Array(body)).body, duplex: 'half' }),
    signal: gone.signal,
  })
  answer(request).then((response) => {
    reader = response.body?.getReader()
    say({ status: response.status, headers: [...response.headers], hasBody: reader !== undefined })
  }, broken)
}
