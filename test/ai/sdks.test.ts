/**
 * AI clients as they are, over an attested `fetch`: verified first, then sealed, tokens as they
 * come; a refusal surfaces as itself, and a stream that breaks off never looks finished.
 */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import OpenAI, { APIConnectionError } from 'openai'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { attestedProvider, type AttestedProviderOptions, refusalOf, verifiedFirst } from '../../src/ai/index.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import type { AttestationError } from '../../src/core/errors.ts'
import {
  createProvider,
  type FakeProvider,
  providerOrigin,
  type ReportPlan,
  soundProfile,
} from '../attester/provider.ts'

const now = new Date('2026-06-01T12:00:00Z')
const prompt = 'prompt 4711'
const words = ['Attested', ' and', ' sealed', '.']
let provider: FakeProvider
let options: AttestedProviderOptions
beforeAll(async () => {
  provider = await createProvider(now)
  options = await provider.clientOptions()
})

const farAway = (report: Record<string, Record<string, unknown>>): object => ({ ...report, not_after: 253_402_300_799 })
const sound: ReportPlan = { report: farAway }
const refused: ReportPlan = { report: farAway, gpuNonce: new Uint8Array(32) }

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
const event = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** Set by a test: a stream waits for it before each word but the first. */
let next: () => Promise<void>
beforeEach(() => {
  next = () => Promise.resolve()
  provider.answer = (_path, body) => {
    if (!(JSON.parse(body) as { stream?: boolean }).stream) {
      const message = { role: 'assistant', content: words.join('') }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      return {
        headers: { 'content-type': 'application/json' },
        pieces: [JSON.stringify({ ...head, object: 'chat.completion', choices })],
      }
    }
    async function* pieces(): AsyncGenerator<string> {
      for (const [i, content] of words.entries()) {
        if (i > 0) await next()
        yield event({ content })
      }
      yield event({}, 'stop')
      yield 'data: [DONE]\n\n'
    }
    return { headers: { 'content-type': 'text/event-stream' }, pieces: pieces() }
  }
})

interface Wire {
  readonly send: AttestedFetch
  /** Addresses of all that left, in order, with the bytes. */
  readonly sent: { readonly url: string; readonly bytes: Buffer }[]
  readonly reports: () => number
  readonly sealed: () => number
}

/** @param cut how many bytes of a sealed response are left out at its end */
function connect(plan: ReportPlan = sound, cut = 0): Wire {
  const sent: { url: string; bytes: Buffer }[] = []
  const network = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', headers } = init
    const body = init.body == null ? undefined : new Uint8Array(await new Response(init.body).arrayBuffer())
    sent.push({ url: input as string, bytes: Buffer.from(body ?? []) })
    const response = await provider.respond(
      new Request(input as string, { method, headers, ...(body && { body }) } as RequestInit),
      plan,
    )
    if (cut === 0 || method === 'GET') return response
    const bytes = new Uint8Array(await response.arrayBuffer())
    return new Response(bytes.subarray(0, -cut), { headers: response.headers })
  }
  const send = createClient(providerOrigin, attestedProvider(soundProfile, options), {
    ...platform,
    fetch: network,
    now: () => now.getTime(),
  })
  const count = (isReport: boolean) => (): number =>
    sent.filter(({ url }) => url.includes('/attestation/') === isReport).length
  return { send, sent, reports: count(true), sealed: count(false) }
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('expected to be refused')
    },
    (error: unknown) => error,
  )
}

const settings = { apiKey: 'sk-caller', baseURL: `${providerOrigin}/v1`, dangerouslyAllowBrowser: true }
const request = { model: 'm', messages: [{ role: 'user', content: prompt }] } as const
const asked = (): { model: string; messages: { role: 'user'; content: string }[] } => ({
  model: 'm',
  messages: [{ role: 'user', content: prompt }],
})

function expectSealed({ sent }: Wire): void {
  for (const { bytes } of sent)
    for (const secret of ['4711', 'sk-caller', 'completions', 'Attested']) expect(bytes.includes(secret)).toBe(false)
  expect(provider.opened.at(-1)).toMatchObject({
    path: '/v1/chat/completions',
    headers: { authorization: 'Bearer sk-caller' },
  })
  expect(provider.opened.at(-1)?.body).toContain(prompt)
}

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
    next = () => new Promise((resolve) => (release = resolve))
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
        for await (const chunk of stream) expect(chunk.id).toBe(head.id)
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
