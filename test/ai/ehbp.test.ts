/**
 * The channel that seals bodies, with a client in front of it and the enclave's end behind: what is
 * sealed, what is open and named, and that after a refusal not one sealed byte has left.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { ehbp, type EhbpOptions } from '../../src/ai/ehbp/index.ts'
import { attestedProvider, type AttestedProviderOptions } from '../../src/ai/index.ts'
import { counting, setUpRecipient } from '../../src/channel/hpke.ts'
import { createGatewayKey, type GatewayKey } from '../../src/channel/key-config.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { AttestationError } from '../../src/core/errors.ts'
import { aesGcm, hkdf } from '../../src/crypto/aead.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import type { Bytes } from '../attester/der.ts'
import { composeOf, sha } from '../attester/dstack.ts'
import {
  createProvider,
  type FakeProvider,
  model,
  providerOrigin,
  type ReportPlan,
  soundProfile,
} from '../attester/provider.ts'

const now = new Date('2026-06-01T12:00:00Z')
const tls = new Uint8Array(32).fill(0x77)
const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
let provider: FakeProvider
let options: AttestedProviderOptions
let key: GatewayKey
let raw: Bytes
let digest: Bytes
beforeAll(async () => {
  provider = await createProvider(now)
  options = await provider.clientOptions()
  key = await createGatewayKey(0, { kem: 'X25519', aead: 'AES-256-GCM' })
  raw = key.config.slice(5, 37)
  digest = await sha('SHA-256', concat(raw, tls))
})

const profile = {
  ...soundProfile,
  channel: {
    kind: 'ehbp-1',
    component: 'gateway',
    key: { at: '/signing_key', as: 'hex', form: 'x25519' },
    vouched: { by: 'report-data' },
  },
}

/** The report of an enclave whose key this is. */
const plan = (over: ReportPlan = {}): ReportPlan => ({
  reportData: (sound) => concat(digest, sound.subarray(32)),
  report: (report) => ({
    ...report,
    not_after: 253_402_300_799,
    gateway: { ...report.gateway, signing_key: hex(raw) },
  }),
  ...over,
})

interface Opened {
  readonly request: Request
  readonly body: string
}

interface Answer {
  readonly status?: number
  readonly frames?: readonly Uint8Array[]
  /** Changes the sealed body. */
  readonly bytes?: (bytes: Bytes) => Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** The enclave's end, as the protocol has it. */
async function enclave(request: Request, opened: Opened[], answer: Answer): Promise<Response> {
  const enc = unhex(request.headers.get('ehbp-encapsulated-key') ?? '')
  const context = await setUpRecipient(key.cipher, key.pair, enc, utf8('ehbp request'))
  const sealed = new Uint8Array(await request.arrayBuffer())
  let body = ''
  for (let at = 0; at < sealed.length;) {
    const length = new DataView(sealed.buffer).getUint32(at)
    body += new TextDecoder().decode(await context.open(sealed.slice(at + 4, at + 4 + length), new Uint8Array()))
    at += 4 + length
  }
  opened.push({ request, body })
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const secret = await context.exportSecret(utf8('ehbp response'), 32)
  const derived = await hkdf(secret, concat(enc, nonce), { key: 32, nonce: 12 })
  const sealer = counting(await aesGcm(derived.key), derived.nonce)
  const frames: Uint8Array[] = []
  for (const frame of answer.frames ?? [utf8('data: 1\n\n'), utf8('data: [DONE]\n\n')]) {
    const one = await sealer.seal(new Uint8Array(frame), new Uint8Array())
    frames.push(concat(new Uint8Array([0, 0, one.length >> 8, one.length]), one))
  }
  const bytes = concat(...frames)
  return new Response(new Uint8Array(answer.bytes?.(bytes) ?? bytes), {
    status: answer.status ?? 200,
    headers: { 'content-type': 'text/event-stream', 'ehbp-response-nonce': hex(nonce), ...answer.headers },
  })
}

interface World {
  readonly send: AttestedFetch
  readonly sent: { readonly url: string; readonly method: string; readonly body: Bytes }[]
  readonly opened: Opened[]
}

const isWhole = (tail: string): boolean => tail.trimEnd().endsWith('data: [DONE]')

function connect(
  made: ReportPlan = plan(),
  answer: Answer | ((request: Request) => Response) = {},
  own: EhbpOptions = { unproven: ['headers'], isWhole },
): World {
  const sent: World['sent'] = []
  const opened: Opened[] = []
  const network = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', headers } = init
    const body = init.body == null ? new Uint8Array() : new Uint8Array(await new Response(init.body).arrayBuffer())
    sent.push({ url: input as string, method, body })
    const request = new Request(input as string, { method, headers, ...(body.length > 0 && { body }) } as RequestInit)
    if (method === 'GET') return provider.respond(request, made)
    return typeof answer === 'function' ? answer(request) : enclave(request, opened, answer)
  }
  const send = createClient(
    providerOrigin,
    attestedProvider(profile, {
      ...options,
      parameters: { model },
      headers: { authorization: 'Bearer caller' },
      channel: ehbp(own),
    }),
    { ...platform, fetch: network, now: () => now.getTime() },
  )
  return { send, sent, opened }
}

