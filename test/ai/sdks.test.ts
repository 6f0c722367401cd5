/**
 * AI clients as they are, over an attested `fetch`: verified first, then sealed, tokens as they
 * come; a refusal surfaces as itself, once, and a stream that breaks off never looks finished.
 */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import OpenAI, { APIConnectionError } from 'openai'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { refusalOf, verifiedFirst } from '../../src/ai/index.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import type { AttestationError } from '../../src/core/errors.ts'
import { providerOrigin, type ReportPlan } from '../attester/provider.ts'
import {
  bearer,
  chatPath,
  createSpeaking,
  openAiSpeech,
  prompt,
  refused,
  sound,
  type SpeakingProvider,
  thrownBy,
  type Wire,
  words,
} from './wire.ts'

let provider: SpeakingProvider
beforeAll(async () => {
  provider = await createSpeaking(openAiSpeech)
})
beforeEach(() => {
  provider.next = () => Promise.resolve()
})
const connect = (plan?: ReportPlan, cut?: number): Wire => provider.connect(plan, cut)
const expectSealed = (wire: Wire): void => {
  provider.expectSealed(wire, chatPath, bearer)
}

const settings = { apiKey: 'sk-caller', baseURL: `${providerOrigin}/v1`, dangerouslyAllowBrowser: true }
const request = { model: 'm', messages: [{ role: 'user', content: prompt }] } as const
const asked = (): { model: string; messages: { role: 'user'; content: string }[] } => ({
  model: 'm',
  messages: [{ role: 'user', content: prompt }],
})

describe('openai', () => {
  const clientOf = (send: AttestedFetch, over: object = {}): OpenAI =>
    new (verifiedFirst(OpenAI))({ ...settings, fetch: send, ...over })

  test('an answer, verified first and sealed', async () => {
    const wire = connect()
    const { choices } = await clientOf(wire.send).chat.completions.create(asked())
    expect(choices[0]?.message.content).toBe(words.join(''))
    expect([wire.reports(), wire.sealed()]).toEqual([1, 1])
    expectSealed(wire)
  })

  test('tokens as they come', async () => {
    let release = (): void => undefined
    provider.next = () => new Promise((resolve) => (release = resolve))
    const wire = connect()
    const stream = await clientOf(wire.send).chat.completions.create({ ...asked(), stream: true })
    const seen: string[] = []
    for await (const chunk of stream) {
      const content = chunk.choices[0]?.delta.content
      if (typeof content === 'string') seen.push(content)
      // Each one was here before the next was made.
      release()
    }
    expect(seen).toEqual(words)
    expectSealed(wire)
  })

  test.each<[string, (client: OpenAI) => Promise<unknown>]>([
    ['an answer', (client) => client.chat.completions.create(asked())],
    ['a stream', (client) => client.chat.completions.create({ ...asked(), stream: true })],
    ['responses', (client) => client.responses.create({ model: 'm', input: prompt })],
    ['with other options', (client) => client.withOptions({ maxRetries: 1 }).chat.completions.create(asked())],
  ])('a refusal is itself, once: %s', async (_name, ask) => {
    const wire = connect(refused)
    const error = await thrownBy(ask(clientOf(wire.send)))
    expect(error).toBe(wire.send.refusal)
    expect((error as AttestationError).code).toBe('policy-gpu')
    expect([wire.reports(), wire.sealed()]).toEqual([1, 0])
  })

  test.each([
    [undefined, 3],
    [0, 1],
  ])(
    'without it, the refusal is inside; retries %s make %i attestations, and nothing leaves',
    async (maxRetries, attestations) => {
      const wire = connect(refused)
      const client = new OpenAI({ ...settings, fetch: wire.send, ...(maxRetries !== undefined && { maxRetries }) })
      const error = await thrownBy(client.chat.completions.create(asked()))
      expect(error).toBeInstanceOf(APIConnectionError)
      expect((error as Error).message).toBe('Connection error.')
      expect(refusalOf(error)).toBe(wire.send.refusal)
      expect([wire.reports(), wire.sealed()]).toEqual([attestations, 0])
    },
  )

  test.each([1, 40, 300])('a stream that is %i bytes short is an error', async (cut) => {
    const wire = connect(sound, cut)
    const error = await thrownBy(
      (async () => {
        const stream = await clientOf(wire.send, { maxRetries: 0 }).chat.completions.create({
          ...asked(),
          stream: true,
        })
        for await (const chunk of stream) expect(chunk.id).toBe('chatcmpl-1')
      })(),
    )
    expect(refusalOf(error)?.code).toBe('ohttp-incomplete')
    expect(wire.send.refusal?.code).toBe('ohttp-incomplete')
  })

  test('another base address is the caller’s mistake, and nothing leaves', async () => {
    const wire = connect()
    const client = clientOf(wire.send, { baseURL: 'https://other.example/v1', maxRetries: 0 })
    const error = await thrownBy(client.chat.completions.create(asked()))
    expect((error as Error).cause).toBeInstanceOf(TypeError)
    expect(wire.sealed()).toBe(0)
  })
})

describe('ai, with an OpenAI-compatible provider', () => {
  const modelOf = (send: AttestedFetch): ReturnType<ReturnType<typeof createOpenAICompatible>> =>
    createOpenAICompatible({ name: 'p', apiKey: settings.apiKey, baseURL: settings.baseURL, fetch: send })('m')

  test('an answer, verified first and sealed', async () => {
    const wire = connect()
    const { text } = await generateText({ model: modelOf(wire.send), prompt })
    expect(text).toBe(words.join(''))
    expectSealed(wire)
  })

  test('tokens as they come', async () => {
    const wire = connect()
    const seen: string[] = []
    for await (const word of streamText({ model: modelOf(wire.send), prompt }).textStream) seen.push(word)
    expect(seen).toEqual(words)
    expectSealed(wire)
  })

  test('a refusal is itself, once', async () => {
    const wire = connect(refused)
    const error = await thrownBy(generateText({ model: modelOf(wire.send), prompt }))
    expect(error).toBe(wire.send.refusal)
    expect([wire.reports(), wire.sealed()]).toEqual([1, 0])
  })

  test('a stream that breaks off is an error', async () => {
    const wire = connect(sound, 1)
    const seen: string[] = []
    const error = await thrownBy(
      (async () => {
        for await (const part of streamText({ model: modelOf(wire.send), prompt, maxRetries: 0 }).fullStream)
          seen.push(part.type)
      })(),
    )
    expect(refusalOf(error)?.code).toBe('ohttp-incomplete')
    expect(seen).not.toContain('finish')
  })
})

test('no refusal reads like a timeout of the SDK’s own, which would drop it', async () => {
  const { within } = await import('../../src/client/deadline.ts')
  const error = await thrownBy(
    within(
      { ...platform, after: (_, act) => (act(), () => undefined) },
      { milliseconds: 1000, signal: new AbortController().signal, what: 'the attestation' },
      () => new Promise(() => undefined),
    ),
  )
  expect((error as Error).message).not.toMatch(/timed? ?out/i)
  expect((error as Error).name).not.toBe('AbortError')
})

test('plain fetch: itself', async () => {
  const wire = connect(refused)
  const error = await thrownBy(wire.send('/v1/chat/completions', { method: 'POST', body: JSON.stringify(request) }))
  expect(refusalOf(error)).toBe(error)
  expect(wire.sealed()).toBe(0)
})
