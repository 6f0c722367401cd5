/**
 * H07: senders that are slow, in the head or in the body, hold a slot for a bounded time, and one
 * client does not get all of them. Time is moved by hand.
 */
import { describe, expect, test } from 'vitest'
import type { GatewayOptions, Handler } from '../../src/gateway/index.ts'
import { type Bench, createBench, origin, paths, question, settle, until } from './bench.ts'
import { openResponse, readKeyConfig } from './sealing-client.ts'

type Bytes = Uint8Array<ArrayBuffer>

const second = 1000
const slots = 512

/** A sealed request that comes as a test wants it. */
interface Dribble {
  readonly request: Request
  /** Sends so many bytes more. */
  readonly send: (length: number) => void
  readonly end: () => void
  readonly isUnwanted: () => boolean
}

/**
 * Bytes of a sealed request whose body is as long as it takes, with the head in a chunk of its own.
 */
async function sealedBytes(bench: Bench, keyConfig: Bytes, chunked = true): Promise<Bytes> {
  async function* body(): AsyncGenerator<Bytes> {
    await settle(1)
    yield new Uint8Array(16_384)
  }
  const { request } = await bench.seal({ keyConfig, chunked, body: body() })
  return new Uint8Array(await request.arrayBuffer())
}

function dribble(bytes: Bytes, headers: Readonly<Record<string, string>>, chunked = true): Dribble {
  let controller: ReadableStreamDefaultController<Bytes> | undefined
  let at = 0
  let isUnwanted = false
  const body = new ReadableStream<Bytes>({
    start(own) {
      controller = own
    },
    cancel() {
      isUnwanted = true
    },
  })
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': chunked ? 'message/ohttp-chunked-req' : 'message/ohttp-req', ...headers },
    body,
    duplex: 'half',
  }
  return {
    request: new Request(origin + paths.data, init),
    send(length) {
      if (isUnwanted) return
      controller?.enqueue(bytes.slice(at, at + length))
      at += length
    },
    end: () => controller?.close(),
    isUnwanted: () => isUnwanted,
  }
}

/** Header, encapsulated key and the chunk with the inner head, with room to spare. */
const wholeHead = 200

/** A handler that reads all there is, and how often it was called: as often as a head was read. */
function createReader(): { readonly handler: Handler; readonly calls: () => number } {
  let calls = 0
  return {
    calls: () => calls,
    async handler(request) {
      calls++
      return new Response(String((await request.arrayBuffer()).byteLength))
    },
  }
}

interface Crowd extends Bench {
  readonly keyOf: Bytes
  readonly crowd: readonly Dribble[]
  readonly statuses: (number | undefined)[]
  /** Whether one more is answered now. */
  readonly isServed: (headers?: Readonly<Record<string, string>>) => Promise<boolean>
}

