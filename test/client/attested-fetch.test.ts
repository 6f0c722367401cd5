/**
 * The client and a real gateway: what works, and what it costs.
 */
import { describe, expect, test } from 'vitest'
import { createWorld, dataOf, origin, paths, utf8, watchedStream } from './world.ts'

const bodies: readonly [string, () => BodyInit, RegExp][] = [
  ['string', () => 'card 4711', /^card 4711$/],
  ['Uint8Array', () => utf8('card 4711'), /^card 4711$/],
  ['ArrayBuffer', () => utf8('card 4711').buffer, /^card 4711$/],
  ['Blob', () => new Blob(['card 4711']), /^card 4711$/],
  ['URLSearchParams', () => new URLSearchParams({ card: '4711' }), /^card=4711$/],
  [
    'FormData',
    () => {
      const form = new FormData()
      form.set('card', '4711')
      return form
    },
    /name="card"\r\n\r\n4711/,
  ],
  ['ReadableStream', () => watchedStream(utf8('card '), utf8('4711')).stream, /^card 4711$/],
]

describe('a request and its response', () => {
  test.each(bodies)('%s', async (_name, body, expected) => {
    const world = await createWorld()
    const response = await world.send('/pay?now', { method: 'POST', body: body(), duplex: 'half' } as RequestInit)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-app')).toBe('yes')
    const text = await response.text()
    expect(text.replace('echo ', '')).toMatch(expected)
    expect(world.sent.map(({ url }) => url)).toEqual([origin + paths.evidence, origin + paths.data])
    expect(world.states).toEqual(['verifying', 'verified'])
    expect(Buffer.from(dataOf(world)[0]?.bytes ?? []).includes('4711')).toBe(false)
  })

  test.each(['stream', 'collect'] as const)('a stream goes out as upload: %s', async (upload) => {
    const world = await createWorld({ options: { upload } })
    const { stream } = watchedStream(utf8('one '), utf8('two'))
    const response = await world.send('/', { method: 'PUT', body: stream, duplex: 'half' } as RequestInit)
    expect(await response.text()).toBe('echo one two')
    expect(dataOf(world)[0]?.init.body).toBeInstanceOf(upload === 'stream' ? ReadableStream : Blob)
  })

  test('a Request, with its method, headers and body', async () => {
    const world = await createWorld({
      gateway: {
        handler: async (request) =>
          Response.json([
            request.method,
            request.headers.get('x-key'),
            request.headers.get('content-type'),
            await request.text(),
          ]),
      },
    })
    const request = new Request(`${origin}/a`, { method: 'PUT', headers: { 'x-key': 'k' }, body: 'text' })
    expect(await (await world.send(request)).json()).toEqual(['PUT', 'k', 'text/plain;charset=UTF-8', 'text'])
  })

  test('GET without a body, HEAD, and statuses without one', async () => {
    const world = await createWorld({
      gateway: { handler: ({ url }) => new Response(null, { status: url.endsWith('/204') ? 204 : 200 }) },
    })
    expect((await world.send('/204')).status).toBe(204)
    expect(await (await world.send('/200')).text()).toBe('')
    const head = await world.send('/200', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, null])
  })

  test('an error of the app comes sealed, and is a response like others', async () => {
    const world = await createWorld({ gateway: { handler: () => new Response('no such card', { status: 404 }) } })
    const response = await world.send('/')
    expect([response.status, await response.text()]).toEqual([404, 'no such card'])
  })

  test('one attestation for many requests, and its result can be read', async () => {
    const world = await createWorld()
    expect(world.send.result).toBeUndefined()
    const texts = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => (await world.send('/', { method: 'POST', body: `${i}` })).text()),
    )
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `echo ${i}`))
    expect(world.sent.filter(({ url }) => url.endsWith(paths.evidence))).toHaveLength(1)
    expect(world.send.result?.format).toBe('nitro')
    expect(world.send.state).toBe('verified')
  })

  test('a response comes piece by piece', async () => {
    let release = (): void => undefined
    const later = new Promise<void>((resolve) => (release = resolve))
    const world = await createWorld({
      gateway: {
        handler: () =>
          new Response(
            new ReadableStream({
              async start(controller) {
                controller.enqueue(utf8('first'))
                await later
                controller.enqueue(utf8('second'))
                controller.close()
              },
            }),
          ),
      },
    })
    const reader = ((await world.send('/')).body as ReadableStream<Uint8Array>).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('first')
    release()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('second')
    expect((await reader.read()).done).toBe(true)
  })
})
