/**
 * The channel that seals fields, against a service's end of its own: what is sealed, what is open
 * and named, and that after a refusal not one sealed byte has left.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { aciE2ee, type AciE2eeOptions } from '../../src/ai/aci-e2ee/index.ts'
import { providerOrigin } from '../attester/provider.ts'
import { refusalOf } from '../support/refusal.ts'
import { channelWorlds, type ChannelWorld, eventStream, now, sealedOf } from './channel-world.ts'
import { type AciRequest, createAciPeer } from './peers/aci-e2ee.ts'

const peer = createAciPeer()
const unproven = ['headers', 'fields', 'answers', 'order'] as const
const channel = aciE2ee({ unproven })
let worlds: Awaited<ReturnType<typeof channelWorlds>>
beforeAll(async () => {
  worlds = await channelWorlds({ kind: 'aci-e2ee-2', form: 'x25519', bytes: peer.publicKey })
})

type Answer = (opened: AciRequest) => Response

const connect = (answer: Answer, seen: AciRequest[] = []): ChannelWorld =>
  worlds.connect({
    channel,
    async answer(request) {
      const opened = peer.open(request.headers, await request.text(), now.getTime())
      seen.push(opened)
      return answer(opened)
    },
  })

const chat = ({ send }: ChannelWorld, body: object = prompt): Promise<Response> =>
  send('/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: 'Bearer caller', 'x-signing-algo': 'ecdsa' },
  })

const prompt = { model: 'démo "model"', messages: [{ role: 'user', content: 'prompt 4711' }], stream: false }
const message = ({ seal }: AciRequest, path = 'choices.0.message.content'): string =>
  seal(path, 'chat-1', 'answer 4711')
const whole = (opened: AciRequest, over: object = {}): object => ({
  id: 'chat-1',
  choices: [{ index: 0, message: { role: 'assistant', content: message(opened) }, ...over }],
  usage: { total_tokens: 2 },
})

test('verifies first, then sends each content sealed, and opens the answer', async () => {
  const seen: AciRequest[] = []
  const world = connect((opened) => Response.json(whole(opened)), seen)
  const answered = (await (await chat(world)).json()) as object
  expect(answered).toEqual({
    id: 'chat-1',
    choices: [{ index: 0, message: { role: 'assistant', content: 'answer 4711' } }],
    usage: { total_tokens: 2 },
  })
  expect(seen[0]).toMatchObject({ body: prompt, paths: ['messages.0.content'] })
  const [posted] = sealedOf(world)
  expect(posted).toMatchObject({ url: `${providerOrigin}/v1/chat/completions`, method: 'POST' })
  expect(Buffer.from(posted?.body ?? []).includes('4711')).toBe(false)
  // In the clear, and accepted by name. The algorithm of before this version is never asked for.
  expect(JSON.parse(new TextDecoder().decode(posted?.body))).toMatchObject({ model: prompt.model, stream: false })
  expect([posted?.headers.get('authorization'), posted?.headers.get('x-signing-algo')]).toEqual(['Bearer caller', null])
})

test.each<[string, object, readonly string[]]>([
  [
    'lists of parts, as one text',
    {
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: [{ type: 'text', text: '4711' }] },
      ],
    },
    ['messages.0.content', 'messages.1.content'],
  ],
  [
    'a call of a tool beside what it answered',
    {
      messages: [
        { role: 'assistant', content: null, tool_calls: [] },
        { role: 'tool', content: '4711' },
      ],
    },
    ['messages.1.content'],
  ],
  ['a prompt', { prompt: '4711' }, ['prompt']],
  ['prompts', { prompt: ['4711', 'b'] }, ['prompt.0', 'prompt.1']],
  ['inputs of embeddings', { input: ['4711'] }, ['input.0']],
])('seals %s', async (_name, body, paths) => {
  const seen: AciRequest[] = []
  const world = connect((opened) => Response.json(whole(opened)), seen)
  await (await chat(world, { model: 'm', ...body })).text()
  expect(seen[0]).toMatchObject({ body: { model: 'm', ...body }, paths })
  expect(sealedOf(world).some(({ body: bytes }) => Buffer.from(bytes).includes('4711'))).toBe(false)
})

test('opens every place of an answer', async () => {
  const world = connect(({ seal }) =>
    Response.json({
      choices: [
        {
          index: 3,
          text: seal('choices.3.text', '', 'a'),
          message: {
            content: null,
            reasoning: seal('choices.3.message.reasoning', '', 'b'),
            reasoning_content: seal('choices.3.message.reasoning_content', '', 'c'),
            audio: { id: 'x', data: seal('choices.3.message.audio.data', '', 'd') },
          },
        },
      ],
      data: [{ embedding: seal('data.0.embedding', '', '[1,0.5]') }],
    }),
  )
  expect(await (await chat(world)).json()).toEqual({
    choices: [
      {
        index: 3,
        text: 'a',
        message: { content: null, reasoning: 'b', reasoning_content: 'c', audio: { id: 'x', data: 'd' } },
      },
    ],
    data: [{ embedding: [1, 0.5] }],
  })
})

const delta = ({ seal }: AciRequest, content: string): string =>
  JSON.stringify({
    id: 'chat-1',
    choices: [{ index: 0, delta: { content: seal('choices.0.delta.content', 'chat-1', content) } }],
  })

describe('a stream of events', () => {
  test('is opened event by event', async () => {
    const role = JSON.stringify({ id: 'chat-1', choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })
    const world = connect((opened) => eventStream([role, delta(opened, 'one '), delta(opened, 'zwö'), '[DONE]']))
    const lines = (await (await chat(world)).text()).split('\n\n')
    expect(lines.slice(-2)).toEqual(['data: [DONE]', ''])
    const contents = lines
      .slice(0, -2)
      .map(
        (line) => (JSON.parse(line.slice(6)) as { choices: [{ delta: { content: string } }] }).choices[0].delta.content,
      )
    expect(contents).toEqual(['', 'one ', 'zwö'])
  })

  test.each<[string, (opened: AciRequest) => readonly string[], string]>([
    ['cut off', (opened) => [delta(opened, 'a')], 'ohttp-incomplete'],
    ['with nothing in it', () => [], 'ohttp-incomplete'],
    ['with an event twice', (opened) => [delta(opened, 'a')].flatMap((one) => [one, one, '[DONE]']), 'ohttp-open'],
    ['with an event behind its end', (opened) => ['[DONE]', delta(opened, 'a')], 'ohttp-format'],
    ['with content in the clear', () => ['{"choices":[{"delta":{"content":"forged"}}]}', '[DONE]'], 'ohttp-format'],
    ['of another shape', () => ['{"output":"forged"}', '[DONE]'], 'ohttp-format'],
    ['that is no JSON', () => ['{', '[DONE]'], 'ohttp-format'],
    ['with a name twice', () => ['{"choices":[],"choices":[]}', '[DONE]'], 'ohttp-format'],
  ])('%s ends with an error', async (_name, events, code) => {
    const world = connect((opened) => eventStream(events(opened)))
    const response = await chat(world)
    await expect(response.text()).rejects.toThrow()
    expect(world.send.refusal?.code).toBe(code)
  })

  test('within a line is cut off as well', async () => {
    const world = connect((opened) => {
      const cut = `data: ${delta(opened, 'a')}\n\ndata: [DO`
      return new Response(cut, { headers: { 'content-type': 'text/event-stream' } })
    })
    await expect((await chat(world)).text()).rejects.toThrow()
    expect(world.send.refusal?.code).toBe('ohttp-incomplete')
  })
})

describe('after an attack, 0 sealed bytes', () => {
  test.each([0, 1, 2, 3, 4])('attack %i', async (i) => {
    const [name, report, code] = worlds.attacks[i] as (typeof worlds.attacks)[number]
    const world = worlds.connect({ channel, report, answer: () => new Response('no') })
    expect((await refusalOf(chat(world))).code, name).toBe(code)
    expect(sealedOf(world), name).toEqual([])
  })

  test('a key of small order, attested', async () => {
    const small = await channelWorlds({ kind: 'aci-e2ee-2', form: 'x25519', bytes: new Uint8Array(32) })
    const world = small.connect({ channel, answer: () => new Response('no') })
    expect((await refusalOf(chat(world))).code).toBe('client-key')
    expect(sealedOf(world)).toEqual([])
  })
})

describe('an answer that is not for this request', () => {
  let kept: object | undefined
  test.each<[string, Answer, string]>([
    ['in the clear', () => Response.json({ choices: [{ message: { content: 'forged' } }] }), 'ohttp-format'],
    ['content of another kind', (opened) => Response.json(whole(opened, { text: ['a'] })), 'ohttp-format'],
    ['an error in the clear', () => Response.json({ error: 'no' }, { status: 401 }), 'client-response'],
    ['a page', () => new Response('<p>', { headers: { 'content-type': 'text/html' } }), 'client-response'],
    ['sealed for another place', (opened) => Response.json(whole(opened, { text: message(opened) })), 'ohttp-open'],
    ['of another identifier', (opened) => Response.json({ ...whole(opened), id: 'chat-2' }), 'ohttp-open'],
    [
      'with a bit that differs',
      (opened) =>
        Response.json(
          whole(opened, { text: message(opened, 'choices.0.text').replace(/.$/, (d) => (d === '0' ? '1' : '0')) }),
        ),
      'ohttp-open',
    ],
    ['with a key of small order', (opened) => Response.json(whole(opened, { text: '00'.repeat(64) })), 'ohttp-open'],
    ['too short to be sealed', (opened) => Response.json(whole(opened, { text: '00'.repeat(59) })), 'ohttp-format'],
    ['a list', () => Response.json([1]), 'ohttp-format'],
  ])('%s is refused', async (_name, answer, code) => {
    expect((await refusalOf(chat(connect(answer)))).code).toBe(code)
  })

  test('that of an earlier request, replayed', async () => {
    const world = connect((opened) => Response.json((kept ??= whole(opened))))
    await (await chat(world)).text()
    expect((await refusalOf(chat(world))).code).toBe('ohttp-open')
  })
})

describe('the caller’s own mistakes', () => {
  test.each<[string, unknown, RegExp]>([
    ['no model', { messages: prompt.messages }, /^request must be JSON with a model$/],
    ['nothing to seal', { model: 'm', messages: [] }, /^request must be one with content to seal/],
    [
      'numbers of tokens, which would go in the clear',
      { model: 'm', input: [1, 2] },
      /^input must be a text, or a list of texts$/,
    ],
    [
      'items of another interface',
      { model: 'm', input: [{ role: 'user' }] },
      /^input must be a text, or a list of texts$/,
    ],
    [
      'content that is neither',
      { model: 'm', messages: [{ content: { a: 1 } }] },
      /^messages.0.content must be a text, or a list$/,
    ],
    ['a list', [1], /^request must be JSON with a model$/],
  ])('%s', async (_name, body, message) => {
    const world = connect(() => new Response())
    await expect(chat(world, body as object)).rejects.toThrow(message)
    expect(sealedOf(world)).toEqual([])
  })

  test('a body that is no JSON, and none', async () => {
    const world = connect(() => new Response())
    await expect(world.send('/v1/x', { method: 'POST', body: 'prompt' })).rejects.toThrow(/^request must be JSON$/)
    await expect(world.send('/v1/models')).rejects.toThrow(/^request must be JSON$/)
    expect(sealedOf(world)).toEqual([])
  })

  test.each<[object]>([[{}], [{ unproven: ['headers', 'fields', 'order'] }], [{ unproven: [...unproven, 'end'] }]])(
    'what stays open is accepted by name: %j',
    (own) => {
      expect(() => aciE2ee(own as AciE2eeOptions)).toThrow(
        /^unproven must be a list of what stays open: headers, fields, answers, order$/,
      )
    },
  )
})
