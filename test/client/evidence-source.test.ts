/**
 * Evidence sources of callers, and relays: a source gets a nonce and nothing of any request, what
 * it returns is unverified, and where bytes go does not change what they are for. The enclave's end
 * is a real gateway.
 */
import { refusalOf } from '../support/refusal.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch, AttestedFetchOptions, EvidenceAnswer, EvidenceQuestion } from '../../src/client/index.ts'
import { AppraisalError, AttestationError, VerificationError } from '../../src/core/errors.ts'
import { platform } from '../../src/client/runtime.ts'
import { verifyNitro, skipReferenceValues } from '../../src/formats/aws/nitro/index.ts'
import { runtimeClock } from '../../src/gateway/clock.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { createNitroAttester, type NitroAttester } from '../attester/nitro.ts'
import { codeOf, origin, paths, settle, startedAt, utf8 } from './world.ts'

type Source = NonNullable<AttestedFetchOptions['evidenceSource']>

let attester: NitroAttester
beforeAll(async () => {
  attester = await createNitroAttester({ now: new Date(startedAt) })
})

interface Sent {
  readonly url: string
  readonly init: RequestInit
  readonly state: string
}

interface World {
  readonly send: AttestedFetch
  readonly sent: readonly Sent[]
  readonly arrived: readonly string[]
  /** A source that asks the gateway for evidence in a way of its own. */
  readonly source: Source
}

/** @param answers of other addresses */
async function worldOf(
  options: Partial<AttestedFetchOptions> | ((world: World) => Partial<AttestedFetchOptions>) = {},
  answers: (url: string, init: RequestInit) => Response | Promise<Response> = () => new Response('{}'),
): Promise<World> {
  const sent: Sent[] = []
  const arrived: string[] = []
  let config: Uint8Array = new Uint8Array()
  const gateway = createGateway({
    origins: origin,
    clock: { ...runtimeClock, wall: () => startedAt },
    attest: async ({ nonce, keyConfig }) => {
      config = keyConfig
      return {
        mediaType: 'application/cbor',
        evidence: await attester.document({ nonce, publicKey: keyConfig }),
        holdsKeyConfig: true,
      }
    },
    handler: async (request) => {
      arrived.push(`${request.method} ${request.url} ${await request.text()}`)
      return new Response('done')
    },
  })
  await gateway(
    new Request(origin + paths.evidence, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ nonce: 'A'.repeat(43) }),
    }),
  )
  const fetcher = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = String(input)
    sent.push({ url, init, state: world.send.state })
    const isSealed = new Headers(init.headers).get('content-type') === 'message/ohttp-chunked-req'
    if (!isSealed) return answers(url, init)
    return gateway(new Request(origin + paths.data, { ...init, duplex: 'half' } as RequestInit))
  }
  const source: Source = async ({ nonce }) => ({
    evidence: await attester.document({ nonce, publicKey: config }),
    mediaType: 'application/cbor',
  })
  const world: World = { sent, arrived, source } as never
  const own = typeof options === 'function' ? options(world) : options
  const send = createClient(
    origin,
    {
      verify: (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { nonce },
          trustAnchors: [attester.root],
          now: new Date(startedAt),
        }),
      evidenceSource: source,
      ...own,
    },
    { ...platform, fetch: fetcher, now: () => startedAt },
  )
  return Object.assign(world, { send })
}

const post = (send: AttestedFetch): Promise<Response> => send('/v1/chat', { method: 'POST', body: 'prompt 4711' })
const sealedIn = ({ sent }: World): readonly Sent[] =>
  sent.filter(({ init }) => new Headers(init.headers).get('content-type') === 'message/ohttp-chunked-req')

