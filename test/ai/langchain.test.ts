/**
 * LangChain's client for OpenAI-shaped models over an attested `fetch`: verified first, then
 * sealed, tokens as they come; a refusal surfaces as itself, once, and a stream that breaks off
 * never looks finished.
 */
import { ChatOpenAI } from '@langchain/openai'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { refusalOf } from '../../src/ai/index.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { providerOrigin } from '../attester/provider.ts'
import {
  allOf,
  bearer,
  chatPath,
  createSpeaking,
  openAiSpeech,
  prompt,
  refused,
  sound,
  type SpeakingProvider,
  thrownBy,
  words,
} from './wire.ts'

let provider: SpeakingProvider
beforeAll(async () => {
  provider = await createSpeaking(openAiSpeech)
})
beforeEach(() => {
  provider.next = () => Promise.resolve()
})

const modelOf = (send: AttestedFetch): ChatOpenAI =>
  new ChatOpenAI({
    model: 'm',
    apiKey: 'sk-caller',
    configuration: { baseURL: `${providerOrigin}/v1`, fetch: send, dangerouslyAllowBrowser: true },
    onFailedAttempt: (error: unknown) => {
      const refusal = refusalOf(error)
      if (refusal !== undefined) throw refusal
    },
  })

test('an answer, verified first and sealed', async () => {
  const wire = provider.connect()
  const { content } = await modelOf(wire.send).invoke(prompt)
  expect(content).toBe(words.join(''))
  expect([wire.reports(), wire.sealed()]).toEqual([1, 1])
  provider.expectSealed(wire, chatPath, bearer)
})

test('tokens as they come', async () => {
  let release = (): void => undefined
  provider.next = () => new Promise((resolve) => (release = resolve))
  const wire = provider.connect()
  const seen: string[] = []
  for await (const { content } of await modelOf(wire.send).stream(prompt)) {
    if (typeof content === 'string' && content !== '') seen.push(content)
    release()
  }
  expect(seen).toEqual(words)
  provider.expectSealed(wire, chatPath, bearer)
})

describe('a refusal is itself, once', () => {
  test.each<[string, (model: ChatOpenAI) => Promise<unknown>]>([
    ['invoke', (model) => model.invoke(prompt)],
    ['stream', (model) => allOf(model.stream(prompt))],
    ['batch', (model) => model.batch([prompt])],
  ])('%s', async (_name, ask) => {
    const wire = provider.connect(refused)
    const error = await thrownBy(ask(modelOf(wire.send)))
    expect(error).toBe(wire.send.refusal)
    expect(refusalOf(error)?.code).toBe('policy-gpu')
    expect([wire.reports(), wire.sealed()]).toEqual([1, 0])
  })
})

test.each([1, 40, 300])('a stream that is %i bytes short is an error, and is asked for once', async (cut) => {
  const wire = provider.connect(sound, cut)
  const error = await thrownBy(allOf(modelOf(wire.send).stream(prompt)))
  expect(refusalOf(error)?.code).toBe('ohttp-incomplete')
  expect(wire.send.refusal?.code).toBe('ohttp-incomplete')
  expect(wire.sealed()).toBe(1)
})
