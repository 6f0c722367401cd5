/**
 * A client that talks to a provider as its profile says: what works, and that after a refusal not
 * one sealed byte has left. One test per attack.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import {
  attestedProvider,
  type AttestedProviderOptions,
  keySignedByAttestedKey,
  providerSource,
  type ProviderReport,
  readProviderProfile,
} from '../../src/ai/index.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch, AttestedFetchOptions, Challenge } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { AttestationError } from '../../src/core/errors.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import { composeOf, sha } from '../attester/dstack.ts'
import {
  createProvider,
  ed25519,
  type FakeProvider,
  model,
  providerOrigin,
  type ReportPlan,
  signWith,
  soundProfile,
} from '../attester/provider.ts'

const now = new Date('2026-06-01T12:00:00Z')
const authorization = 'Bearer caller'
let provider: FakeProvider
let options: AttestedProviderOptions
beforeAll(async () => {
  provider = await createProvider(now)
  options = await provider.clientOptions()
})

interface Sent {
  readonly url: string
  readonly method: string
  readonly authorization: string | null
  readonly body: Uint8Array
}

/** @param plan what the one in between makes of the report */
function connect(
  plan?: ReportPlan | ((request: Request) => Promise<Response>),
  over: Partial<AttestedFetchOptions> = {},
  onReport?: (report: ProviderReport) => void,
): { readonly send: AttestedFetch; readonly sent: Sent[] } {
  const sent: Sent[] = []
  const network = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', headers } = init
    const body = init.body == null ? new Uint8Array() : new Uint8Array(await new Response(init.body).arrayBuffer())
    sent.push({ url: input as string, method, authorization: new Headers(headers).get('authorization'), body })
    const request = new Request(input as string, { method, headers, ...(body.length > 0 && { body }) } as RequestInit)
    return typeof plan === 'function' ? plan(request) : provider.respond(request, plan)
  }
  const send = createClient(
    providerOrigin,
    {
      ...attestedProvider(soundProfile, { ...options, headers: { authorization }, ...(onReport && { onReport }) }),
      ...over,
    },
    { ...platform, fetch: network, now: () => now.getTime() },
  )
  return { send, sent }
}

const chat = (send: AttestedFetch): Promise<Response> =>
  send('/v1/chat/completions', { method: 'POST', body: 'prompt 4711', headers: { authorization: 'Bearer key' } })
const sealed = (sent: readonly Sent[]): readonly Sent[] => sent.filter(({ method }) => method === 'POST')

async function refusalOf(work: Promise<unknown>): Promise<AttestationError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof AttestationError) return error
  throw new Error('expected a refusal', { cause: error })
}

// The end of what a report says is judged by the clock: that of the machine, which is not part of
// this world.
const farAway = (report: Record<string, Record<string, unknown>>): object => ({ ...report, not_after: 253_402_300_799 })
const plan = (over: ReportPlan = {}): ReportPlan => ({ report: farAway, ...over })

test('asks, verifies, and then sends sealed: prompt, path and key are inside', async () => {
  const reports: ProviderReport[] = []
  const { send, sent } = connect(plan(), {}, (report) => reports.push(report))
  const response = await chat(send)
  expect(await response.text()).toBe('/v1/chat/completions prompt 4711')
  const [asked, posted] = sent
  expect(asked?.url).toMatch(
    /^https:\/\/provider\.example\/v1\/attestation\/example%2Fmodel\?nonce=[0-9a-f]{64}&form=full$/,
  )
  expect(asked).toMatchObject({ method: 'GET', authorization })
  expect(posted).toMatchObject({ url: `${providerOrigin}/ohttp`, method: 'POST', authorization: null })
  for (const secret of ['4711', 'Bearer', 'completions'])
    expect(Buffer.from(posted?.body ?? []).includes(secret)).toBe(false)
  expect(provider.opened.at(-1)).toMatchObject({
    path: '/v1/chat/completions',
    body: 'prompt 4711',
    headers: { authorization: 'Bearer key' },
  })
  expect(reports).toHaveLength(1)
  expect(send.result).toBe(reports[0]?.components.gateway?.result)
})

test('through a relay, which sees sealed bytes only', async () => {
  const relay = 'https://relay.example/provider'
  const { send, sent } = connect(
    (request) =>
      provider.respond(request.url === relay ? new Request(`${providerOrigin}/ohttp`, request) : request, plan()),
    { relay },
  )
  expect(await (await chat(send)).text()).toBe('/v1/chat/completions prompt 4711')
  expect(sent.map(({ url }) => new URL(url).host)).toEqual(['provider.example', 'relay.example'])
  expect(sent[1]?.authorization).toBeNull()
})

