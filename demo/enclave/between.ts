/**
 * What the one in between does to requests and answers that pass through.
 */

/** The same request to another address. */
export function forwarded({ method, headers, body, signal }: Request, url: string | URL): Request {
  return new Request(url, { method, headers, body, signal, duplex: 'half' } as RequestInit)
}

export const text = (status: number, words: string): Response =>
  new Response(words, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })

/** One bit of what is after the head of the message. */
export function flipped(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let seen = 0
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        const changed = piece.slice()
        const at = 40 - seen
        if (at >= 0 && at < changed.length) changed[at] = (changed[at] ?? 0) ^ 1
        seen += piece.length
        controller.enqueue(changed)
      },
    }),
  )
}

/** The beginning, and a clean end. @param count pieces that are let through */
export function firstOf(body: ReadableStream<Uint8Array>, count: number): ReadableStream<Uint8Array> {
  let pieces = 0
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        controller.enqueue(piece)
        if (++pieces === count) controller.terminate()
      },
    }),
  )
}

/** The beginning, and then nothing for ever. */
export function stalled(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let pieces = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (pieces++ === 4) {
        await reader.cancel()
        return new Promise<void>(() => undefined)
      }
      const { done, value } = await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
      return undefined
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
