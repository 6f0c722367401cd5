/**
 * The data endpoint: what reaches the app and what comes back, what is refused, and in which words,
 * inside the seal or in the clear.
 */
import { describe, expect, test, vi } from 'vitest'
import type { Handler } from '../../src/gateway/index.ts'
import { createBench, origin, paths } from './bench.ts'
import { type Envelope, openResponse } from './sealing-client.ts'

const secret = 'card 4111 1111 1111 1111'

describe.each([
  ['in chunks', true],
  ['in one piece', false],
] as const)('a request %s', (_, chunked) => {
  test('reaches the app as it was sealed, and so does the answer the client', async () => {
    let seen: Request | undefined
    let body = ''
    const { ask, counted, clock } = createBench({
      handler: async (request) => {
        seen = request
        body = await request.text()
        const headers = new Headers({ 'content-type': 'text/plain', 'x-app': 'ü'.normalize('NFC').length.toString() })
        headers.append('set-cookie', 'a=1')
        headers.append('set-cookie', 'b=2')
        return new Response(`you said ${body}`, { status: 201, headers })
      },
    })
    const opened = await ask({
      chunked,
      method: 'PUT',
      path: '/pay?card=4111#'.slice(0, -1),
      headers: [
        ['x-tenant', 'a'],
        ['x-tenant', 'b'],
        ['content-length', `${secret.length}`],
      ],
      body: secret,
    })
    expect(seen?.method).toBe('PUT')
    expect(seen?.url).toBe(`${origin}/pay?card=4111`)
    expect(seen?.headers.get('x-tenant')).toBe('a, b')
    expect(seen?.redirect).toBe('manual')
    expect(seen?.signal.aborted).toBe(false)
    expect(body).toBe(secret)
    expect(opened.status).toBe(201)
    expect(opened.headers.filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    expect(await opened.text()).toBe(`you said ${secret}`)
    expect(counted.at(-1)).toBe('requests answered')
    expect(clock.pending()).toBe(0)
  })

  test('is answered in kind, and never kept', async () => {
    const { send } = createBench()
    const response = await send({ chunked })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(chunked ? 'message/ohttp-chunked-res' : 'message/ohttp-res')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('incremental')).toBe(chunked ? '?1' : null)
    expect([...response.headers.keys()].sort()).toEqual(
      ['cache-control', 'content-type', ...(chunked ? ['incremental'] : []), 'x-content-type-options'].sort(),
    )
  })

  test.each([204, 304, 404, 418, 500])('shows a status of %i to the client only', async (status) => {
    const { seal, gateway } = createBench({
      handler: () => new Response(status === 204 || status === 304 ? null : secret, { status }),
    })
    const sent = await seal({ chunked })
    const response = await gateway(sent.request)
    expect(response.status).toBe(200)
    const opened = await openResponse(sent, response)
    expect(opened.status).toBe(status)
    expect(await opened.text()).toBe(status === 204 || status === 304 ? '' : secret)
  })

  test('of any length comes back whole', async () => {
    const { ask, keyConfig } = createBench()
    const key = await keyConfig()
    for (const length of [0, 1, 15, 16, 17, 16_383, 16_384, 16_385, 100_000]) {
      const body = new Uint8Array(length).map((_, i) => i * 7)
      const opened = await ask({ keyConfig: key, chunked, body })
      expect(new Uint8Array(await opened.bytes())).toEqual(body)
    }
  })

  test('whose answer fails is answered with 500, and the operator learns why', async () => {
    const failing: readonly Handler[] = [
      () => {
        throw new Error(secret)
      },
      () => Promise.reject(new Error(secret)),
      () => undefined as never,
      () => ({ status: 200 }) as never,
      () => ({ status: '200', headers: [], body: null }) as never,
      () => ({ status: 101, headers: [], body: null }) as never,
      () => Response.error(),
      async () => {
        const used = new Response('used')
        await used.text()
        used.body?.getReader()
        return used
      },
    ]
    for (const handler of failing) {
      const { ask, counted, errors } = createBench({ handler })
      const opened = await ask({ chunked })
      expect([opened.status, await opened.text()]).toEqual([500, 'The app failed.'])
      expect(counted.at(-1)).toBe('requests handler-failed')
      expect(errors).toHaveLength(1)
    }
  })

  test('addressed elsewhere is refused inside the seal', async () => {
    const handler = vi.fn(() => new Response())
    const { ask, counted } = createBench({ handler })
    const elsewhere: readonly Envelope[] = [
      { authority: 'app.example:443' },
      { authority: 'APP.example' },
      { authority: 'app.example.' },
      { authority: 'evil.example' },
      { authority: '' },
      { scheme: 'http' },
      { headers: [['host', 'evil.example']] },
    ]
    for (const envelope of elsewhere) {
      const opened = await ask({ chunked, ...envelope })
      expect([opened.status, await opened.text()]).toEqual([421, 'This origin is not served here.'])
      expect(counted.at(-1)).toBe('requests misdirected')
    }
    expect(handler).not.toHaveBeenCalled()
  })

  test('that makes no sense is refused inside the seal', async () => {
    const handler = vi.fn(() => new Response())
    const { ask } = createBench({ handler })
    const senseless: readonly Envelope[] = [
      { authority: 'a@app.example' },
      { scheme: 'HTTPS' },
      { path: '*', method: 'OPTIONS' },
      { path: 'https://evil.example/' },
      { path: '/a#b' },
      { path: '' },
      { method: 'CONNECT' },
      { method: 'TRACE' },
      { method: 'TRACK' },
      { method: 'get' },
      { headers: [['connection', 'close']] },
      { headers: [['transfer-encoding', 'chunked']] },
      { headers: [['upgrade', 'websocket']] },
      { headers: [['content-length', '-1']] },
      { headers: [['content-length', '01']] },
      {
        headers: [
          ['content-length', '0'],
          ['content-length', '0'],
        ],
      },
      { method: 'GET', body: 'x' },
      { method: 'HEAD', body: 'x' },
    ]
    for (const envelope of senseless) {
      const opened = await ask({ method: 'POST', chunked, ...envelope })
      expect([envelope, opened.status, await opened.text()]).toEqual([envelope, 400, 'The request is malformed.'])
    }
    expect(handler).not.toHaveBeenCalled()
  })

  test('keeps its origin, whatever its path looks like', async () => {
    const { ask } = createBench({ handler: (request) => new Response(request.url) })
    for (const path of ['//evil.example/', '/\\evil.example', '/@evil.example', '/../..//evil.example', '/:80/'])
      expect(new URL(await (await ask({ chunked, path })).text()).origin).toBe(origin)
  })

  test('with a header section that is too large is refused inside the seal', async () => {
    const { ask } = createBench({ limits: { headBytes: 1000, headFields: 10 } })
    const fields = (count: number): [string, string][] => Array.from({ length: count }, (_, i) => [`x-${i}`, 'v'])
    expect((await ask({ chunked, headers: fields(10) })).status).toBe(200)
    expect((await ask({ chunked, headers: fields(11) })).status).toBe(431)
    // `/` and the authority count, 12 bytes.
    expect((await ask({ chunked, headers: [['x-a', 'v'.repeat(985)]] })).status).toBe(200)
    expect((await ask({ chunked, headers: [['x-a', 'v'.repeat(986)]] })).status).toBe(431)
  })

  test('whose body is not as long as it says is not answered by the app', async () => {
    for (const body of ['', 'ab', 'abcd']) {
      const { send, counted } = createBench({ handler: async (request) => new Response(await request.text()) })
      const response = await send({ chunked, headers: [['content-length', '3']], body })
      expect([response.status, await response.text()]).toEqual([400, 'The request is malformed.'])
      expect(counted.at(-1)).toBe('requests malformed')
    }
  })

  test('is told apart from others at the same time', async () => {
    const { ask, keyConfig } = createBench({
      handler: async (request) => new Response(`${request.url} ${await request.text()}`),
    })
    const key = await keyConfig()
    const all = await Promise.all(
      Array.from({ length: 40 }, async (_, i) =>
        (await ask({ keyConfig: key, chunked, path: `/${i}`, body: `body ${i}` })).text(),
      ),
    )
    expect(all).toEqual(Array.from({ length: 40 }, (_, i) => `${origin}/${i} body ${i}`))
  })
})