describe('after an attack, 0 sealed bytes', () => {
  const stranger = ed25519()
  test.each<[string, () => ReportPlan | Promise<ReportPlan>, string]>([
    ['a stale report', () => plan({ nonce: new Uint8Array(32).fill(1) }), 'report-nonce'],
    [
      'a stale report with an echo that lies',
      () =>
        plan({
          nonce: new Uint8Array(32).fill(1),
          report: (report) => ({
            ...(farAway(report) as typeof report),
            gateway: { ...report.gateway, nonce: lastNonce },
          }),
        }),
      'policy-report-data',
    ],
    [
      'a swapped key configuration',
      () =>
        plan({ report: (report) => ({ ...farAway(report), config: hex(concat([9], provider.config.subarray(1))) }) }),
      'report-key',
    ],
    [
      'a key configuration signed by someone in between',
      async () => {
        const signature = hex(await signWith(await stranger, provider.config))
        return plan({ report: (report) => ({ ...farAway(report), signature }) })
      },
      'report-key',
    ],
    ['another application', () => plan({ dstack: { appCompose: composeOf('other/app:1') } }), 'policy-compose'],
    ['GPUs of another nonce', () => plan({ gpuNonce: new Uint8Array(32).fill(1) }), 'policy-gpu'],
    [
      'the quote of another machine',
      () => plan({ reportData: () => new Uint8Array(64).fill(3) }),
      'policy-report-data',
    ],
  ])('%s', async (_name, attack, code) => {
    const made = await attack()
    const { send, sent } = connect((request) => {
      lastNonce = new URL(request.url).searchParams.get('nonce') ?? ''
      return provider.respond(request, made)
    })
    const before = provider.opened.length
    const error = await refusalOf(chat(send))
    expect(error.code).toBe(code)
    expect(sealed(sent)).toEqual([])
    expect(provider.opened.length).toBe(before)
    expect(send.refusal).toBe(error)
    expect(send.state).toBe('refused')
  })
  let lastNonce = ''

  test('a provider that answers in the clear is not believed', async () => {
    const { send, sent } = connect((request) =>
      request.method === 'GET' ? provider.respond(request, plan()) : Promise.resolve(Response.json({ choices: [] })),
    )
    const error = await refusalOf(chat(send))
    expect([error.code, sealed(sent).length]).toEqual(['client-response', 1])
  })

  test('a stream that breaks off is an error, and does not look finished', async () => {
    const { send } = connect(async (request) => {
      const response = await provider.respond(request, plan())
      if (request.method === 'GET') return response
      const bytes = new Uint8Array(await response.arrayBuffer())
      return new Response(bytes.subarray(0, -1), { headers: response.headers })
    })
    const response = await chat(send)
    await expect(response.text()).rejects.toThrow()
    expect(send.refusal?.code).toBe('ohttp-incomplete')
  })
})

describe('a source', () => {
  test.each<[string, () => Response, string]>([
    ['another status', () => new Response('no', { status: 401 }), 'client-evidence'],
    ['bytes that are no text', () => new Response(new Uint8Array([0xff])), 'report-json'],
    ['no JSON', () => new Response('<html>'), 'report-json'],
    ['JSON without evidence', () => new Response('{"gateway":{},"config":"00"}'), 'report-field'],
  ])('%s', async (_name, answer, code) => {
    const { send, sent } = connect(() => Promise.resolve(answer()))
    expect((await refusalOf(chat(send))).code).toBe(code)
    expect(sealed(sent)).toEqual([])
  })

  test('a key is shown only to documents that want it', async () => {
    const profile = readProviderProfile({
      ...soundProfile,
      documents: { report: { ...soundProfile.documents.report, authorization: 'none' } },
    })
    const asked: (string | null)[] = []
    const source = providerSource(profile, {
      parameters: { model },
      headers: { authorization, 'x-other': 'yes' },
      origin: 'https://other.example',
    })
    await source({
      nonce: new Uint8Array(32),
      signal: new AbortController().signal,
      fetch: async (input, init) => {
        const headers = new Headers(init?.headers)
        asked.push(new URL(input as string).origin, headers.get('authorization'), headers.get('x-other'))
        return new Response(await provider.report(new Uint8Array(32)))
      },
    })
    expect(asked).toEqual(['https://other.example', null, 'yes'])
  })

  test.each<[string, object, object, RegExp]>([
    [
      'no origin',
      { ...soundProfile, origin: null },
      { parameters: { model }, headers: { authorization } },
      /^origin must be an origin/,
    ],
    [
      'no key',
      soundProfile,
      { parameters: { model } },
      /^headers must be with an authorization: document report wants it$/,
    ],
    ['no model', soundProfile, { headers: { authorization } }, /^parameters\.model must be text$/],
    [
      'an option that is not known',
      soundProfile,
      { nonce: 1 },
      /^option "nonce" must be one of parameters, headers, origin$/,
    ],
  ])('the caller’s own mistake: %s', (_name, profile, own, message) => {
    expect(() => providerSource(profile, own)).toThrow(TypeError)
    expect(() => providerSource(profile, own)).toThrow(message)
  })

  test('a profile without such a channel', () => {
    const profile = { ...soundProfile, channel: { kind: 'none', why: 'none is served' } }
    expect(() => attestedProvider(profile, { unproven: [], verify: options.verify })).toThrow(
      /^profile must have a channel: none is served$/,
    )
  })
})

