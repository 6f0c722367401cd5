/**
 * Streams through the gateway: nothing is made before it is asked for, everything ends when one
 * side goes, and no side can keep the other waiting for ever.
 */
import { describe, expect, test } from 'vitest'
import type { GatewayLimits, Handler } from '../../src/gateway/index.ts'
import { type Bench, createBench, settle, until } from './bench.ts'
import { openResponse, type Sealed } from './sealing-client.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** What a client makes of an answer without its end. */
const incomplete = { code: 'ohttp-incomplete', message: 'sealed response: ended before its last chunk' }

/** Fills a chunk: smaller pieces that are there at the same time are sealed together. */
const piece = new Uint8Array(16_384).fill(1)

/** Counts how many pieces were asked for. */
function counting(pieces: number): { body: AsyncGenerator<Bytes>; made: () => number } {
  let made = 0
  async function* make(): AsyncGenerator<Bytes> {
    while (made < pieces) {
      await Promise.resolve()
      made++
      yield piece
    }
  }
  return { body: make(), made: () => made }
}

/** A handler whose answer never ends until somebody ends it. */
function endless(): {
  handler: Handler
  cancelled: unknown[]
  signal: () => AbortSignal | undefined
  made: () => number
} {
  const cancelled: unknown[] = []
  let signal: AbortSignal | undefined
  let made = 0
  return {
    cancelled,
    signal: () => signal,
    made: () => made,
    handler: (request) => {
      signal = request.signal
      const body = new ReadableStream<Bytes>(
        {
          pull(controller) {
            made++
            controller.enqueue(piece)
          },
          cancel: (why) => void cancelled.push(why),
        },
        { highWaterMark: 0 },
      )
      return new Response(body)
    },
  }
}

describe('back-pressure', () => {
  test('a request is read only as fast as the app reads', async () => {
    let read: (() => Promise<unknown>) | undefined
    const { seal, gateway } = createBench({
      handler: async (request) => {
        const reader = (request.body as ReadableStream<Bytes>).getReader()
        await new Promise<void>((resolve) => {
          read = async () => {
            const { done } = await reader.read()
            if (done) resolve()
            return done
          }
        })
        return new Response()
      },
    })
    const { body, made } = counting(100)
    const sent = await seal({ body })
    const response = gateway(sent.request)
    await until(() => read !== undefined)
    await settle()
    const before = made()
    expect(before).toBeLessThan(10)
    for (let i = 0; i < 10; i++) await read?.()
    await settle()
    expect(made()).toBeGreaterThan(before)
    expect(made()).toBeLessThan(before + 15)
    while ((await read?.()) === false);
    expect((await response).status).toBe(200)
    expect(made()).toBe(100)
  })

  test('an answer is made only as fast as it is taken', async () => {
    const { handler, made } = endless()
    const { seal, gateway } = createBench({ handler })
    const sent = await seal()
    const response = await gateway(sent.request)
    await settle()
    expect(made()).toBeLessThan(3)
    const reader = (response.body as ReadableStream<Bytes>).getReader()
    let taken = 0
    for (let i = 0; i < 20; i++) taken += (await reader.read()).value?.length ?? 0
    await settle()
    expect(made()).toBeGreaterThan(5)
    // And what the next piece, of four chunks at most, is made of.
    expect(made()).toBeLessThan(taken / piece.length + 8)
    await reader.cancel()
  })

  test('an answer can begin before the request has ended', async () => {
    let next: (() => void) | undefined
    async function* slowly(): AsyncGenerator<Bytes> {
      yield new Uint8Array([1])
      await new Promise<void>((resolve) => (next = resolve))
      yield new Uint8Array([2])
    }
    const { seal, gateway } = createBench()
    const sent = await seal({ body: slowly() })
    const opened = await openResponse(sent, await gateway(sent.request))
    expect((await opened.body.next()).value).toEqual(new Uint8Array([1]))
    const rest = opened.bytes()
    await until(() => next !== undefined)
    next?.()
    expect(await rest).toEqual(new Uint8Array([2]))
  })
})