describe('a GET', () => {
  test('has no body', async () => {
    const { ask } = createBench({ handler: (request) => new Response(request.body === null ? 'none' : 'some') })
    expect(await (await ask({ method: 'GET' })).text()).toBe('none')
  })

  test('whose end is missing does not reach the app', async () => {
    const handler = vi.fn(() => new Response())
    const { seal, gateway } = createBench({ handler })
    const { request } = await seal({ method: 'GET', isCut: true })
    expect((await gateway(request)).status).toBe(400)
    expect(handler).not.toHaveBeenCalled()
  })
})

test('a HEAD is answered without a body, and the app is told', async () => {
  let reason: unknown
  const body = new ReadableStream({ cancel: (why) => void (reason = why ?? 'cancelled') }, { highWaterMark: 0 })
  const { ask } = createBench({ handler: () => new Response(body, { headers: { 'x-a': 'b' } }) })
  const opened = await ask({ method: 'HEAD' })
  expect([opened.status, await opened.text()]).toEqual([200, ''])
  expect(opened.headers).toContainEqual(['x-a', 'b'])
  expect(reason).toBe('cancelled')
})

test('fields of one connection do not leave with the answer', async () => {
  const headers = { connection: 'close', 'keep-alive': '1', 'transfer-encoding': 'chunked', upgrade: 'x', 'x-a': 'b' }
  const { ask } = createBench({ handler: () => new Response('', { headers }) })
  const names = (await ask()).headers.map(([name]) => name)
  expect(names).toContain('x-a')
  expect(names.filter((name) => name in headers)).toEqual(['x-a'])
})