/** Fills all slots with senders that have sent `sent` bytes and keep the rest. */
async function crowdedBench(
  sent: number,
  options: Partial<GatewayOptions> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Crowd> {
  const { handler, calls } = createReader()
  const bench = createBench({ handler, ...options })
  const keyConfig = await bench.keyConfig()
  const shared = await sealedBytes(bench, keyConfig)
  const crowd: Dribble[] = []
  const statuses: (number | undefined)[] = []
  for (let i = 0; i < slots; i++) {
    // Copies would be refused as replays, but not before their heads are read.
    const one = dribble(sent < wholeHead ? shared : await sealedBytes(bench, keyConfig), headers)
    one.send(sent)
    crowd.push(one)
    statuses.push(undefined)
    void bench.gateway(one.request).then(async (response) => {
      statuses[i] = response.status
      await response.arrayBuffer()
    })
  }
  await until(() => calls() === (sent < wholeHead ? 0 : slots))
  await settle()
  return {
    ...bench,
    keyOf: keyConfig,
    crowd,
    statuses,
    async isServed(more = {}) {
      const sealed = await bench.seal({ keyConfig, body: 'x' })
      const request = new Request(sealed.request, {
        headers: { ...Object.fromEntries(sealed.request.headers), ...more },
      })
      const response = await bench.gateway(request)
      if (response.status === 503) return false
      return (await (await openResponse(sealed, response)).text()) === '1'
    },
  }
}

describe('H07 512 slow senders cannot keep the 513th out', () => {
  test.each([
    ['send nothing', 0, undefined],
    ['stop in the header', 5, undefined],
    ['stop right before the end of the first chunk', 100, undefined],
    ['send a byte each second', 0, 1],
  ])('for longer than the deadline of the head, when they %s', async (_, sent, each) => {
    const { clock, crowd, isServed, statuses, counted } = await crowdedBench(sent)
    expect(await isServed()).toBe(false)
    for (let passed = 0; passed < 14; passed++) {
      clock.advance(second)
      if (each !== undefined) for (const one of crowd) one.send(each)
      await settle(2)
    }
    expect(await isServed()).toBe(false)
    clock.advance(second)
    await until(() => statuses.every((status) => status !== undefined))
    await settle()
    expect(new Set(statuses)).toEqual(new Set([408]))
    expect(crowd.every(({ isUnwanted }) => isUnwanted())).toBe(true)
    expect(counted.filter((line) => line === 'requests slow')).toHaveLength(slots)
    expect(await isServed()).toBe(true)
    expect(clock.pending()).toBe(0)
  })

  test('for longer than the wait for bytes, when they stop in the body', async () => {
    const { clock, isServed, statuses, counted } = await crowdedBench(wholeHead)
    clock.advance(29_999)
    await settle()
    expect(await isServed()).toBe(false)
    clock.advance(1)
    // Sealed: the head was read.
    await until(() => statuses.every((status) => status === 200))
    await settle()
    expect(counted.filter((line) => line === 'requests slow')).toHaveLength(slots)
    expect(await isServed()).toBe(true)
  })

  test('for much longer, when they send at half the rate that is demanded', async () => {
    const { clock, crowd, isServed, statuses } = await crowdedBench(wholeHead)
    let passed = 0
    while (statuses.includes(undefined) && passed < 200) {
      clock.advance(second)
      passed++
      for (const one of crowd) one.send(512)
      await settle(4)
    }
    await settle()
    // Each second of waiting costs one of 30, and wins back half of one.
    expect(passed).toBeGreaterThanOrEqual(30)
    expect(passed).toBeLessThanOrEqual(61)
    expect(await isServed()).toBe(true)
  })
})

describe('H07 the deadline of the head', () => {
  test.each([
    ['in chunks', true, 100],
    ['in one piece, which is all head', false, 16_300],
  ] as const)('does not count the pace: a sender that is fast enough but never done, %s', async (_, chunked, all) => {
    const { handler } = createReader()
    const bench = createBench({ handler, limits: { headSeconds: 5, minimumBytesPerSecond: 1 } })
    const one = dribble(await sealedBytes(bench, await bench.keyConfig(), chunked), {}, chunked)
    let response: Response | undefined
    void bench.gateway(one.request).then((answer) => (response = answer))
    for (let passed = 0; passed < 5; passed++) {
      expect(response).toBeUndefined()
      // More than is demanded, and not the end.
      one.send(Math.floor(all / 10))
      await settle(4)
      bench.clock.advance(second)
      await settle(4)
    }
    await until(() => response !== undefined)
    expect([response?.status, await response?.text()]).toEqual([408, 'The request came too slowly.'])
  })

  test('holds for bytes that are always there in time', async () => {
    const bench = createBench({ limits: { headSeconds: 5, minimumBytesPerSecond: 1 } })
    const bytes = await sealedBytes(bench, await bench.keyConfig())
    let at = 0
    const body = new ReadableStream<Bytes>(
      {
        pull(controller) {
          bench.clock.advance(second)
          controller.enqueue(bytes.slice(at, at + 1))
          at++
        },
      },
      { highWaterMark: 0 },
    )
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: { 'content-type': 'message/ohttp-chunked-req' },
      body,
      duplex: 'half',
    }
    const response = await bench.gateway(new Request(origin + paths.data, init))
    expect([response.status, await response.text()]).toEqual([408, 'The request came too slowly.'])
    expect(at).toBe(5)
  })

  test('is over with the head: a body may take its time', async () => {
    const { handler, calls } = createReader()
    const bench = createBench({ handler, limits: { headSeconds: 1, minimumBytesPerSecond: 1 } })
    async function* content(): AsyncGenerator<Bytes> {
      await settle(1)
      yield new Uint8Array(2000)
    }
    const sealed = await bench.seal({ body: content() })
    const bytes = new Uint8Array(await sealed.request.arrayBuffer())
    let response: Response | undefined
    const one = dribble(bytes, {})
    void bench.gateway(one.request).then((answer) => (response = answer))
    one.send(wholeHead)
    await until(() => calls() === 1)
    for (let at = wholeHead; at < bytes.length; at += 100) {
      await settle(4)
      expect(response).toBeUndefined()
      bench.clock.advance(second)
      one.send(100)
    }
    one.end()
    await until(() => response !== undefined)
    expect((await openResponse(sealed, response as Response)).status).toBe(200)
  })

  test('includes the end of a request without a body', async () => {
    const bench = createBench({ limits: { headSeconds: 5, minimumBytesPerSecond: 1 } })
    const sealed = await bench.seal({ method: 'GET' })
    const bytes = new Uint8Array(await sealed.request.arrayBuffer())
    const one = dribble(bytes, {})
    one.send(bytes.length - 1)
    let response: Response | undefined
    void bench.gateway(one.request).then((answer) => (response = answer))
    await settle()
    bench.clock.advance(5 * second)
    await until(() => response !== undefined)
    // The head was open, so this is said inside the seal.
    const opened = await openResponse(sealed, response as unknown as Response)
    expect([opened.status, await opened.text()]).toEqual([408, 'The request came too slowly.'])
  })

  test('is that of a question for evidence as well', async () => {
    const bench = createBench({ limits: { headSeconds: 5, minimumBytesPerSecond: 1 } })
    let controller: ReadableStreamDefaultController<Bytes> | undefined
    const init: RequestInit & { duplex: 'half' } = {
      body: new ReadableStream<Bytes>({ start: (own) => void (controller = own) }),
      duplex: 'half',
    }
    let response: Response | undefined
    void bench.gateway(question(undefined, init)).then((answer) => (response = answer))
    for (let passed = 0; passed < 5; passed++) {
      expect(response).toBeUndefined()
      controller?.enqueue(new TextEncoder().encode('          '))
      await settle(4)
      bench.clock.advance(second)
      await settle(4)
    }
    await until(() => response !== undefined)
    expect([response?.status, await response?.text()]).toEqual([408, 'The request came too slowly.'])
    expect(bench.counted).toEqual(['attestations slow'])
  })
})

