/**
 * Abuse cases A42 to A48 and A61 to A69 of what comes back: no byte of a response before its seal,
 * no end before the last seal, and no word too many about it.
 */
import { describe, expect, test } from 'vitest'
import { isAttestationResult } from '../../../src/client/index.ts'
import { readSources } from '../../architecture/source.ts'
import { codeOf, createWorld, dataOf, origin, paths, settle, type Transport, utf8, type World } from '../world.ts'

const secret = 'card-4711-0815'
const isEvidence = ({ url }: Request): boolean => url === origin + paths.evidence
const post = (body: BodyInit = secret): RequestInit => ({ method: 'POST', body, duplex: 'half' }) as RequestInit
const pieces = ['one ', 'two ', 'three ', 'four']

/** An app that answers in several pieces, each in a chunk of its own. */
const inPieces = {
  handler: () => {
    let next = 0
    return new Response(
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await new Promise((resolve) => setImmediate(resolve))
            const piece = pieces[next++]
            if (piece === undefined) controller.close()
            else controller.enqueue(utf8(piece))
          },
        },
        { highWaterMark: 0 },
      ),
    )
  },
}

/** Changes the sealed answer. */
const changing =
  (change: (bytes: Buffer, world: World) => Uint8Array | Promise<Uint8Array>): Transport =>
  async (request, world) => {
    const response = await world.gateway(request)
    if (isEvidence(request)) return response
    return new Response(new Uint8Array(await change(Buffer.from(await response.arrayBuffer()), world)), response)
  }

/**
 * The nonce, then the chunks of a sealed answer: each with its length before it, the last with 0.
 */
function chunksOf(sealed: Buffer): { readonly nonce: Buffer; readonly chunks: Buffer[] } {
  const chunks: Buffer[] = []
  let at = 16
  while (at < sealed.length) {
    const first = sealed[at] as number
    const size = 1 << (first >> 6)
    let length = first & 63
    for (let i = 1; i < size; i++) length = length * 256 + (sealed[at + i] as number)
    const end = length === 0 ? sealed.length : at + size + length
    chunks.push(sealed.subarray(at, end))
    at = end
  }
  return { nonce: sealed.subarray(0, 16), chunks }
}

/** All that came before the error, and the error. */
async function readAll(world: World): Promise<readonly [text: string, code: string]> {
  let text = ''
  try {
    const { body } = await world.send('/', post())
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) text += new TextDecoder().decode(piece)
    return [text, 'whole']
  } catch (error) {
    return [text, (error as { code?: string }).code ?? String(error)]
  }
}

test('an answer in several chunks, unchanged', async () => {
  let count = 0
  const world = await createWorld({
    gateway: inPieces,
    transport: changing((bytes) => {
      count = chunksOf(bytes).chunks.length
      return bytes
    }),
  })
  expect(await readAll(world)).toEqual([pieces.join(''), 'whole'])
  expect(count).toBeGreaterThan(4)
})

describe('A43 frame-reorder', () => {
  test.each<[string, (chunks: Buffer[]) => Buffer[]]>([
    ['swapped', ([a, b, c, ...more]) => [a, c, b, ...more] as Buffer[]],
    ['one left out', ([a, , ...more]) => [a, ...more] as Buffer[]],
    ['one twice', ([a, b, ...more]) => [a, b, b, ...more] as Buffer[]],
    ['the last one early', (chunks) => [chunks[0], chunks.at(-1)] as Buffer[]],
    ['the last one alone', (chunks) => [chunks.at(-1)] as Buffer[]],
    ['all twice', (chunks) => [...chunks, ...chunks]],
    [
      'one byte changed',
      ([a, b, ...more]) =>
        [a, Buffer.from((b as Buffer).map((byte, i) => (i === 5 ? byte ^ 1 : byte))), ...more] as Buffer[],
    ],
  ])('A43: %s', async (_what, change) => {
    const world = await createWorld({
      gateway: inPieces,
      transport: changing((bytes) => {
        const { nonce, chunks } = chunksOf(bytes)
        return Buffer.concat([nonce, ...change(chunks)])
      }),
    })
    const [text, code] = await readAll(world)
    expect(code).toMatch(/^(?:ohttp-open|ohttp-incomplete|ohttp-size)$/)
    expect(pieces.join('').startsWith(text)).toBe(true)
  })

  test('A43: spliced from two answers of one session, and a whole one again: A47 cross-response', async () => {
    const seen: Buffer[] = []
    const world = await createWorld({
      gateway: inPieces,
      transport: changing((bytes) => {
        seen.push(bytes)
        const [first] = seen as [Buffer]
        if (seen.length === 1) return bytes
        if (seen.length === 2) return first
        const [own, old] = [chunksOf(bytes), chunksOf(first)]
        return Buffer.concat([own.nonce, own.chunks[0] as Buffer, old.chunks[1] as Buffer, ...own.chunks.slice(2)])
      }),
    })
    expect(await readAll(world)).toEqual([pieces.join(''), 'whole'])
    expect(await readAll(world)).toEqual(['', 'ohttp-open'])
    expect((await readAll(world))[1]).toBe('ohttp-open')
  })
})

