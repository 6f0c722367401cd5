/**
 * A private-AI provider on this machine, and a relay between it and the page that can do wrong on
 * request: `ai/relay/NAME-OF-THE-ATTACK/report`, `…/sealed` and `…/plain`.
 *
 * Machine, application, key service, GPUs and model are made up; the roots that vouch for them are
 * those of the fixtures, whose keys are public. What signs and what is signed is all real.
 */
import { readKeys } from '../../fixtures/keys.ts'
import { rootName } from '../../fixtures/quote-root.ts'
import { hex, unhex } from '../../test/attester/bytes.ts'
import type { Signer } from '../../test/attester/certificate.ts'
import { composeOf } from '../../test/attester/dstack.ts'
import { createIntelAttester } from '../../test/attester/intel.ts'
import { createProvider, type FakeProvider, type ReportPlan, signWith } from '../../test/attester/provider.ts'
import { type RelayAttackName, relayAttacks } from '../ai/attacks.ts'
import { demoCompose, gpuStatement, gpuVendor, keyService } from '../ai/made-up.ts'
import { providerOrigin } from '../ai/profile.ts'
import { type Bytes, fromBase64 } from '../page/bytes.ts'
import type { Authority } from './authorities.ts'
import { firstOf, forwarded, text } from './between.ts'

export const providerPath = 'ai/relay/'

const hour = 3600

/** @param vendor has the root, and keys of who else vouches for the machine */
export function createModel(vendor: Authority): (path: string, request: Request) => Promise<Response> {
  let made: Promise<Made> | undefined
  return async (path, request) => {
    const [name = '', endpoint = ''] = path.split('/')
    const attack = relayAttacks.find((known) => known.name === name)
    if (attack === undefined) return text(404, 'there is no such attack')
    // Where a page sends that trusts the address bar.
    if (endpoint === 'plain') return text(200, 'An answer, from whoever read the prompt.')
    const own = await (made ??= make(vendor))
    if (endpoint === 'endorsements')
      return new Response(
        JSON.stringify(await own.provider.attester.endorsements({ rootCaCrl: { issuer: rootName } })),
        {
          headers: { 'content-type': 'application/json' },
        },
      )
    if (endpoint === 'report' && request.method === 'GET') return report(attack.name, request, own)
    if (endpoint === 'sealed' && request.method === 'POST') return sealed(attack.name, request, own)
    return text(404, 'GET report or endorsements, POST sealed or plain')
  }
}

interface Made {
  readonly provider: FakeProvider
  /** Signs for GPUs. */
  readonly gpuVendor: CryptoKey
  readonly keyService: Signer
  /** The attacker's own, in place of the provider's. */
  readonly stranger: FakeProvider
}

async function make(vendor: Authority): Promise<Made> {
  const root = fromBase64(vendor.root) as Bytes
  const keys = await readKeys(vendor.keys)
  const now = new Date()
  const attester = await createIntelAttester({
    now,
    keys,
    certificates: {
      root: { subject: rootName, der: () => root },
    },
  })
  const [provider, stranger] = await Promise.all([createProvider(now, attester), createProvider(now, attester)])
  provider.answer = (_path, body) => ({ headers: { 'content-type': 'text/event-stream' }, pieces: speak(body) })
  return {
    provider,
    stranger,
    gpuVendor: (keys.get(gpuVendor) as Signer).privateKey,
    keyService: keys.get(keyService) as Signer,
  }
}

/** The model, which is no model: it counts. Its words come one by one, as those of models do. */
async function* speak(body: string): AsyncGenerator<string> {
  const { messages } = JSON.parse(body) as { readonly messages: readonly { readonly content: string }[] }
  const prompt = messages.at(-1)?.content ?? ''
  const asked = prompt.match(/\S+/g) ?? []
  const answer =
    `I am a made-up model in a made-up machine, and I read ${asked.length} words. ` +
    `The last of them is “${asked.at(-1) ?? ''}”. The relay between us saw none of them, and none of these.`
  const head = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model: 'demo',
  }
  const event = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  for (const content of answer.match(/\S+\s*/g) ?? []) {
    await new Promise((resolve) => setTimeout(resolve, 40))
    yield event({ content })
  }
  yield event({}, 'stop')
  yield 'data: [DONE]\n\n'
}

/** Evidence of two GPUs that answers a nonce. */
async function gpusFor(nonce: Uint8Array, vendor: CryptoKey): Promise<string> {
  const list = [0, 1].map(async (index) => {
    const evidence = gpuStatement(nonce, index)
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = new Uint8Array(await crypto.subtle.sign(algorithm, vendor, evidence))
    return { evidence: hex(evidence), signature: hex(signature) }
  })
  return JSON.stringify({ list: await Promise.all(list) })
}

type Report = Record<string, Record<string, unknown>>

/** The report, as the relay hands it on. */
async function report(attack: RelayAttackName, request: Request, own: Made): Promise<Response> {
  const { provider, stranger } = own
  const asked = unhex(new URL(request.url).searchParams.get('nonce') ?? '')
  if (asked.length !== 32) return text(400, 'a nonce has 32 bytes')
  const other = (): Bytes => crypto.getRandomValues(new Uint8Array(32))
  const recorded = attack === 'stale-report' ? other() : asked
  const compose =
    attack === 'other-compose'
      ? composeOf(`example/model@sha256:${'d3'.repeat(32)}`, `example/prompt-log@sha256:${'e4'.repeat(32)}`)
      : demoCompose
  const plan: ReportPlan = {
    dstack: { appCompose: compose, kms: own.keyService },
    nonce: recorded,
    async report(sound) {
      const gpus = await gpusFor(attack === 'other-gpus' ? other() : recorded, own.gpuVendor)
      const whole: Report = {
        ...sound,
        gateway: { ...sound.gateway, gpus, nonce: hex(asked) },
        not_after: (Math.floor(Date.now() / 1000) + hour) as never,
      }
      return between(attack, whole, stranger)
    },
  }
  const served = await (attack === 'other-compose' ? stranger : provider).report(asked, plan)
  return new Response(served, { headers: { 'content-type': 'application/json' } })
}

/** Keys of the attacker's own in the place of others. */
async function between(attack: RelayAttackName, whole: Report, { signer, config }: FakeProvider): Promise<object> {
  if (attack === 'swapped-config') return { ...whole, config: hex(config) }
  if (attack !== 'relayed-quote') return whole
  return {
    ...whole,
    gateway: { ...whole.gateway, signing_key: hex(signer.bytes) },
    config: hex(config),
    signature: hex(await signWith(signer, config)),
  }
}

async function sealed(attack: RelayAttackName, request: Request, { provider }: Made): Promise<Response> {
  if (attack === 'in-the-clear')
    return new Response('data: {"choices":[{"delta":{"content":"Trust me."}}]}\n\ndata: [DONE]\n\n', {
      headers: { 'content-type': 'text/event-stream' },
    })
  const response = await provider.respond(forwarded(request, `${providerOrigin}/ohttp`))
  return attack === 'cut-off' && response.body !== null ? new Response(firstOf(response.body, 12), response) : response
}