describe('keySignedByAttestedKey', () => {
  const nonce = new Uint8Array(32).fill(4)
  const tls = new Uint8Array(32).fill(5)
  const reportDataOf = async (key: Uint8Array, of: Uint8Array): Promise<Uint8Array> =>
    concat(await sha('SHA-256', concat(key, tls)), of)

  interface Claimed {
    readonly key?: Uint8Array
    readonly signature?: Uint8Array
    readonly config?: Uint8Array
    readonly form?: 'single' | 'list'
    readonly verified?: Uint8Array
    readonly throws?: Error
  }

  async function bind(claimed: Claimed = {}, challenge: Partial<Challenge> = {}): Promise<Uint8Array> {
    const { signer, config } = provider
    const signature = claimed.signature ?? (await signWith(signer, config))
    const binding = keySignedByAttestedKey({
      keyConfig: () => claimed.config ?? config,
      form: claimed.form ?? 'single',
      signature: () => signature,
      signingKey: () => {
        if (claimed.throws !== undefined) throw claimed.throws
        return claimed.key ?? signer.bytes
      },
      reportData: ({ nonce: asked }, key) => reportDataOf(key, asked),
    })
    const reportData = claimed.verified ?? (await reportDataOf(signer.bytes, nonce))
    const own = {
      nonce,
      keyConfig: undefined,
      reportData: undefined,
      mediaType: '',
      endorsements: undefined,
      suite: { kem: 'X25519', aead: 'AES-128-GCM' },
      ...challenge,
    }
    return binding({ claims: { reportData } } as never, own as Challenge)
  }

  test('the one key of the client’s suite', async () => {
    expect(await bind()).toEqual(provider.key.config)
  })

  test.each<[string, () => Claimed | Promise<Claimed>, string, RegExp]>([
    [
      'report data for another nonce',
      async () => ({ verified: await reportDataOf(provider.signer.bytes, new Uint8Array(32)) }),
      'client-key',
      /^report data: expected/,
    ],
    [
      'no report data',
      () => ({ verified: new Uint8Array() }),
      'client-key',
      /^report data: expected [0-9a-f]{128}, found $/,
    ],
    [
      'a key that report data does not hold',
      async () => {
        const other = await ed25519()
        return { key: other.bytes, signature: await signWith(other, provider.config) }
      },
      'client-key',
      /^report data: expected/,
    ],
    [
      'a signature by another key',
      async () => ({ signature: await signWith(await ed25519(), provider.config) }),
      'client-key',
      /^key configuration: expected signed by the attested key, found another signature$/,
    ],
    ['another configuration', () => ({ config: unhex('00') }), 'client-key', /signed by the attested key/],
    [
      'a signature of 63 bytes',
      () => ({ signature: new Uint8Array(63) }),
      'client-key',
      /^signature: expected 64 bytes, found 63$/,
    ],
    [
      'a key of 33 bytes',
      () => ({ key: new Uint8Array(33) }),
      'client-key',
      /^signing key: expected 32 bytes, found 33$/,
    ],
    [
      'documents without a key',
      () => ({ throws: new TypeError('undefined') }),
      'client-key',
      /^signing key: not found$/,
    ],
    ['another form', () => ({ form: 'list' }), 'ohttp-key-config', /^key configuration/],
  ])('refused: %s', async (_name, claimed, code, message) => {
    const error = await refusalOf(bind(await claimed()))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  test('a suite that is not offered', async () => {
    expect((await refusalOf(bind({}, { suite: { kem: 'P-256', aead: 'AES-128-GCM' } }))).code).toBe('ohttp-key-config')
  })

  test.each([
    ['form', { form: 'any' }],
    ['keyConfig', { keyConfig: 1 }],
    ['signature', { signature: undefined }],
  ])('the caller’s own mistake: %s', (name, over) => {
    const sound = {
      keyConfig: new Uint8Array(1),
      form: 'single',
      signature: () => tls,
      signingKey: () => tls,
      reportData: () => Promise.resolve(tls),
    }
    expect(() => keySignedByAttestedKey({ ...sound, ...over } as never)).toThrow(new RegExp(`^${name} must be`))
  })
})