const chat = ({ send }: World, body: BodyInit = 'prompt 4711'): Promise<Response> =>
  send('/v1/chat?x=1', { method: 'POST', body, headers: { 'x-own': 'yes' } })

async function refusalOf(work: Promise<unknown>): Promise<AttestationError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof AttestationError) return error
  throw new Error('expected a refusal', { cause: error })
}

test('verifies first, then sends the body sealed and opens the answer', async () => {
  const world = connect()
  const response = await chat(world)
  expect(await response.text()).toBe('data: 1\n\ndata: [DONE]\n\n')
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const [, posted] = world.sent
  expect(posted).toMatchObject({ url: `${providerOrigin}/v1/chat?x=1`, method: 'POST' })
  expect(Buffer.from(posted?.body ?? []).includes('4711')).toBe(false)
  expect(world.opened[0]?.body).toBe('prompt 4711')
  // In the clear, and accepted by name.
  expect(world.opened[0]?.request.headers.get('x-own')).toBe('yes')
})

test('a long body goes in frames, and comes in frames', async () => {
  const long = 'x'.repeat(150_000)
  const world = connect(plan(), { frames: [utf8('a'.repeat(60_000)), new Uint8Array(), utf8('data: [DONE]')] })
  expect(await (await chat(world, long)).text()).toBe(`${'a'.repeat(60_000)}data: [DONE]`)
  expect(world.opened[0]?.body).toBe(long)
})

test('an answer comes piece by piece', async () => {
  const world = connect()
  const reader = ((await chat(world)).body as ReadableStream<Uint8Array>).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n')
  await reader.cancel()
})

describe('after an attack, 0 sealed bytes', () => {
  const member =
    (over: object): NonNullable<ReportPlan['report']> =>
    (report) => ({
      ...report,
      not_after: 253_402_300_799,
      gateway: { ...report.gateway, signing_key: hex(raw), ...over },
    })
  test.each<[string, () => ReportPlan, string]>([
    ['a stale report', () => plan({ nonce: new Uint8Array(32).fill(1) }), 'report-nonce'],
    ['a swapped key', () => plan({ report: member({ signing_key: '09'.repeat(32) }) }), 'policy-report-data'],
    ['another application', () => plan({ dstack: { appCompose: composeOf('other/app:1') } }), 'policy-compose'],
    ['GPUs of another nonce', () => plan({ gpuNonce: new Uint8Array(32).fill(1) }), 'policy-gpu'],
    [
      'the quote of another machine',
      () => plan({ reportData: () => new Uint8Array(64).fill(3) }),
      'policy-report-data',
    ],
  ])('%s', async (_name, attack, code) => {
    const world = connect(attack())
    expect((await refusalOf(chat(world))).code).toBe(code)
    expect(world.sent.filter(({ method }) => method === 'POST')).toEqual([])
  })

  test('a key of small order, attested', async () => {
    const zero = new Uint8Array(32)
    const own = await sha('SHA-256', concat(zero, tls))
    const world = connect(
      plan({ reportData: (sound) => concat(own, sound.subarray(32)), report: member({ signing_key: hex(zero) }) }),
    )
    expect((await refusalOf(chat(world))).code).toBe('ohttp-key-config')
    expect(world.sent.filter(({ method }) => method === 'POST')).toEqual([])
  })
})