describe('a client that goes away', () => {
  test('while it waits: the app is told, and what it answers later is cancelled', async () => {
    const disconnect = new AbortController()
    let signal: AbortSignal | undefined
    let respond: ((response: Response) => void) | undefined
    let cancelled = false
    const { seal, gateway, counted } = createBench({
      handler: (request) => {
        signal = request.signal
        return new Promise((resolve) => (respond = resolve))
      },
    })
    const { request } = await seal({ signal: disconnect.signal })
    const response = gateway(request)
    await until(() => respond !== undefined)
    expect(signal?.aborted).toBe(false)
    disconnect.abort()
    expect(signal?.aborted).toBe(true)
    expect((signal?.reason as Error).name).toBe('AbortError')
    await response
    expect(counted.at(-1)).toBe('requests aborted')
    respond?.(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })))
    await until(() => cancelled)
  })

  test.each(['disconnects', 'cancels'] as const)('while it reads, and %s: the app is told', async (how) => {
    const disconnect = new AbortController()
    const { handler, cancelled, signal } = endless()
    const { seal, gateway, counted, errors, clock } = createBench({ handler })
    const { request } = await seal({ signal: disconnect.signal })
    const response = await gateway(request)
    const reader = (response.body as ReadableStream<Bytes>).getReader()
    await reader.read()
    await reader.read()
    if (how === 'disconnects') disconnect.abort()
    else await reader.cancel()
    await until(() => cancelled.length > 0)
    expect(cancelled).toEqual([expect.objectContaining({ name: 'AbortError' })])
    expect(signal()?.aborted).toBe(true)
    expect(counted.at(-1)).toBe('requests aborted')
    expect(errors).toEqual([])
    expect(clock.pending()).toBe(0)
  })

  test('before anything: the app is not asked', async () => {
    let calls = 0
    const { seal, gateway, counted } = createBench({ handler: () => new Response(String(++calls)) })
    const { request } = await seal({ signal: AbortSignal.abort() })
    await gateway(request)
    expect(calls).toBe(0)
    expect(counted.at(-1)).toBe('requests aborted')
  })

  test('while it sends: the rest is not read', async () => {
    const disconnect = new AbortController()
    let failure: unknown
    let isReading = false
    const { seal, gateway } = createBench({
      handler: async (request) => {
        isReading = true
        await request.text().catch((error: unknown) => (failure = error))
        return new Response()
      },
    })
    let ended = false
    async function* stalls(): AsyncGenerator<Bytes> {
      try {
        yield piece
        await new Promise(() => undefined)
      } finally {
        ended = true
      }
    }
    const { request, onCancel } = await seal({ body: stalls(), signal: disconnect.signal })
    const response = gateway(request)
    await until(() => isReading)
    await settle()
    disconnect.abort()
    await response
    await until(() => failure !== undefined)
    expect(onCancel()).toBe(true)
    expect(ended).toBe(false)
  })
})

describe('an app', () => {
  test('that fails in the middle of its answer: what came before arrives, and the end is missing', async () => {
    let pulls = 0
    const body = new ReadableStream<Bytes>(
      {
        pull(controller) {
          if (++pulls > 3) throw new Error('card 4111')
          controller.enqueue(piece)
        },
      },
      { highWaterMark: 0 },
    )
    const { seal, gateway, counted, errors } = createBench({ handler: () => new Response(body) })
    const sent = await seal()
    const opened = await openResponse(sent, await gateway(sent.request))
    const received: number[] = []
    await expect(async () => {
      for await (const piece of opened.body) received.push(piece.length)
    }).rejects.toMatchObject(incomplete)
    expect(received.reduce((sum, length) => sum + length, 0)).toBe(3 * piece.length)
    expect(counted.at(-1)).toBe('requests handler-failed')
    expect(errors).toEqual([expect.objectContaining({ message: 'card 4111' })])
  })

  test('that answers with more than is allowed: the end is missing', async () => {
    const { seal, gateway, counted } = createBench({
      handler: () => new Response('x'.repeat(1001)),
      limits: { responseBytes: 1000 },
    })
    const sent = await seal()
    const opened = await openResponse(sent, await gateway(sent.request))
    await expect(opened.bytes()).rejects.toMatchObject(incomplete)
    expect(counted.at(-1)).toBe('requests response-too-large')
  })

  test('that answers in one piece with more than is allowed is answered for', async () => {
    const { ask, counted } = createBench({
      handler: () => new Response('x'.repeat(2000)),
      limits: { unchunkedBytes: 1000 },
    })
    const opened = await ask({ chunked: false })
    expect([opened.status, await opened.text()]).toEqual([500, 'The app failed.'])
    expect(counted.at(-1)).toBe('requests response-too-large')
  })

  test('that answers with something else than bytes: the end is missing', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue('text')
        controller.close()
      },
    })
    const answer = { status: 200, headers: [], body }
    const { seal, gateway, counted } = createBench({ handler: () => answer as never })
    const sent = await seal()
    const opened = await openResponse(sent, await gateway(sent.request))
    await expect(opened.bytes()).rejects.toMatchObject(incomplete)
    expect(counted.at(-1)).toBe('requests handler-failed')
  })

  test('that does not read the request is not made to', async () => {
    const { body, made } = counting(1000)
    const { seal, gateway } = createBench({ handler: () => new Response('no, thanks', { status: 413 }) })
    const sent = await seal({ body })
    const opened = await openResponse(sent, await gateway(sent.request))
    expect([opened.status, await opened.text()]).toEqual([413, 'no, thanks'])
    await settle()
    expect(made()).toBeLessThan(10)
    expect(sent.onCancel()).toBe(true)
  })

  test('whose request breaks off while it answers: the answer ends there, without its end', async () => {
    const { seal, gateway, counted } = createBench()
    const sent = await seal({ body: counting(100).body, isCut: true })
    const opened = await openResponse(sent, await gateway(sent.request))
    await expect(opened.bytes()).rejects.toMatchObject(incomplete)
    expect(counted.at(-1)).toBe('requests malformed')
  })
})

