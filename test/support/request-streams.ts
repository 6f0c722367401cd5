/**
 * Bodies of requests as streams, for browsers that have none: Firefox has no `body`, and WebKit
 * takes no stream for one.
 */

/**
 * Where a `Request` has no streams, no gateway can be. So that one can run there all the same,
 * requests get them here. Of the client, nothing is changed by it.
 */
export function giveRequestsStreams(): void {
  const Native = globalThis.Request
  globalThis.Request = class extends Native {
    constructor(input: RequestInfo | URL, init: RequestInit = {}) {
      const stream = init.body instanceof ReadableStream ? init.body : undefined
      super(input, stream === undefined ? init : { ...init, body: null })
      if (stream === undefined) return
      Object.defineProperties(this, {
        body: { value: stream },
        text: { value: () => new Response(stream).text() },
        json: { value: () => new Response(stream).json() },
        arrayBuffer: { value: () => new Response(stream).arrayBuffer() },
      })
    }
  }
}
