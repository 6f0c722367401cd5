/**
 * A provider that answers in the words of one AI client, and the wire to it: what left, and how
 * often.
 */
import { expect } from 'vitest'
import { attestedProvider } from '../../src/ai/index.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { createProvider, providerOrigin, type ReportPlan, soundProfile } from '../attester/provider.ts'

export const prompt = 'prompt 4711'
export const words = ['Attested', ' and', ' sealed', '.']

const now = new Date('2026-06-01T12:00:00Z')
const farAway = (report: Record<string, Record<string, unknown>>): object => ({ ...report, not_after: 253_402_300_799 })
export const sound: ReportPlan = { report: farAway }
/** Its GPUs answer another nonce. */
export const refused: ReportPlan = { report: farAway, gpuNonce: new Uint8Array(32) }

/** How one provider words its answers. */
export interface Speech {
  readonly whole: (text: string) => object
  /** Events before the words, one for a word, and those after them. */
  readonly before?: readonly string[]
  readonly event: (word: string) => string
  readonly after: readonly string[]
}

export interface Wire {
  readonly send: AttestedFetch
  /** Addresses of all that left, in order, with the bytes. */
  readonly sent: { readonly url: string; readonly bytes: Buffer }[]
  readonly reports: () => number
  readonly sealed: () => number
}

export interface SpeakingProvider {
  /** A stream waits for it before each word but the first. */
  next: () => Promise<void>
  /** @param cut how many bytes of a sealed response are left out at its end */
  readonly connect: (plan?: ReportPlan, cut?: number) => Wire
  /** What left was sealed, with the prompt and these headers inside. */
  readonly expectSealed: (wire: Wire, path: string, headers: Readonly<Record<string, string>>) => void
}

export async function createSpeaking({ whole, before = [], event, after }: Speech): Promise<SpeakingProvider> {
  const provider = await createProvider(now)
  const options = await provider.clientOptions()
  const speaking: SpeakingProvider = {
    next: () => Promise.resolve(),
    connect(plan = sound, cut = 0) {
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
    },
    expectSealed({ sent }, path, headers) {
      for (const { bytes } of sent)
        for (const secret of ['4711', 'sk-caller', path, words[0] as string]) expect(bytes.includes(secret)).toBe(false)
      expect(provider.opened.at(-1)).toMatchObject({ path, headers })
      expect(provider.opened.at(-1)?.body).toContain(prompt)
    },
  }
  provider.answer = (_path, body) => {
    if (!(JSON.parse(body) as { stream?: boolean }).stream)
      return { headers: { 'content-type': 'application/json' }, pieces: [JSON.stringify(whole(words.join('')))] }
    async function* pieces(): AsyncGenerator<string> {
      yield* before
      for (const [i, word] of words.entries()) {
        if (i > 0) await speaking.next()
        yield event(word)
      }
      yield* after
    }
    return { headers: { 'content-type': 'text/event-stream' }, pieces: pieces() }
  }
  return speaking
}

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** Chat completions, as OpenAI words them. */
export const openAiSpeech: Speech = {
  whole: (content) => ({
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
  event: (content) => chunk({ content }),
  after: [chunk({}, 'stop'), 'data: [DONE]\n\n'],
}

export const chatPath = '/v1/chat/completions'
export const bearer = { authorization: 'Bearer sk-caller' }

export async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => {
      throw new Error('expected to be refused')
    },
    (error: unknown) => error,
  )
}

/** All that a stream gives. */
export async function allOf<T>(stream: AsyncIterable<T> | Promise<AsyncIterable<T>>): Promise<T[]> {
  const all: T[] = []
  for await (const one of await stream) all.push(one)
  return all
}
