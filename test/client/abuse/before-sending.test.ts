/**
 * Abuse cases A01 to A14, and others of what leaves and when: before the enclave is proven, nothing
 * of a request does, and afterwards only what is sealed.
 */
import { describe, expect, test } from 'vitest'
import { codeOf, createWorld, dataOf, origin, paths, settle, type Transport, utf8, watchedStream } from '../world.ts'

const secret = 'card-4711-0815'
const never = new Promise<never>(() => undefined)
const isEvidence = ({ url }: Request): boolean => url === origin + paths.evidence

/** Passes evidence on, and answers requests for data as told. */
const answering =
  (answer: (request: Request, sealed: () => Promise<Response>) => Response | Promise<Response>): Transport =>
  (request, { gateway }) =>
    isEvidence(request) ? gateway(request) : answer(request, () => gateway(request))

const post = (body: BodyInit = secret): RequestInit => ({ method: 'POST', body, duplex: 'half' }) as RequestInit

describe('before the enclave is proven', () => {
  test('A01 first-byte: a body that is a stream is not even asked for anything', async () => {
    const { stream, pulls } = watchedStream(utf8(secret))
    const world = await createWorld({ transport: () => never })
    const sending = codeOf(world.send('/', post(stream)))
    await settle()
    expect([pulls(), world.sent.length, dataOf(world).length]).toEqual([0, 1, 0])
    world.tick(30_000)
    expect(await sending).toBe('client-timeout')
    expect(pulls()).toBe(0)
  })

  test('A02 eager-headers: the request for evidence carries its own two headers, and nothing of the caller', async () => {
    const world = await createWorld({ transport: () => never })
    void codeOf(world.send('/?q', { headers: { authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k' } }))
    await settle()
    const [{ init, url } = { init: {} as RequestInit, url: '' }] = world.sent
    expect(url).toBe(origin + paths.evidence)
    expect(init.headers).toEqual({ 'content-type': 'application/json', accept: 'application/cmw+json' })
    expect(JSON.parse(init.body as string)).toEqual({ nonce: expect.stringMatching(/^[\w-]{43}$/) as string })
    expect(init).toMatchObject({ method: 'POST', credentials: 'omit', cache: 'no-store', redirect: 'manual' })
    world.send.close()
  })

  test('A03 url-leak: path and query are inside the seal', async () => {
    const world = await createWorld()
    await world.send(`/pay/${secret}?token=${secret}`, { headers: { 'x-secret': secret } })
    for (const { url, init, bytes } of world.sent) {
      const told = `${url} ${JSON.stringify(init.headers)} ${Buffer.from(bytes).toString('latin1')}`
      expect(told).not.toContain(secret)
    }
    expect(world.arrived).toEqual([`POST /pay/${secret} `.replace('POST', 'GET')])
  })

  test('A04 preconnect-hint: there are these two requests and no other', async () => {
    const world = await createWorld()
    await (await world.send('/', post())).text()
    expect(world.sent.map(({ url }) => url)).toEqual([origin + paths.evidence, origin + paths.data])
  })

  test.each([
    ['A05 redirect-evidence', 302],
    ['A05 redirect-evidence', 307],
    ['A05 redirect-evidence', 308],
  ])('%s %i: refused, nothing is followed, nothing is sent', async (_name, status) => {
    const world = await createWorld({
      transport: () => new Response(null, { status, headers: { location: 'https://evil.example/' } }),
    })
    expect(await codeOf(world.send('/', post()))).toBe('client-transport')
    expect([world.sent.length, dataOf(world).length]).toEqual([1, 0])
  })

  test.each([302, 303, 307, 308])(
    'A06 redirect-data-307: %i to the sealed request is refused, and it is not sent again',
    async (status) => {
      const world = await createWorld({
        transport: answering(() => new Response(null, { status, headers: { location: 'https://evil.example/' } })),
      })
      expect(await codeOf(world.send('/', post()))).toBe('client-transport')
      expect(dataOf(world)).toHaveLength(1)
    },
  )

  test('A07 redirect-opaque: an answer that hides where it is from, or is from elsewhere, is none', async () => {
    const posing = (members: Partial<Response>): Response =>
      new Proxy(new Response('', { status: 200 }), {
        get: (target, key) =>
          (members as Record<PropertyKey, unknown>)[key] ?? (Reflect.get(target, key, target) as unknown),
      })
    for (const members of [
      { type: 'opaqueredirect' },
      { redirected: true },
      { url: 'https://evil.example/' },
    ] as const) {
      const world = await createWorld({ transport: () => posing(members) })
      expect(await codeOf(world.send('/', post()))).toBe('client-transport')
      expect(dataOf(world)).toHaveLength(0)
    }
  })
})

describe('A08 A09 A11: what a request may be addressed to', () => {
  test.each([
    '//evil.example/',
    '/\\evil.example/',
    '\\\\evil.example/',
    ' https://evil.example/',
    '\thttps://evil.example/',
    'http://enclave.example/',
    'http:enclave.example',
    'https://enclave.example:8443/',
    'https://enclave.example./',
    'https://user@enclave.example/',
    'https://user:pass@enclave.example/',
    'https://enclave.example@evil.example/',
    'https://xn--enclve-5wa.example/',
    'https://[::1]/',
    'https://enclave.example.evil.example/',
    'data:text/plain,x',
    'blob:https://enclave.example/7a1d',
    'file:///etc/passwd',
    'javascript:1',
    'about:blank',
    'https://',
    '/\t/evil.example/',
    'wss://enclave.example/',
  ])(
    'A08 origin-confusion, A09 scheme-downgrade, A11 data-blob-url: %j is refused before anything is sent',
    async (input) => {
      const world = await createWorld()
      await expect(world.send(input, post())).rejects.toThrow(TypeError)
      expect(world.sent).toEqual([])
    },
  )

  test.each([
    '/',
    'a/b',
    '?q',
    '#f',
    'https://ENCLAVE.example/',
    'https://enclave.example:443/',
    ' /x',
    'https:evil.example',
  ])('A08: %j is of the origin', async (input) => {
    expect((await (await createWorld()).send(input)).status).toBe(200)
  })

  test.each([undefined, null, 5, {}, ['/'], Symbol.iterator])('A08: %s is no address', async (input) => {
    const world = await createWorld()
    await expect(world.send(input as never)).rejects.toThrow(TypeError)
    expect(world.sent).toEqual([])
  })

  test('A09 scheme-downgrade: http only to this machine, and only when that is asked for', async () => {
    const { attestedFetch } = await import('../../../src/client/index.ts')
    const verify = (): never => {
      throw new Error('not asked')
    }
    for (const bad of [
      'http://enclave.example',
      'http://127.0.0.1:1',
      'http://localhost',
      'ws://localhost',
      'http://10.0.0.1',
    ])
      expect(() => attestedFetch(bad, { verify })).toThrow('origin must be an https origin')
    for (const bad of [
      'http://enclave.example',
      'http://localhost.evil.example',
      'http://127.0.0.1.evil.example',
      'http://10.0.0.1',
    ])
      expect(() => attestedFetch(bad, { verify, allowLoopbackHttp: true })).toThrow('origin must be an https origin')
    for (const bad of ['https://a.example/', 'https://a.example/path', 'https://u@a.example', 'a.example', '', 5, null])
      expect(() => attestedFetch(bad as string, { verify })).toThrow('origin must be an https origin')
    for (const good of ['http://localhost', 'http://127.0.0.1:8080', 'http://[::1]:1'])
      expect(attestedFetch(good, { verify, allowLoopbackHttp: true }).state).toBe('idle')
  })
})

describe('A10 request-object, A41 keepalive-beacon', () => {
  test.each([
    ['keepalive', { keepalive: true }],
    ['integrity', { integrity: 'sha256-AAAA' }],
    ['mode', { mode: 'no-cors' }],
    ['mode', { mode: 'navigate' }],
    ['cache', { cache: 'force-cache' }],
    ['cache', { cache: 'only-if-cached', mode: 'same-origin' }],
    ['credentials', { credentials: 'include' }],
  ] as const)('A10 A41: %s that cannot be kept is refused before anything is sent', async (name, init) => {
    const world = await createWorld()
    await expect(world.send('/', init)).rejects.toThrow(new RegExp(`^${name} must be`))
    const given = {
      url: `${origin}/`,
      method: 'GET',
      headers: new Headers(),
      body: null,
      [Symbol.toStringTag]: 'Request',
      ...init,
    }
    await expect(world.send(given as unknown as Request)).rejects.toThrow(new RegExp(`^${name} must be`))
    expect(world.sent).toEqual([])
  })

  test('A10: what a Request says of redirections, caches and credentials does not reach the network', async () => {
    const world = await createWorld()
    await world.send(new Request(`${origin}/`, { redirect: 'follow', cache: 'default', credentials: 'same-origin' }))
    for (const { init } of world.sent)
      expect(init).toMatchObject({
        redirect: 'manual',
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      })
  })

  test.each(['host', 'connection', 'transfer-encoding', 'upgrade'])(
    'A10: the header %s is not the caller’s to give',
    async (name) => {
      const world = await createWorld()
      await expect(world.send('/', { headers: { [name]: 'x' } })).rejects.toThrow(TypeError)
      expect(dataOf(world)).toEqual([])
    },
  )
})

describe('A12 bodyless', () => {
  test.each<[string, RequestInit]>([
    ['GET', {}],
    ['HEAD', { method: 'HEAD' }],
    ['an empty string', { method: 'POST', body: '' }],
    ['an empty stream', post(watchedStream().stream)],
    ['null', { method: 'DELETE', body: null }],
  ])('A12: %s goes out sealed', async (_what, init) => {
    const world = await createWorld()
    expect((await world.send('/hidden-path', init)).status).toBe(200)
    const [sent] = dataOf(world)
    expect(sent?.init.method).toBe('POST')
    expect(sent?.init.headers).toMatchObject({ 'content-type': 'message/ohttp-chunked-req' })
    expect(sent?.bytes.length).toBeGreaterThan(100)
    expect(Buffer.from(sent?.bytes ?? []).includes('hidden-path')).toBe(false)
    expect(world.arrived).toEqual([`${init.method ?? 'GET'} /hidden-path `])
  })
})

describe('A13 plaintext-error', () => {
  test.each([200, 201, 204, 400, 401, 403, 404, 413, 422, 429, 500, 502, 503])(
    'A13: %i in the clear is an error without a word of its text',
    async (status) => {
      const text = status === 204 ? null : 'log in at https://evil.example'
      const world = await createWorld({ transport: answering(() => new Response(text, { status })) })
      const error: unknown = await world.send('/', post()).catch((refusal: unknown) => refusal)
      expect(error).toMatchObject({ name: 'VerificationError', code: 'client-response' })
      expect(String(error)).not.toContain('evil')
      expect(dataOf(world)).toHaveLength(1)
    },
  )

  test('A13: nor with the media type of a sealed answer', async () => {
    const headers = { 'content-type': 'message/ohttp-chunked-res' }
    const world = await createWorld({
      transport: answering(() => new Response('log in at https://evil.example'.repeat(9), { headers })),
    })
    expect(await codeOf(world.send('/', post()))).toMatch(/^ohttp-/)
  })
})

test.each<[string, (bytes: Buffer) => Uint8Array]>([
  ['taken off', (bytes) => bytes.subarray(16)],
  ['there twice', (bytes) => Buffer.concat([bytes.subarray(0, 16), bytes])],
  ['another', (bytes) => Buffer.concat([Buffer.alloc(16, 1), bytes.subarray(16)])],
  ['missing with all else', () => Buffer.alloc(0)],
])('A14 nonce-strip: the response’s nonce is %s', async (_what, change) => {
  const world = await createWorld({
    transport: answering(async (_request, sealed) => {
      const response = await sealed()
      return new Response(new Uint8Array(change(Buffer.from(await response.arrayBuffer()))), response)
    }),
  })
  expect(await codeOf(world.send('/', post()))).toMatch(/^ohttp-(?:open|incomplete|format|size)$/)
})