test('A44 truncation: cut at every border, and inside chunks: never the end of the answer', async () => {
  let borders = [0]
  // The first answer tells where the others can be cut.
  // eslint-disable-next-line @typescript-eslint/prefer-for-of -- the list is replaced on the way
  for (let i = 0; i < borders.length; i++) {
    const world = await createWorld({
      gateway: inPieces,
      transport: changing((bytes) => {
        const { chunks } = chunksOf(bytes)
        let at = 16
        borders = [0, 5, 16, ...chunks.flatMap((chunk) => [at + 1, at + 7, (at += chunk.length)])].filter(
          (end) => end < bytes.length,
        )
        return bytes.subarray(0, borders[i])
      }),
    })
    const [text, code] = await readAll(world)
    expect(code, `cut at ${borders[i]}`).toBe('ohttp-incomplete')
    expect(pieces.join('').startsWith(text)).toBe(true)
  }
  expect(borders.length).toBeGreaterThan(10)
})

test.each<[string, (nonce: Buffer) => Uint8Array]>([
  ['A45 zero-frames: chunks without room for a seal', (nonce) => Buffer.concat([nonce, Buffer.alloc(1000, 1)])],
  [
    'A46 early-emit: a chunk of 4 GiB',
    (nonce) => Buffer.concat([nonce, Buffer.from('c000000100000000', 'hex'), Buffer.alloc(64)]),
  ],
  ['A46 early-emit: a chunk of 2^62', (nonce) => Buffer.concat([nonce, Buffer.from('ffffffffffffffff', 'hex')])],
])('%s', async (_what, make) => {
  const world = await createWorld({ transport: changing((bytes) => make(bytes.subarray(0, 16))) })
  expect(await readAll(world)).toEqual(['', expect.stringMatching(/^ohttp-(?:format|size|open)$/)])
})

test('A42 upload-stream-retry: refused half-way, the stream is ended and nothing is sent again', async () => {
  let cancelled = false
  const stream = new ReadableStream({
    pull: (controller) => {
      controller.enqueue(utf8(secret.repeat(5000)))
    },
    cancel: () => {
      cancelled = true
    },
  })
  const world = await createWorld({
    options: { upload: 'stream' },
    transport: async (request, { gateway }) => {
      if (isEvidence(request)) return gateway(request)
      const reader = (request.body as ReadableStream<Uint8Array>).getReader()
      for (let i = 0; i < 4; i++) await reader.read()
      await reader.cancel()
      return new Response('too large', { status: 413 })
    },
  })
  expect(await codeOf(world.send('/', post(stream)))).toBe('client-response')
  await settle()
  expect([dataOf(world).length, cancelled]).toEqual([1, true])
})

test('A61 fetch-patched: the platform’s fetch was taken when the module was loaded', async () => {
  const { attestedFetch } = await import('../../../src/client/index.ts')
  const before = globalThis.fetch
  let seen = 0
  globalThis.fetch = () => {
    seen++
    return Promise.reject(new Error('patched'))
  }
  try {
    const send = attestedFetch('https://127.0.0.1:1', { verify: () => Promise.reject(new Error('never')) })
    expect(await codeOf(send('/'))).toBe('client-transport')
    expect(seen).toBe(0)
  } finally {
    globalThis.fetch = before
  }
})

test('A62 response-proxy: a response says nothing that was not sealed', async () => {
  const world = await createWorld({
    transport: async (request, { gateway }) => {
      const response = await gateway(request)
      if (isEvidence(request)) return response
      const headers = new Headers(response.headers)
      headers.set('x-evil', 'yes')
      headers.set('set-cookie', 'a=b')
      return new Response(response.body, { status: 200, statusText: 'evil', headers })
    },
  })
  const response = await world.send('/', post())
  expect([response.url, response.redirected, response.statusText, response.headers.get('x-evil')]).toEqual([
    '',
    false,
    '',
    null,
  ])
})