describe('a source', () => {
  test('takes the place of the exchange, once for each attestation', async () => {
    let asked = 0
    const world = await worldOf(({ source }) => ({
      evidenceSource: (question) => {
        asked++
        return source(question)
      },
    }))
    expect(await (await post(world.send)).text()).toBe('done')
    await post(world.send)
    expect(asked).toBe(1)
    expect(world.sent.map(({ url }) => url)).toEqual([origin + paths.data, origin + paths.data])
    expect(world.arrived).toEqual([`POST ${origin}/v1/chat prompt 4711`, `POST ${origin}/v1/chat prompt 4711`])
    await world.send.reattest()
    expect(asked).toBe(2)
  })

  test('gets a nonce of its own, a signal and a fetch, and nothing of a request', async () => {
    const questions: EvidenceQuestion[] = []
    const world = await worldOf(({ source }) => ({
      evidenceSource: async (question) => {
        questions.push(question)
        const answer = await source(question)
        question.nonce.fill(0)
        return answer
      },
    }))
    await post(world.send)
    const [question] = questions
    expect(Object.keys(question ?? {}).sort()).toEqual(['fetch', 'nonce', 'signal'])
    expect(question?.nonce.length).toBe(32)
  })

  test('what it hands on reaches verifier and binding, unread', async () => {
    const context = {
      get documents(): never {
        throw new Error('read')
      },
    }
    const seen: unknown[] = []
    const world = await worldOf(({ source }) => ({
      evidenceSource: async (question) => ({
        ...(await source(question)),
        context,
        endorsements: 7,
        keyConfig: utf8('config'),
      }),
      binding: ({ publicKey }, challenge) => {
        seen.push(challenge)
        return publicKey as never
      },
    }))
    await post(world.send)
    expect(seen).toMatchObject([{ endorsements: 7, mediaType: 'application/cbor', keyConfig: utf8('config') }])
    expect((seen[0] as { context: unknown }).context).toBe(context)
    expect((seen[0] as { reportData: unknown }).reportData).toBeUndefined()
  })

  test.each<[string, (answer: EvidenceAnswer) => unknown]>([
    ['nothing', () => undefined],
    ['no evidence', () => ({ mediaType: 'a' })],
    ['empty evidence', () => ({ evidence: new Uint8Array() })],
    ['evidence as text', () => ({ evidence: 'abc' })],
    ['a key configuration as text', (answer) => ({ ...answer, keyConfig: 'abc' })],
    ['a media type that is none', (answer) => ({ ...answer, mediaType: 1 })],
    ['more than the limit', (answer) => ({ ...answer, evidence: new Uint8Array(65_537) })],
    ['more than the limit with its key configuration', (answer) => ({ ...answer, keyConfig: new Uint8Array(65_536) })],
    [
      'what is thrown',
      () => {
        throw new Error('offline')
      },
    ],
  ])('that answers %s: nothing is sealed', async (_name, change) => {
    const world = await worldOf(({ source }) => ({
      evidenceSource: async (question) => change(await source(question)) as never,
    }))
    const error = await refusalOf(post(world.send))
    expect([error.code, error.name]).toEqual(['client-evidence', 'VerificationError'])
    expect(sealedIn(world)).toEqual([])
    expect(world.send.refusal).toBe(error)
  })

  test('up to 8 MiB, where the caller says so', async () => {
    const evidence = new Uint8Array(8_388_608).fill(1)
    const own = new AppraisalError('policy-kind', 'seen')
    let size = 0
    const world = await worldOf({
      maximumEvidenceBytes: 8_388_608,
      evidenceSource: () => Promise.resolve({ evidence }),
      verify: (bytes) => {
        size = bytes.length
        return Promise.reject(own)
      },
    })
    expect(await refusalOf(post(world.send))).toBe(own)
    expect(size).toBe(8_388_608)
    await expect(worldOf({ maximumEvidenceBytes: 8_388_609 })).rejects.toThrow(
      /^maximumEvidenceBytes must be above 0, at most 8388608$/,
    )
  })

  test('an error of this library that it throws is handed on; others are its cause', async () => {
    const own = new VerificationError('report-select', 'no model')
    expect(await refusalOf(post((await worldOf({ evidenceSource: () => Promise.reject(own) })).send))).toBe(own)
    const other = new RangeError('x')
    const error = await refusalOf(post((await worldOf({ evidenceSource: () => Promise.reject(other) })).send))
    expect(error.cause).toBe(other)
  })

  test('stale evidence is refused, whatever the verifier compared', async () => {
    const old = await attester.document({ nonce: new Uint8Array(32).fill(5), publicKey: new Uint8Array(10) })
    const world = await worldOf({
      evidenceSource: () => Promise.resolve({ evidence: old }),
      verify: (evidence) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { maxAgeSeconds: 3600 },
          trustAnchors: [attester.root],
          now: new Date(startedAt),
        }),
    })
    expect((await refusalOf(post(world.send))).code).toBe('client-freshness')
    expect(sealedIn(world)).toEqual([])
  })

  test('that never answers ends with the attestation', async () => {
    const world = await worldOf({ attestSeconds: 0.01, evidenceSource: () => new Promise(() => undefined) })
    expect((await refusalOf(post(world.send))).code).toBe('client-timeout')
    expect(sealedIn(world)).toEqual([])
  })
})