describe('H07 the minimum rate', () => {
  test('is not paid for in advance: a fast start does not buy a slow end', async () => {
    const { handler, calls } = createReader()
    const bench = createBench({ handler, limits: { idleSeconds: 10, minimumBytesPerSecond: 100 } })
    const one = dribble(await sealedBytes(bench, await bench.keyConfig()), {})
    // Enough for 150 seconds.
    one.send(15_000)
    let response: Response | undefined
    void bench.gateway(one.request).then((answer) => (response = answer))
    await until(() => calls() === 1)
    await settle()
    let passed = 0
    while (response === undefined && passed < 60) {
      bench.clock.advance(second)
      passed++
      one.send(1)
      await settle(4)
    }
    expect(passed).toBeGreaterThanOrEqual(10)
    expect(passed).toBeLessThanOrEqual(12)
  })

  test('is that of taking an answer as well', async () => {
    const body = new ReadableStream<Bytes>(
      {
        pull: (controller) => {
          controller.enqueue(new Uint8Array(16_384))
        },
      },
      { highWaterMark: 0 },
    )
    const bench = createBench({
      handler: () => new Response(body),
      limits: { idleSeconds: 10, minimumBytesPerSecond: 16_384 },
    })
    const { request } = await bench.seal()
    const reader = ((await bench.gateway(request)).body as ReadableStream<Bytes>).getReader()
    // One chunk of about 16 KiB every two seconds: each wins back half of what it cost.
    let taken = 0
    const failed = await (async () => {
      for (; taken < 60; taken++) {
        bench.clock.advance(2 * second)
        await reader.read()
      }
    })().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failed).toMatchObject({ code: 'gateway-slow', message: 'the response was not taken in time' })
    expect(taken).toBeGreaterThan(5)
    expect(taken).toBeLessThan(12)
    expect(bench.counted.at(-1)).toBe('requests response-stalled')
  })

  test('does not count while the app makes nothing', async () => {
    let next: (() => void) | undefined
    const body = new ReadableStream<Bytes>(
      {
        pull: async (controller) => {
          await new Promise<void>((resolve) => (next = resolve))
          controller.enqueue(new Uint8Array(1))
        },
      },
      { highWaterMark: 0 },
    )
    const bench = createBench({
      handler: () => new Response(body),
      limits: { idleSeconds: 10, minimumBytesPerSecond: 1000 },
    })
    const { request } = await bench.seal()
    const reader = ((await bench.gateway(request)).body as ReadableStream<Bytes>).getReader()
    const read = async (): Promise<void> => {
      for (;;) if ((await reader.read()).done) return
    }
    let failed: unknown
    void read().catch((error: unknown) => (failed = error))
    for (let i = 0; i < 30; i++) {
      await until(() => next !== undefined)
      bench.clock.advance(60 * second)
      const act = next
      next = undefined
      act?.()
    }
    expect(failed).toBeUndefined()
    await reader.cancel()
  })
})

