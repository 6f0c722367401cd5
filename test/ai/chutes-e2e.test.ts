/**
 * The channel with ML-KEM-768, against an instance's end of its own. Where WebCrypto lacks the
 * algorithms, tests bring their own (the real ones are tried in the portable suite); what the
 * library itself does there is tested without them (`unsupported.test.ts`).
 */
import '../support/modern-subtle.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { chutesE2e, type ChutesE2eOptions } from '../../src/ai/chutes-e2e/index.ts'
import { providerOrigin } from '../attester/provider.ts'
import { refusalOf } from '../support/refusal.ts'
import { channelWorlds, type ChannelWorld, eventStream, sealedOf } from './channel-world.ts'
import { base64, type Bytes } from './peers/bytes.ts'
import { type ChutesRequest, createChutesPeer } from './peers/chutes-e2e.ts'

const peer = createChutesPeer()
const options: ChutesE2eOptions = { chute: 'chute-1', instance: 'instance-2', unproven: ['headers', 'order'] }
let worlds: Awaited<ReturnType<typeof channelWorlds>>
beforeAll(async () => {
  worlds = await channelWorlds({ kind: 'chutes-e2e-1', form: 'ml-kem-768', bytes: peer.publicKey })
})

type Answer = (opened: ChutesRequest) => Response | Promise<Response>

let count = 0
/** What the service gives out. */
const instances = (over: object = {}): object => ({
  instances: [
    { instance_id: 'instance-1', e2e_pubkey: 'AAAA', nonces: ['x'] },
    { instance_id: 'instance-2', e2e_pubkey: base64(peer.publicKey), nonces: [`n${++count}`, `n${++count}`], ...over },
  ],
  nonce_expires_in: 55,
})

const connect = (answer: Answer, seen: ChutesRequest[] = [], listed: () => object = instances): ChannelWorld =>
  worlds.connect({
    channel: chutesE2e(options),
    async answer(request) {
      if (request.url.endsWith('/e2e/instances/chute-1')) return Response.json(listed())
      if (!request.url.endsWith('/e2e/invoke')) return new Response('no', { status: 404 })
      const opened = await peer.open(new Uint8Array(await request.arrayBuffer()))
      seen.push(opened)
      return answer(opened)
    },
  })

const prompt = { model: 'm', messages: [{ role: 'user', content: 'prompt 4711' }], stream: false }
const chat = ({ send }: ChannelWorld, body: object = prompt): Promise<Response> =>
  send('/v1/chat/completions?x=1', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: 'Bearer caller' },
  })

const binary = (bytes: Bytes): Response =>
  new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } })
const whole: Answer = async ({ seal }) => binary(await seal('{"answer":"4711"}'))

test('verifies first, then sends the body sealed, and opens the answer', async () => {
  const seen: ChutesRequest[] = []
  const world = connect(whole, seen)
  const response = await chat(world)
  expect([await response.json(), response.headers.get('content-type')]).toEqual([
    { answer: '4711' },
    'application/json',
  ])
  expect(seen[0]?.body).toEqual(prompt)
  const [asked, posted] = sealedOf(world)
  expect([asked?.method, asked?.url, asked?.headers.get('authorization'), asked?.body.length]).toEqual([
    'GET',
    `${providerOrigin}/e2e/instances/chute-1`,
    'Bearer caller',
    0,
  ])
  expect([posted?.method, posted?.url]).toEqual(['POST', `${providerOrigin}/e2e/invoke`])
  expect(Object.fromEntries([...(posted?.headers ?? [])].filter(([name]) => name.startsWith('x-')))).toEqual({
    'x-chute-id': 'chute-1',
    'x-instance-id': 'instance-2',
    'x-e2e-nonce': expect.stringMatching(/^n\d+$/) as string,
    'x-e2e-stream': 'false',
    'x-e2e-path': '/v1/chat/completions?x=1',
  })
  expect(Buffer.from(posted?.body ?? []).includes('4711')).toBe(false)
})

test('the same answer in JSON', async () => {
  const world = connect(async ({ seal }) => Response.json({ e2e: base64(await seal('{"a":1}')) }))
  expect(await (await chat(world)).json()).toEqual({ a: 1 })
})