describe('the fetch of a source', () => {
  /** Runs `ask` inside a source. */
  const asking = async (
    ask: (question: EvidenceQuestion) => Promise<unknown>,
    answers?: Parameters<typeof worldOf>[1],
    options: Partial<AttestedFetchOptions> = {},
  ): Promise<World & { readonly outcome: string }> => {
    const world = await worldOf(
      ({ source }) => ({
        evidenceSource: async (question) => {
          await ask(question)
          return source(question)
        },
        ...options,
      }),
      answers,
    )
    const outcome = await codeOf(post(world.send))
    return { ...world, outcome }
  }

  test('asks as the client does: no cookies, no cache, no redirections', async () => {
    const { sent, outcome } = await asking(async ({ fetch }) => {
      const init = {
        headers: { authorization: 'Bearer k' },
        credentials: 'include',
        redirect: 'follow',
        cache: 'force-cache',
        keepalive: true,
      } as const
      expect(await (await fetch('https://provider.example/report?nonce=1', init)).json()).toEqual({})
      await fetch(new URL('https://provider.example/report'), { method: 'POST', body: 'question' })
    })
    expect(outcome).toBe('settled')
    const [get, ask] = sent
    expect(get).toMatchObject({
      url: 'https://provider.example/report?nonce=1',
      init: { method: 'GET', redirect: 'manual', credentials: 'omit', cache: 'no-store', body: null },
    })
    expect(get?.init).not.toHaveProperty('keepalive')
    expect(new Headers(get?.init.headers).get('authorization')).toBe('Bearer k')
    expect(ask?.init).toMatchObject({ method: 'POST', body: 'question' })
  })

  test.each<[string, (question: EvidenceQuestion) => Promise<unknown>]>([
    ['another method', ({ fetch }) => fetch('https://provider.example/', { method: 'PUT' })],
    ['an address without TLS', ({ fetch }) => fetch('http://provider.example/')],
    ['this machine, where that is not allowed', ({ fetch }) => fetch('http://localhost:1234/')],
    ['a relative address', ({ fetch }) => fetch('/report')],
    ['an address with a name', ({ fetch }) => fetch('https://user@provider.example/')],
    ['a Request', ({ fetch }) => fetch(new Request('https://provider.example/'))],
  ])('does not ask: %s', async (_name, ask) => {
    const { sent, outcome } = await asking(ask)
    expect(outcome).toBe('client-evidence')
    expect(sent).toEqual([])
  })

  test.each<[string, () => Response | Promise<Response>, string]>([
    [
      'a redirection',
      () => new Response(null, { status: 302, headers: { location: 'https://other.example/' } }),
      'client-transport',
    ],
    ['no answer', () => Promise.reject(new TypeError('fetch failed')), 'client-transport'],
    ['more than the limit', () => new Response(new Uint8Array(65_537)), 'client-evidence'],
  ])('%s ends the attestation', async (_name, answer, code) => {
    const world = await asking(({ fetch }) => fetch('https://provider.example/'), answer)
    expect(world.outcome).toBe(code)
    expect(sealedIn(world)).toEqual([])
  })

  test('the limit is for all answers together', async () => {
    const ask = async ({ fetch }: EvidenceQuestion): Promise<void> => {
      for (let i = 0; i < 3; i++) await fetch('https://provider.example/')
    }
    expect((await asking(ask, () => new Response(new Uint8Array(30_000)))).outcome).toBe('client-evidence')
    expect((await asking(ask, () => new Response(new Uint8Array(20_000)))).outcome).toBe('settled')
  })

  test('an answer in very many pieces', async () => {
    let left = 130_000
    const answer = (): Response =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            if (left-- > 0) controller.enqueue(new Uint8Array(1))
            else controller.close()
          },
        }),
      )
    const { outcome } = await asking(({ fetch }) => fetch('https://provider.example/'), answer, {
      maximumEvidenceBytes: 8_388_608,
    })
    expect(outcome).toBe('settled')
  })

  test('is closed once the source has settled, and so is what it asked', async () => {
    let kept: EvidenceQuestion | undefined
    let open: Promise<unknown> | undefined
    const never = (): Response => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }))
    const { outcome } = await asking((question) => {
      kept = question
      open = question.fetch('https://provider.example/')
      open.catch(() => undefined)
      return Promise.resolve()
    }, never)
    expect(outcome).toBe('settled')
    await settle()
    expect(await codeOf(open as Promise<unknown>)).toBe('client-closed')
    expect(await codeOf((kept as EvidenceQuestion).fetch('https://provider.example/'))).toBe('client-closed')
  })

  test('a signal of the source ends what it asks', async () => {
    const own = new AbortController()
    own.abort(new VerificationError('report-json', 'enough'))
    const { sent, outcome } = await asking(({ fetch }) => fetch('https://provider.example/', { signal: own.signal }))
    expect([outcome, sent.length]).toEqual(['report-json', 0])
  })
})