describe('H07 clientOf', () => {
  const clientOf: GatewayOptions['clientOf'] = (request) => request.headers.get('x-client') ?? undefined
  const limits = { concurrentRequests: slots, concurrentPerClient: 8 }

  test('one client cannot take all slots, and others are served meanwhile', async () => {
    const { isServed, counted, statuses } = await crowdedBench(0, { clientOf, limits }, { 'x-client': 'a' })
    expect(statuses.filter((status) => status === 503)).toHaveLength(slots - 8)
    expect(counted.filter((line) => line === 'requests busy')).toHaveLength(slots - 8)
    expect(await isServed({ 'x-client': 'a' })).toBe(false)
    expect(await isServed({ 'x-client': 'b' })).toBe(true)
    expect(await isServed()).toBe(true)
  })

  test('clients without a name count as one', async () => {
    const { isServed } = await crowdedBench(0, { clientOf, limits })
    expect(await isServed()).toBe(false)
    expect(await isServed({ 'x-client': 'b' })).toBe(true)
  })

  test.each<[string, () => unknown, string]>([
    [
      'that throws',
      () => {
        throw new Error('no header')
      },
      'no header',
    ],
    ['that returns a number', () => 7, 'clientOf must return a string or undefined'],
    ['that returns a promise', () => Promise.resolve('a'), 'clientOf must return a string or undefined'],
  ])('one %s names nobody, and the operator learns why', async (_, broken, message) => {
    const { isServed, errors } = await crowdedBench(0, { clientOf: broken as never, limits })
    expect(await isServed()).toBe(false)
    expect(errors).toHaveLength(slots + 1 + 1)
    for (const error of errors) expect(error).toMatchObject({ message })
  })

  test('a slot comes back to the client whose it was', async () => {
    const one = { concurrentRequests: slots, concurrentPerClient: 1 }
    const { clock, isServed, statuses } = await crowdedBench(0, { clientOf, limits: one }, { 'x-client': 'a' })
    expect(await isServed({ 'x-client': 'a' })).toBe(false)
    clock.advance(15 * second)
    await until(() => statuses.every((status) => status !== undefined))
    await settle()
    for (let i = 0; i < 3; i++) expect(await isServed({ 'x-client': 'a' })).toBe(true)
  })

  test('it counts for evidence too', async () => {
    let release: (() => void) | undefined
    const bench = createBench({
      clientOf,
      limits: { concurrentPerClient: 1 },
      attest: async ({ keyConfig }) => {
        await new Promise<void>((resolve) => (release = resolve))
        return { mediaType: 'application/x-test', evidence: keyConfig }
      },
    })
    const ask = (client: string): Promise<Response> => {
      const asked = question()
      asked.headers.set('x-client', client)
      return bench.gateway(asked)
    }
    const first = ask('a')
    await until(() => release !== undefined)
    expect((await ask('a')).status).toBe(503)
    const unlock = release
    release = undefined
    const other = ask('b')
    await until(() => release !== undefined)
    unlock?.()
    ;(release as unknown as () => void)()
    expect((await readKeyConfig(await other)).length).toBeGreaterThan(0)
    expect((await first).status).toBe(200)
  })

  test('without it, clients are not told apart', async () => {
    const { isServed } = await crowdedBench(0, { limits }, { 'x-client': 'a' })
    expect(await isServed({ 'x-client': 'b' })).toBe(false)
  })
})
