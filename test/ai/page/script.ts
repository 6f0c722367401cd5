/**
 * A page that asks a model with OpenAI's own client, through a relay that it does not trust. It
 * judges nothing: it reports.
 */
import OpenAI from 'openai'
import { attestedProvider, refusalOf, verifiedFirst } from '../../../src/ai/index.ts'
import { attestedFetch } from '../../../src/client/index.ts'
import { skipReferenceValues, verifyTdx } from '../../../src/formats/intel/tdx/index.ts'
import { watchPolicy } from '../../portable/channel/gate/violations.ts'
import { patienceMs } from '../../support/patience.ts'
import type { Report, Row, Settings } from './model.ts'

const provider = 'https://provider.example'
const fromHex = (digits: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))

async function ask(attack: string, { relay, profile, root, endorsements, accept, prompt }: Settings): Promise<Row> {
  const send = attestedFetch(provider, {
    ...attestedProvider(profile, {
      // The model's name says what the relay is to do.
      parameters: { model: attack },
      headers: { authorization: 'Bearer caller' },
      origin: relay,
      accept: { gateway: accept as never },
      unproven: ['gpu-machine'],
      verify: (evidence, { reportData }) =>
        verifyTdx(evidence, {
          endorsements: endorsements as never,
          referenceValues: skipReferenceValues,
          reportData: reportData as Uint8Array,
          trustAnchors: [Uint8Array.from(atob(root), (character) => character.charCodeAt(0))],
        }),
      verifyGpus: (list) =>
        Promise.resolve((list as { nonce: string }[]).map((gpu) => ({ nonce: fromHex(gpu.nonce) }))),
    }),
    relay: `${relay}/sealed/${attack}`,
    allowLoopbackHttp: true,
    attestSeconds: 600,
    responseSeconds: 600,
    idleSeconds: 600,
  })
  const client = new (verifiedFirst(OpenAI))({
    apiKey: 'sk-caller',
    baseURL: `${provider}/v1`,
    fetch: send,
    maxRetries: 0,
    timeout: patienceMs,
    dangerouslyAllowBrowser: true,
  })
  const words: string[] = []
  let finished = false
  let error: unknown
  try {
    const messages = [{ role: 'user' as const, content: prompt }]
    for await (const { choices } of await client.chat.completions.create({ model: 'm', messages, stream: true })) {
      const [{ delta, finish_reason: reason } = { delta: {}, finish_reason: null }] = choices
      if (typeof delta.content === 'string') {
        words.push(delta.content)
        // The next word is not made before this one was read.
        await fetch('/next', { method: 'POST' })
      }
      finished = reason === 'stop'
    }
  } catch (thrown) {
    error = thrown
    finished = false
  }
  const refusal = refusalOf(error)
  const isInside = refusal !== undefined && refusal === send.refusal
  const said = error instanceof Error ? `${error.name}: ${error.message}` : 'no error'
  const thrown = error === undefined ? 'none' : (refusal?.code ?? said)
  const row = { attack, words, finished, error: thrown, isItself: isInside && error === refusal, isInside }
  send.close()
  return row
}

async function post(path: string, body: unknown): Promise<void> {
  await fetch(path, { method: 'POST', body: JSON.stringify(body) })
}

try {
  const { violations, provoke } = watchPolicy()
  const settings = (await (await fetch('/settings.json')).json()) as Settings
  const rows: Row[] = []
  for (const attack of settings.attacks) rows.push(await ask(attack, settings))
  const noticed = [...violations]
  const provoked = await provoke(() => {
    fetch(`${provider}/v1/models`).catch(() => undefined)
  })
  await post('/report', { rows, violations: noticed, provoked } satisfies Report)
} catch (error) {
  await post('/error', error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error))
}