test('a host that is the authority is not passed on', async () => {
  const { ask } = createBench({ handler: (request) => new Response(String(request.headers.get('host'))) })
  expect(await (await ask({ headers: [['host', 'app.example']] })).text()).toBe('null')
})

test('both suites work', async () => {
  for (const suite of [
    { kem: 'P-256', aead: 'AES-256-GCM' },
    { kem: 'X25519', aead: 'AES-128-GCM' },
    { kem: 'X25519', aead: 'AES-256-GCM' },
  ] as const) {
    const { ask } = createBench({ suite })
    expect(await (await ask({ body: 'hello' })).text()).toBe('hello')
  }
})

test('a response of another class is taken by its parts', async () => {
  class Answer {
    readonly status = 203
    readonly headers = new Map([['x-a', 'b']])
    readonly body = new Response('framework').body
  }
  const { ask } = createBench({ handler: () => new Answer() as never })
  const opened = await ask()
  expect([opened.status, await opened.text()]).toEqual([203, 'framework'])
})

describe('in the clear', () => {
  const data = (init: RequestInit): Request =>
    new Request(`${origin}${paths.data}`, {
      method: 'POST',
      headers: { 'content-type': 'message/ohttp-chunked-req' },
      ...init,
    })

  test.each<[name: string, request: () => Request, status: number, text: string]>([
    ['GET', () => data({ method: 'GET' }), 405, 'Only POST is served here.'],
    ['OPTIONS', () => data({ method: 'OPTIONS' }), 405, 'Only POST is served here.'],
    [
      'plain text',
      () => data({ headers: { 'content-type': 'text/plain' }, body: secret }),
      415,
      'The content type is not the one that is served here.',
    ],
    [
      'binary HTTP without a seal',
      () => data({ headers: { 'content-type': 'message/bhttp' }, body: secret }),
      415,
      'The content type is not the one that is served here.',
    ],
    [
      'no content type',
      () => data({ headers: {}, body: new Uint8Array(9) }),
      415,
      'The content type is not the one that is served here.',
    ],
    ['nothing', () => data({ body: '' }), 400, 'The request is malformed.'],
    ['no body at all', () => data({}), 400, 'The request is malformed.'],
    ['a few bytes', () => data({ body: new Uint8Array(3) }), 400, 'The request is malformed.'],
  ])('%s is refused', async (_, request, status, text) => {
    const handler = vi.fn(() => new Response())
    const { gateway } = createBench({ handler })
    const response = await gateway(request())
    expect([response.status, await response.text()]).toEqual([status, text])
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(handler).not.toHaveBeenCalled()
  })

  test.each([
    ['in chunks', true],
    ['in one piece', false],
  ] as const)(
    'a request %s that is cut or changed anywhere is refused, and no app sees all of it',
    async (_, chunked) => {
      let completed = 0
      const { seal, gateway, keyConfig } = createBench({
        handler: async (request) => {
          await request.text()
          completed++
          return new Response()
        },
      })
      const key = await keyConfig()
      const { request } = await seal({ keyConfig: key, chunked, body: 'pay 100' })
      const whole = new Uint8Array(await request.arrayBuffer())
      const post = (body: Uint8Array<ArrayBuffer>): Promise<Response> =>
        gateway(new Request(request.url, { method: 'POST', headers: request.headers, body }))
      for (let length = 0; length < whole.length; length++) {
        const response = await post(whole.slice(0, length))
        // What is cut, and what is for another key, look alike where there is but one seal.
        expect([length, [400, 422].includes(response.status)]).toEqual([length, true])
      }
      for (let at = 0; at < whole.length; at++) {
        const { request: fresh } = await seal({ keyConfig: key, chunked, body: 'pay 100' })
        const changed = new Uint8Array(await fresh.arrayBuffer())
        changed[at] = (changed[at] ?? 0) ^ 1
        const response = await post(changed)
        expect([at, [400, 413, 422].includes(response.status)]).toEqual([at, true])
      }
      const { request: fresh } = await seal({ keyConfig: key, chunked, body: 'pay 100' })
      const longer = await post(new Uint8Array([...new Uint8Array(await fresh.arrayBuffer()), 0]))
      expect([400, 422]).toContain(longer.status)
      expect(completed).toBe(0)
    },
  )

  test('a request that breaks off is refused even when the app does not mind', async () => {
    const { seal, gateway } = createBench({
      handler: async (request) => {
        await request.text().catch(() => undefined)
        return new Response('all fine')
      },
    })
    const { request } = await seal({ body: 'x'.repeat(50_000), isCut: true })
    const response = await gateway(request)
    expect([response.status, await response.text()]).toEqual([400, 'The request is malformed.'])
  })
})