describe('an answer that is not the enclave’s', () => {
  test.each<[string, Answer | ((request: Request) => Response), string]>([
    ['in the clear', () => Response.json({ choices: [] }), 'client-response'],
    ['an error in the clear', () => Response.json({ error: 'no' }, { status: 401 }), 'client-response'],
    ['a nonce of another size', { headers: { 'ehbp-response-nonce': '00' } }, 'client-response'],
  ])('%s is refused', async (_name, answer, code) => {
    expect((await refusalOf(chat(connect(plan(), answer)))).code).toBe(code)
  })

  test.each<[string, Answer, string]>([
    ['another nonce', { headers: { 'ehbp-response-nonce': '00'.repeat(32) } }, 'ohttp-open'],
    ['a bit that differs', { bytes: (bytes) => bytes.map((byte, i) => (i === 6 ? byte ^ 1 : byte)) }, 'ohttp-open'],
    ['frames in another order', { bytes: (bytes) => concat(bytes.subarray(29), bytes.subarray(0, 29)) }, 'ohttp-open'],
    ['a frame that is cut off', { bytes: (bytes) => bytes.subarray(0, -1) }, 'ohttp-incomplete'],
    ['a length that is cut off', { bytes: (bytes) => bytes.subarray(0, 31) }, 'ohttp-incomplete'],
    ['the last frame left out', { bytes: (bytes) => bytes.subarray(0, 29) }, 'ohttp-incomplete'],
    ['nothing at all', { bytes: () => new Uint8Array() }, 'ohttp-incomplete'],
    ['a frame that is too short', { bytes: () => new Uint8Array([0, 0, 0, 15]) }, 'ohttp-size'],
    ['a frame without end', { bytes: () => new Uint8Array([255, 255, 255, 255]) }, 'ohttp-size'],
    ['empty frames without end', { bytes: () => new Uint8Array(4 * 1025) }, 'ohttp-size'],
  ])('%s ends the body with an error', async (_name, answer, code) => {
    const world = connect(plan(), answer)
    const response = await chat(world)
    await expect(response.text()).rejects.toThrow()
    expect(world.send.refusal?.code).toBe(code)
  })

  test('an error of the app has no end to look for', async () => {
    const response = await chat(connect(plan(), { status: 500, frames: [utf8('{"error":1}')] }))
    expect([response.status, await response.text()]).toEqual([500, '{"error":1}'])
  })

  test('422 makes the client attest again, and is not weaker', async () => {
    const world = connect(
      plan(),
      () => new Response('{}', { status: 422, headers: { 'content-type': 'application/problem+json' } }),
    )
    expect((await refusalOf(chat(world))).code).toBe('client-key-rotated')
    await refusalOf(chat(world))
    expect(world.sent.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET', 'POST'])
  })
})

describe('the caller’s own mistakes', () => {
  test('a request without a body: there is nothing to seal', async () => {
    const world = connect()
    await expect(world.send('/v1/models')).rejects.toThrow(
      /^request must be one with a body: this channel seals nothing else$/,
    )
    expect(world.sent.filter(({ url }) => url.endsWith('/models'))).toEqual([])
  })

  test.each<[string, object, RegExp]>([
    ['nothing accepted', {}, /^unproven must be a list of what stays open: headers, end$/],
    ['too little accepted', { unproven: ['headers'] }, /^unproven must be a list of what stays open: headers, end$/],
    [
      'too much accepted',
      { unproven: ['headers', 'end'], isWhole },
      /^unproven must be a list of what stays open: headers$/,
    ],
    ['an end that is none', { unproven: ['headers'], isWhole: true }, /^isWhole must be a function$/],
    [
      'an option that is not known',
      { unproven: ['headers', 'end'], suite: 1 },
      /^option "suite" must be one of unproven, isWhole$/,
    ],
  ])('%s', (_name, own, message) => {
    expect(() => ehbp(own as EhbpOptions)).toThrow(message)
  })

  test('a channel of another kind than the profile’s, and options that it excludes', () => {
    const own = { ...options, headers: { authorization: 'a' } }
    expect(() => attestedProvider(profile, own)).toThrow(/^channel must be one of the kind ehbp-1$/)
    expect(() => attestedProvider(soundProfile, { ...own, channel: ehbp({ unproven: ['headers', 'end'] }) })).toThrow(
      /^channel must be one of the kind ohttp$/,
    )
    const channel = ehbp({ unproven: ['headers', 'end'] })
    const verify = options.verify as never
    expect(() => createClient(providerOrigin, { verify, channel, relay: 'https://relay.example/' }, platform)).toThrow(
      /^relay must be left out beside channel$/,
    )
    expect(() => createClient(providerOrigin, { verify, channel: {} as never }, platform)).toThrow(
      /^channel must be a channel$/,
    )
  })

  test('a channel that would send elsewhere', async () => {
    const sent: string[] = []
    const channel = {
      kind: 'ehbp-1',
      seal: () =>
        Promise.resolve({ url: 'https://other.example/', init: {}, open: (one: Response) => Promise.resolve(one) }),
    }
    const send = createClient(
      providerOrigin,
      attestedProvider(profile, { ...options, headers: { authorization: 'a' }, channel }),
      {
        ...platform,
        now: () => now.getTime(),
        fetch: (input, init) => {
          sent.push(input as string)
          return provider.respond(new Request(input, init), plan())
        },
      },
    )
    await expect(send('/v1/chat', { method: 'POST', body: 'prompt' })).rejects.toThrow(
      /^channel must be one that seals for https:\/\/provider\.example$/,
    )
    expect(sent).toHaveLength(1)
  })
})