describe('sizes', () => {
  test('a request above its limit is answered with 413, inside the seal', async () => {
    const { ask, counted } = createBench({
      handler: async (request) => new Response(await request.text()),
      limits: { requestBytes: 40_000 },
    })
    expect((await ask({ body: 'x'.repeat(39_000) })).status).toBe(200)
    const opened = await ask({ body: 'x'.repeat(40_001) })
    expect([opened.status, await opened.text()]).toEqual([413, 'The request is too large.'])
    expect(counted.at(-1)).toBe('requests too-large')
  })

  test('a request in one piece above its limit is answered with 413, in the clear', async () => {
    const { send } = createBench({ limits: { unchunkedBytes: 10_000 } })
    expect((await send({ chunked: false, body: 'x'.repeat(9000) })).status).toBe(200)
    expect((await send({ chunked: false, body: 'x'.repeat(10_001) })).status).toBe(413)
  })
})

describe('time', () => {
  /**
   * A sender that sends one piece each time it is told, an app that reads all it gets, and a
   * gateway between them.
   */
  async function slowly(limits: GatewayLimits): Promise<
    Bench & {
      readonly sent: Sealed
      readonly response: () => Response | undefined
      /**
       * Everything that was sent has been read, and the gateway waits for more; or there is a
       * response.
       */
      readonly quiet: () => Promise<void>
      readonly next: () => void
    }
  > {
    let resolve: (() => void) | undefined
    let made = 0
    let received = 0
    let response: Response | undefined
    async function* byHand(): AsyncGenerator<Bytes> {
      for (;;) {
        made += piece.length
        yield piece
        await new Promise<void>((done) => (resolve = done))
      }
    }
    const bench = createBench({
      limits,
      handler: async (request) => {
        for await (const part of request.body as unknown as AsyncIterable<Bytes>) received += part.length
        return new Response()
      },
    })
    const sent = await bench.seal({ body: byHand() })
    void bench.gateway(sent.request).then((answer) => (response = answer))
    return {
      ...bench,
      sent,
      response: () => response,
      async quiet() {
        await until(() => response !== undefined || (resolve !== undefined && received === made))
        await settle()
      },
      next() {
        const done = resolve
        resolve = undefined
        done?.()
      },
    }
  }

  test('a sender that stops is waited for as long as is allowed, then answered with 408', async () => {
    const { sent, response, quiet, clock, counted } = await slowly({ idleSeconds: 30 })
    await quiet()
    clock.advance(29_999)
    await settle()
    expect(response()).toBeUndefined()
    clock.advance(1)
    await until(() => response() !== undefined)
    const opened = await openResponse(sent, response() as Response)
    expect([opened.status, await opened.text()]).toEqual([408, 'The request came too slowly.'])
    expect(counted.at(-1)).toBe('requests slow')
    expect(sent.onCancel()).toBe(true)
    expect(clock.pending()).toBe(0)
  })

  test('a sender that never stops but is too slow is answered with 408', async () => {
    const { sent, response, quiet, next, clock } = await slowly({
      idleSeconds: 30,
      minimumBytesPerSecond: piece.length,
    })
    // One piece every 4 seconds, one a second demanded: 3 seconds are lost each time, of about 30.
    let turns = 0
    await quiet()
    while (response() === undefined && turns < 50) {
      clock.advance(4000)
      next()
      turns++
      await quiet()
    }
    expect(turns).toBeGreaterThan(7)
    expect(turns).toBeLessThan(14)
    expect((await openResponse(sent, response() as Response)).status).toBe(408)
  })

  test('a sender that is slow but fast enough is not', async () => {
    const { response, quiet, next, clock } = await slowly({ idleSeconds: 2, minimumBytesPerSecond: piece.length / 2 })
    for (let turn = 0; turn < 50; turn++) {
      await quiet()
      expect(response()).toBeUndefined()
      clock.advance(1900)
      next()
    }
  })

  test('the time that the app takes is not held against the sender', async () => {
    let read: (() => void) | undefined
    const { seal, gateway, clock } = createBench({
      handler: async (request) => {
        await new Promise<void>((resolve) => (read = resolve))
        return new Response(await request.text())
      },
    })
    const sent = await seal({ body: counting(50).body })
    const response = gateway(sent.request)
    await until(() => read !== undefined)
    clock.advance(3_600_000)
    read?.()
    const opened = await openResponse(sent, await response)
    expect((await opened.bytes()).length).toBe(50 * piece.length)
  })

  test('a head that never comes is answered with 408', async () => {
    const { seal, gateway, clock } = createBench()
    const { request, onCancel } = await seal({ stallsAfter: 3 })
    let response: Response | undefined
    void gateway(request).then((made) => (response = made))
    while (response === undefined) {
      clock.advance(30_000)
      await settle(1)
    }
    expect([response.status, await response.text()]).toEqual([408, 'The request came too slowly.'])
    expect(onCancel()).toBe(true)
  })

  test('an answer that nobody takes is dropped', async () => {
    const { handler, cancelled, signal } = endless()
    const { seal, gateway, clock, counted } = createBench({ handler, limits: { idleSeconds: 30 } })
    const { request } = await seal()
    const response = await gateway(request)
    const reader = (response.body as ReadableStream<Bytes>).getReader()
    await reader.read()
    clock.advance(29_999)
    await reader.read()
    clock.advance(30_000)
    await until(() => cancelled.length > 0)
    expect(signal()?.aborted).toBe(true)
    expect(counted.at(-1)).toBe('requests response-stalled')
    await expect(reader.read()).rejects.toThrow('the response was not taken in time')
    expect(clock.pending()).toBe(0)
  })
})