test('each request has a nonce of its own; it asks for more when they are used up', async () => {
  const world = connect(whole)
  for (let i = 0; i < 3; i++) await (await chat(world)).text()
  const sent = sealedOf(world)
  expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'GET', 'POST'])
  const nonces = sent.flatMap(({ headers }) => headers.get('x-e2e-nonce') ?? [])
  expect(new Set(nonces).size).toBe(3)
})

describe('a stream of events', () => {
  const contents = async (world: ChannelWorld): Promise<readonly string[]> =>
    (await (await chat(world, { ...prompt, stream: true })).text()).split('\n\n')
  const sealed =
    (chunks: readonly string[]): Answer =>
    ({ stream }) => {
      const { init, seal } = stream()
      return eventStream([
        JSON.stringify({ e2e_init: init }),
        ...chunks.map((chunk) => JSON.stringify({ e2e: seal(chunk) })),
        '{"usage":{"total_tokens":2}}',
        '[DONE]',
      ])
    }

  test.each<[string, readonly string[]]>([
    ['an event each, without its end', ['data: {"n":1}', 'data: {"n":2}']],
    ['an event each', ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', 'data: [DONE]\n\n']],
    ['several', ['data: {"n":1}\n\ndata: {"n":2}\r\n\r\n']],
    ['parts of events', ['data: {"n"', ':1}\n', '\ndata: {"n":2}', '\n\n: comment\n']],
  ])('sealed as %s', async (_name, chunks) => {
    const world = connect(sealed(chunks))
    expect(await contents(world)).toEqual(['data: {"n":1}', 'data: {"n":2}', 'data: [DONE]', ''])
    expect(sealedOf(world)[1]?.headers.get('x-e2e-stream')).toBe('true')
  })

  test.each<[string, Answer, string]>([
    ['cut off', ({ stream }) => eventStream([JSON.stringify({ e2e_init: stream().init })]), 'ohttp-incomplete'],
    ['without a key', () => eventStream(['[DONE]']), 'ohttp-incomplete'],
    ['whose last event is half', sealed(['data: {"n"']), 'ohttp-incomplete'],
    [
      'with an event twice',
      ({ stream }) => {
        const { init, seal } = stream()
        const one = JSON.stringify({ e2e: seal('data: {}') })
        return eventStream([JSON.stringify({ e2e_init: init }), one, one, '[DONE]'])
      },
      'ohttp-open',
    ],
    [
      'with a second key',
      ({ stream }) => eventStream([stream(), stream()].map(({ init }) => JSON.stringify({ e2e_init: init }))),
      'ohttp-format',
    ],
    [
      'before its key',
      ({ stream }) => eventStream([JSON.stringify({ e2e: stream().seal('data: {}') })]),
      'ohttp-format',
    ],
    [
      'under another key',
      ({ stream }) =>
        eventStream([JSON.stringify({ e2e_init: stream().init }), JSON.stringify({ e2e: stream().seal('data: {}') })]),
      'ohttp-open',
    ],
    [
      'with an event in the clear',
      ({ stream }) => eventStream([JSON.stringify({ e2e_init: stream().init }), '{"choices":[]}']),
      'client-response',
    ],
    ['with an error in the clear', () => eventStream(['{"e2e_error":"no"}']), 'client-response'],
    ['with what is no base64', () => eventStream(['{"e2e_init":"!"}']), 'ohttp-format'],
    ['with a key of another size', () => eventStream(['{"e2e_init":"AAAA"}']), 'ohttp-open'],
  ])('%s ends with an error', async (_name, answer, code) => {
    const world = connect(answer)
    await expect(contents(world)).rejects.toThrow()
    expect(world.send.refusal?.code).toBe(code)
  })
})

describe('after an attack, 0 sealed bytes', () => {
  test.each([0, 1, 2, 3, 4])('attack %i', async (i) => {
    const [name, report, code] = worlds.attacks[i] as (typeof worlds.attacks)[number]
    const world = worlds.connect({ channel: chutesE2e(options), report, answer: () => new Response('no') })
    expect((await refusalOf(chat(world))).code, name).toBe(code)
    expect(sealedOf(world), name).toEqual([])
  })

  test.each<[string, object, string]>([
    ['an instance with another key', { e2e_pubkey: base64(createChutesPeer().publicKey) }, 'client-key'],
    ['an instance that is gone', { instance_id: 'instance-3' }, 'client-key'],
    ['no nonce', { nonces: [] }, 'ohttp-format'],
    ['a nonce that is none', { nonces: ['a\nb', 7] }, 'ohttp-format'],
    ['a key that is none', { e2e_pubkey: 7 }, 'ohttp-format'],
  ])('%s', async (_name, over, code) => {
    const world = connect(whole, [], () => instances(over))
    expect((await refusalOf(chat(world))).code).toBe(code)
    expect(sealedOf(world).map(({ method }) => method)).toEqual(['GET'])
  })

  test('no list of instances', async () => {
    const world = worlds.connect({ channel: chutesE2e(options), answer: () => new Response('no', { status: 429 }) })
    expect((await refusalOf(chat(world))).message).toBe(
      'unauthenticated answer: expected 200 with nonces of the service, found 429 text/plain;charset=UTF-8',
    )
    expect(sealedOf(world).map(({ method }) => method)).toEqual(['GET'])
  })
})

describe('an answer that is not for this request', () => {
  test.each<[string, Answer, string]>([
    ['in the clear', () => Response.json({ choices: [] }), 'ohttp-format'],
    ['an error in the clear', () => Response.json({ error: 'no' }, { status: 403 }), 'client-response'],
    ['a page', () => new Response('<p>', { headers: { 'content-type': 'text/html' } }), 'client-response'],
    ['cut off', async ({ seal }) => binary((await seal('{}')).slice(0, 1115)), 'ohttp-incomplete'],
    [
      'with a bit that differs',
      async ({ seal }) => binary((await seal('{}')).map((byte, i) => (i === 1101 ? byte ^ 1 : byte))),
      'ohttp-open',
    ],
    [
      'with another ciphertext',
      async ({ seal }) => binary((await seal('{}')).map((byte, i) => (i === 20 ? byte ^ 1 : byte))),
      'ohttp-open',
    ],
    [
      'of a stream',
      ({ stream }) => {
        const { init, seal } = stream()
        return Response.json({ e2e: base64(Uint8Array.from(atob(init) + atob(seal('{}')), (c) => c.charCodeAt(0))) })
      },
      'ohttp-open',
    ],
  ])('%s is refused', async (_name, answer, code) => {
    expect((await refusalOf(chat(connect(answer)))).code).toBe(code)
  })

  test('that of an earlier request, replayed', async () => {
    let kept: Bytes | undefined
    const world = connect(async ({ seal }) => binary((kept ??= await seal('{}'))))
    await (await chat(world)).text()
    expect((await refusalOf(chat(world))).code).toBe('ohttp-open')
  })

  test('more than there may be, however small it is packed', async () => {
    const world = connect(async ({ seal }) => binary(await seal(`"${'a'.repeat(17_000_000)}"`)))
    expect((await refusalOf(chat(world))).code).toBe('ohttp-size')
  })
})

describe('the caller’s own mistakes', () => {
  test.each<[object, RegExp]>([
    [{ ...options, unproven: ['headers'] }, /^unproven must be a list of what stays open: headers, order$/],
    [{ ...options, chute: 'a/b' }, /^chute must be an identifier$/],
    [{ chute: 'a', unproven: options.unproven }, /^instance must be an identifier$/],
    [{ ...options, key: 1 }, /^option "key" must be one of chute, instance, unproven$/],
  ])('%j', (own, message) => {
    expect(() => chutesE2e(own as ChutesE2eOptions)).toThrow(message)
  })

  test.each(['prompt', '[1]', undefined])('a body that is no JSON object: %s', async (body) => {
    const world = connect(whole)
    const sending = world.send('/v1/x', { method: 'POST', ...(body !== undefined && { body }) })
    await expect(sending).rejects.toThrow(/^request must be one with a JSON object as its body$/)
    expect(sealedOf(world)).toEqual([])
  })
})