test('A63 log-leak: no error, no event, no span, no counter tells a secret', async () => {
  const told: unknown[] = []
  const note = (...given: unknown[]): void => void told.push(...given)
  const span = {
    setAttribute: note,
    setStatus: note,
    end: () => undefined,
    spanContext: () => ({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 }),
  }
  const options = {
    tracer: { startSpan: (...given: unknown[]) => (note(...given), span) },
    meter: {
      createCounter: (...given: unknown[]) => (note(...given), { add: note }),
      createGauge: (...given: unknown[]) => (note(...given), { record: note }),
    },
    onState: note,
  }
  const nonces: string[] = []
  const transport: Transport = async (request, { gateway }) => {
    if (!isEvidence(request)) return new Response('no', { status: 500 })
    nonces.push(((await request.clone().json()) as { nonce: string }).nonce)
    return gateway(request)
  }
  const world = await createWorld({ options, transport })
  const error: unknown = await world
    .send(`/${secret}?${secret}`, { ...post(), headers: { 'x-a': secret } })
    .catch((refusal: unknown) => refusal)
  note(error, String(error), (error as Error).stack, JSON.stringify(world.send), String(world.send), world.send.state)
  const text = told
    .map((one) => (one instanceof Error ? `${one.message} ${JSON.stringify(one)}` : JSON.stringify(one, withoutResult)))
    .join(' ')
  expect(text).toContain('client-response')
  expect(text).toContain('veritee.client.request')
  expect(text).not.toContain(secret)
  expect(nonces).toHaveLength(1)
  expect(text).not.toContain(nonces[0])
})

/** The result is the caller's own and holds the nonce, as evidence does. */
const withoutResult = (key: string, value: unknown): unknown => (key === 'result' ? undefined : value)

test('the trace goes on inside the seal', async () => {
  let inside: string | null = null
  const span = {
    setAttribute: () => undefined,
    setStatus: () => undefined,
    end: () => undefined,
    spanContext: () => ({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 }),
  }
  const world = await createWorld({
    options: { tracer: { startSpan: () => span } },
    gateway: {
      handler: (request) => {
        inside = request.headers.get('traceparent')
        return new Response()
      },
    },
  })
  await world.send('/')
  expect(inside).toBe(`00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`)
  for (const { init } of world.sent) expect(JSON.stringify(init.headers)).not.toContain('traceparent')
})

test('A64 structured-clone: a client cannot be cloned, and a cloned result is none', async () => {
  const world = await createWorld()
  const result = await world.send.reattest()
  expect(() => structuredClone(world.send)).toThrow()
  expect(isAttestationResult(result)).toBe(true)
  expect(isAttestationResult(structuredClone(result))).toBe(false)
  expect(isAttestationResult({ ...result })).toBe(false)
})