describe('a relay', () => {
  const relay = 'https://relay.example/to/provider?via=1'

  test('gets sealed bytes only, for the same origin', async () => {
    const world = await worldOf({ relay })
    expect(
      await (
        await world.send('/v1/chat', { method: 'POST', body: 'prompt 4711', headers: { authorization: 'Bearer key' } })
      ).text(),
    ).toBe('done')
    const [one] = world.sent
    expect(world.sent.map(({ url }) => url)).toEqual([relay])
    expect(Object.keys(one?.init.headers as object).sort()).toEqual(['accept', 'content-type'])
    const bytes = Buffer.from(await (one?.init.body as Blob).arrayBuffer())
    for (const secret of ['4711', 'Bearer', 'enclave.example', '/v1/chat']) expect(bytes.includes(secret)).toBe(false)
    expect(world.arrived).toEqual([`POST ${origin}/v1/chat prompt 4711`])
  })

  test('the inner authority stays the origin: other addresses are refused', async () => {
    const { send, sent } = await worldOf({ relay })
    await expect(send('https://relay.example/v1/chat')).rejects.toThrow(TypeError)
    expect(sent).toEqual([])
  })

  test.each([400, 401, 403, 429, 500, 503])(
    '%i in the clear is the relay’s own, and says its status',
    async (status) => {
      const world = await worldOf({ relay })
      await world.send.attest()
      const broken = createClient(
        origin,
        {
          verify: (evidence, { nonce }) =>
            verifyNitro(evidence, {
              referenceValues: skipReferenceValues,
              freshness: { nonce },
              trustAnchors: [attester.root],
              now: new Date(startedAt),
            }),
          evidenceSource: world.source,
          relay,
        },
        { ...platform, fetch: () => Promise.resolve(Response.json({ error: 'no' }, { status })), now: () => startedAt },
      )
      const error = await refusalOf(post(broken))
      expect([error.code, error.message]).toEqual([
        'client-response',
        `unauthenticated answer: expected 200 message/ohttp-chunked-res, found ${status} application/json`,
      ])
    },
  )
})

test.each<[string, object, RegExp]>([
  ['a source that is none', { evidenceSource: {} }, /^evidenceSource must be a function$/],
  ['a source beside a path', { evidencePath: '/evidence' }, /^evidencePath must be left out beside evidenceSource$/],
  [
    'a source beside evidence of the client',
    { attest: () => new Uint8Array(1) },
    /^attest must be left out beside evidenceSource$/,
  ],
  ['a relay without TLS', { relay: 'http://relay.example/' }, /^relay must be an absolute https address$/],
  ['a relative relay', { relay: '/relay' }, /^relay must be an absolute https address$/],
  ['a relay with a name', { relay: 'https://me@relay.example/' }, /^relay must be an absolute https address$/],
  ['a relay with a fragment', { relay: 'https://relay.example/#a' }, /^relay must be an absolute https address$/],
  ['a relay that is there but undefined', { relay: undefined }, /^relay must be an absolute https address$/],
])('the caller’s own mistake: %s', async (_name, options, message) => {
  await expect(worldOf(options as never)).rejects.toThrow(TypeError)
  await expect(worldOf(options as never)).rejects.toThrow(message)
})

describe('the last refusal', () => {
  test('is kept, whatever an SDK makes of it', async () => {
    const own = new AppraisalError('policy-pcr', 'PCR0')
    let isSound = false
    const world = await worldOf(({ source }) => ({
      evidenceSource: (question) => (isSound ? source(question) : Promise.reject(own)),
    }))
    expect(world.send.refusal).toBeUndefined()
    await post(world.send).catch(() => undefined)
    expect(world.send.refusal).toBe(own)
    isSound = true
    await post(world.send)
    expect(world.send.refusal).toBe(own)
    await world.send.reattest()
    expect(world.send.refusal).toBeInstanceOf(AttestationError)
  })

  test('a caller’s own mistake is none', async () => {
    const { send } = await worldOf()
    await send('https://other.example/').catch(() => undefined)
    expect(send.refusal).toBeUndefined()
  })
})
