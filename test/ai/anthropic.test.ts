/**
 * Anthropic's client over an attested `fetch`: verified first, then sealed, tokens as they come; a
 * refusal surfaces as itself, once, and a stream that breaks off never looks finished.
 */
import Anthropic, { AnthropicError, APIConnectionError } from '@anthropic-ai/sdk'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { refusalOf, verifiedFirst } from '../../src/ai/index.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { providerOrigin } from '../attester/provider.ts'
import {
  allOf,
  bearer,
  createSpeaking,
  prompt,
  refused,
  sound,
  type SpeakingProvider,
  thrownBy,
  words,
} from './wire.ts'

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null }
const usage = { input_tokens: 1, output_tokens: 1 }

let provider: SpeakingProvider
beforeAll(async () => {
  provider = await createSpeaking({
    whole: (text) => ({ ...message, content: [{ type: 'text', text }], stop_reason: 'end_turn', usage }),
    before: [
      event('message_start', { message: { ...message, usage } }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ],
    event: (text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    after: [
      event('content_block_stop', { index: 0 }),
      event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }),
      event('message_stop'),
    ],
  })
})
beforeEach(() => {
  provider.next = () => Promise.resolve()
})

const settings = { apiKey: 'sk-caller', baseURL: providerOrigin, dangerouslyAllowBrowser: true }
const asked = (): Anthropic.MessageCreateParamsNonStreaming => ({
  model: 'm',
  max_tokens: 100,
  messages: [{ role: 'user', content: prompt }],
})
const clientOf = (send: AttestedFetch, over: object = {}): Anthropic =>
  new (verifiedFirst(Anthropic))({ ...settings, fetch: send, ...over })
const path = '/v1/messages'
const wordOf = (one: Anthropic.RawMessageStreamEvent): string =>
  one.type === 'content_block_delta' && one.delta.type === 'text_delta' ? one.delta.text : ''

test('an answer, verified first and sealed', async () => {
  const wire = provider.connect()
  const { content } = await clientOf(wire.send).messages.create(asked())
  expect(content).toMatchObject([{ text: words.join('') }])
  expect([wire.reports(), wire.sealed()]).toEqual([1, 1])
  provider.expectSealed(wire, path, bearer)
})

test('tokens as they come', async () => {
  let release = (): void => undefined
  provider.next = () => new Promise((resolve) => (release = resolve))
  const wire = provider.connect()
  const seen: string[] = []
  for await (const one of await clientOf(wire.send).messages.create({ ...asked(), stream: true })) {
    const word = wordOf(one)
    if (word !== '') seen.push(word)
    // Each one was here before the next was made.
    release()
  }
  expect(seen).toEqual(words)
  provider.expectSealed(wire, path, bearer)
})

describe('a refusal is itself, once', () => {
  test.each<[string, (client: Anthropic) => Promise<unknown>]>([
    ['an answer', (client) => client.messages.create(asked())],
    ['a stream', (client) => client.messages.create({ ...asked(), stream: true })],
    ['with other options', (client) => client.withOptions({ maxRetries: 1 }).messages.create(asked())],
  ])('%s', async (_name, ask) => {
    const wire = provider.connect(refused)
    const error = await thrownBy(ask(clientOf(wire.send)))
    expect(error).toBe(wire.send.refusal)
    expect(refusalOf(error)?.code).toBe('policy-gpu')
    expect([wire.reports(), wire.sealed()]).toEqual([1, 0])
  })

  test('its own stream object wraps it, once', async () => {
    const wire = provider.connect(refused)
    const error = await thrownBy(clientOf(wire.send).messages.stream(asked()).finalMessage())
    expect(error).toBeInstanceOf(AnthropicError)
    expect(refusalOf(error)).toBe(wire.send.refusal)
    expect([wire.reports(), wire.sealed()]).toEqual([1, 0])
  })
})

test('without it, the refusal is inside, and nothing leaves', async () => {
  const wire = provider.connect(refused)
  const client = new Anthropic({ ...settings, fetch: wire.send, maxRetries: 0 })
  const error = await thrownBy(client.messages.create(asked()))
  expect(error).toBeInstanceOf(APIConnectionError)
  expect(refusalOf(error)).toBe(wire.send.refusal)
  expect([wire.reports(), wire.sealed()]).toEqual([1, 0])
})

describe.each([1, 40, 300])('a stream that is %i bytes short', (cut) => {
  test('is an error', async () => {
    const wire = provider.connect(sound, cut)
    const client = clientOf(wire.send, { maxRetries: 0 })
    const error = await thrownBy(allOf(client.messages.create({ ...asked(), stream: true })))
    expect(refusalOf(error)?.code).toBe('ohttp-incomplete')
    expect(wire.send.refusal?.code).toBe('ohttp-incomplete')
    expect(wire.sealed()).toBe(1)
  })

  test('is an error of its own stream object too', async () => {
    const wire = provider.connect(sound, cut)
    const error = await thrownBy(clientOf(wire.send, { maxRetries: 0 }).messages.stream(asked()).finalMessage())
    expect(refusalOf(error)?.code).toBe('ohttp-incomplete')
    expect(wire.sealed()).toBe(1)
  })
})