describe('A65 unhandled', () => {
  test('A65: a stream of the caller’s that breaks rejects the request with the caller’s own error', async () => {
    for (const upload of ['stream', 'collect'] as const) {
      const mine = new RangeError('disk gone')
      const stream = new ReadableStream({
        pull: (controller) => {
          controller.error(mine)
        },
      })
      const world = await createWorld({ options: { upload } })
      expect(await world.send('/', post(stream)).catch((error: unknown) => error)).toBe(mine)
    }
  })

  test('A65: a response whose reader goes away ends everything; nothing is left hanging, nothing unhandled', async () => {
    let ended = false
    const world = await createWorld({
      gateway: inPieces,
      transport: async (request, { gateway }) => {
        const response = await gateway(request)
        if (isEvidence(request)) return response
        const reader = (response.body as ReadableStream<Uint8Array>).getReader()
        return new Response(
          new ReadableStream({
            async pull(controller) {
              const { done, value } = await reader.read()
              if (done) controller.close()
              else controller.enqueue(value)
            },
            async cancel(reason) {
              ended = true
              await reader.cancel(reason)
            },
          }),
          response,
        )
      },
    })
    const reader = ((await world.send('/', post())).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel('enough')
    await settle()
    expect(ended).toBe(true)
  })

  test('A65: abort and close end a response that is being read', async () => {
    for (const end of ['abort', 'close'] as const) {
      const world = await createWorld({ gateway: inPieces })
      const own = new AbortController()
      const reader = ((await world.send('/', { signal: own.signal })).body as ReadableStream<Uint8Array>).getReader()
      await reader.read()
      if (end === 'abort') own.abort('enough')
      else world.send.close()
      const reason: unknown = await reader.read().then(
        () => reader.read(),
        (error: unknown) => error,
      )
      expect(reason).toEqual(end === 'abort' ? 'enough' : expect.objectContaining({ code: 'client-closed' }))
    }
  })

  test('A65: a response that stalls ends with an error', async () => {
    const world = await createWorld({
      transport: async (request, { gateway }) => {
        if (isEvidence(request)) return gateway(request)
        const response = await gateway(request)
        const first = (await (response.body as ReadableStream<Uint8Array>).getReader().read()).value
        return new Response(
          new ReadableStream({
            start: (controller) => {
              controller.enqueue(first)
            },
          }),
          response,
        )
      },
    })
    const reading = readAll(world)
    await settle(60)
    world.tick(120_000)
    expect((await reading)[1]).toBe('client-timeout')
  })
})

test('A66 navigation: nothing of this library sends when a page goes away', () => {
  // Rejected by the architecture test: sendBeacon, keepalive and listeners to pagehide or unload
  // appear nowhere in the sources.
  expect(attestedSources()).not.toMatch(/sendBeacon|pagehide|['"]unload|keepalive: true/)
})

test('A68 websocket-upgrade: there is no helper for any other channel', async () => {
  expect(attestedSources()).not.toMatch(/WebSocket|EventSource|XMLHttpRequest|WebTransport|RTCPeer/)
  expect(Object.keys(await import('../../../src/client/index.ts')).sort()).toEqual([
    'AppraisalError',
    'AttestationError',
    'VerificationError',
    'attestedFetch',
    'isAttestationResult',
    'keyHashInReportData',
    'keyHashInUserData',
    'keyInPublicKey',
    'selectKeyConfig',
  ])
})

test('A69 double-settle: a transport that answers and then fails, or answers twice', async () => {
  const world = await createWorld({
    transport: (request, { gateway }) =>
      new Promise((resolve, reject) => {
        void gateway(request).then((response) => {
          resolve(response)
          resolve(new Response('second'))
          reject(new Error('third'))
        })
      }),
  })
  expect(await (await world.send('/', post('x'))).text()).toBe('echo x')
})

describe('A70 verifier-throws-odd', () => {
  const odd: readonly [string, () => unknown][] = [
    ['undefined', () => undefined],
    ['true', () => true],
    ["'true'", () => 'true'],
    ['{ ok: true }', () => ({ ok: true })],
    ['a promise of nothing', () => Promise.resolve()],
    [
      'a thenable',
      () => ({
        then: (resolve: (value: unknown) => void) => {
          resolve({ ok: true, publicKey: new Uint8Array(80) })
        },
      }),
    ],
    [
      'an object like a result',
      () => ({
        format: 'nitro',
        claims: {},
        validUntil: new Date('2099-01-01'),
        publicKey: new Uint8Array(80),
        checks: [],
      }),
    ],
    [
      'a rejection with null',
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the point
      () => Promise.reject(null),
    ],
    [
      'a throw of text',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the point
        throw 'valid'
      },
    ],
  ]
  test.each(odd)('A70: %s', async (_what, verify) => {
    const world = await createWorld({ verify: () => verify as never })
    expect(await codeOf(world.send('/', post()))).toBe('client-verifier')
    expect(dataOf(world)).toEqual([])
    expect(world.states).toEqual(['verifying', 'refused: client-verifier'])
  })

  test('A70: a copy of a true result, with another key', async () => {
    const world = await createWorld({
      verify:
        (usual) =>
        async (...given) => ({ ...(await usual(...given)), publicKey: new Uint8Array(80) }),
    })
    expect(await codeOf(world.send('/', post()))).toBe('client-verifier')
  })
})

test('after close, nothing works any more', async () => {
  const world = await createWorld()
  await world.send('/')
  world.send.close()
  expect([world.send.state, world.send.result]).toEqual(['closed', undefined])
  expect(await codeOf(world.send('/'))).toBe('client-closed')
  expect(await codeOf(world.send.reattest())).toBe('client-closed')
  expect(dataOf(world)).toHaveLength(1)
})

/** Of the client and its channel, as text. */
function attestedSources(): string {
  return readSources('src')
    .filter(({ path }) => /^src\/(?:client|channel)\//.test(path))
    .map(({ text }) => text)
    .join('\n')
}