describe('more at the same time than is allowed', () => {
  test('is 503 at once, until an answer has been taken', async () => {
    const { send, seal, gateway, counted } = createBench({ limits: { concurrentRequests: 1 } })
    const sent = await seal({ body: 'first' })
    const first = await gateway(sent.request)
    const busy = await send()
    expect([busy.status, busy.headers.get('retry-after'), await busy.text()]).toEqual([
      503,
      '1',
      'Too many requests at once.',
    ])
    expect(counted.at(-1)).toBe('requests busy')
    await (await openResponse(sent, first)).bytes()
    await settle()
    expect((await send()).status).toBe(200)
  })

  test('is so however an exchange ends', async () => {
    const { send, seal, gateway, keyConfig } = createBench({
      limits: { concurrentRequests: 1 },
      handler: (request) => {
        if (new URL(request.url).pathname === '/fail') throw new Error('failed')
        return new Response(request.body)
      },
    })
    const key = await keyConfig()
    const ends: readonly (() => Promise<unknown>)[] = [
      async () => (await send({ keyConfig: key })).body?.cancel(),
      async () => (await send({ keyConfig: key, path: '/fail' })).bytes(),
      async () => (await send({ keyConfig: key, authority: 'elsewhere' })).bytes(),
      async () => send({ keyConfig: key, isCut: true, method: 'GET' }),
      async () => (await send({ keyConfig: key, isCut: true })).bytes(),
      async () => send({ keyConfig: key, signal: AbortSignal.abort() }),
      async () => {
        const { request } = await seal({ keyConfig: key })
        const replay = request.clone()
        await (await gateway(request)).bytes()
        await settle()
        return gateway(replay)
      },
    ]
    for (const end of ends) {
      await end()
      await settle()
      const response = await send({ keyConfig: key })
      expect([end.toString(), response.status]).toEqual([end.toString(), 200])
      await response.bytes()
      await settle()
    }
  })

  test('counts an app that goes on although nobody waits for it', async () => {
    const disconnect = new AbortController()
    let respond: ((response: Response) => void) | undefined
    const { send, seal, gateway } = createBench({
      limits: { concurrentRequests: 1 },
      handler: () => new Promise((resolve) => (respond = resolve)),
    })
    const { request } = await seal({ signal: disconnect.signal })
    const first = gateway(request)
    await until(() => respond !== undefined)
    disconnect.abort()
    await first
    expect((await send()).status).toBe(503)
    const answer = respond
    respond = undefined
    answer?.(new Response())
    await settle()
    const again = send()
    await until(() => respond !== undefined)
    ;(respond as unknown as (response: Response) => void)(new Response())
    expect((await again).status).toBe(200)
  })
})
