/**
 * The channel with one key for a session, against an enclave's end of its own, with evidence of
 * Nitro whose nonce is text. The algorithms come from tests where WebCrypto lacks them.
 */
import '../support/modern-subtle.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  attestationByNonce,
  keyExchange,
  type KeyExchangeOptions,
  nonceAsText,
} from '../../src/ai/key-exchange/index.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import type { AttestedFetch, Verify } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { skipFreshness, skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { createNitroAttester, type NitroAttester } from '../attester/nitro.ts'
import { refusalOf } from '../support/refusal.ts'
import { eventStream } from './channel-world.ts'
import { base64, type Bytes, unhex, utf8 } from './peers/bytes.ts'
import { createKeyExchangePeer, type KeyExchangePeer } from './peers/key-exchange.ts'

const origin = 'https://enclave.example'
const now = new Date('2026-06-01T12:00:00Z')
const channel = keyExchange({ origin, unproven: ['headers', 'order'] })
let attester: NitroAttester
let other: NitroAttester
beforeAll(async () => {
  ;[attester, other] = await Promise.all([createNitroAttester({ now }), createNitroAttester({ now })])
})

interface Plan {
  /** What the evidence says, of the nonce that was asked for. */
  readonly document?: (said: { nonce: Bytes; publicKey: Bytes }) => Promise<Uint8Array>
  readonly exchanged?: (answer: string) => string
  readonly answer?: (peer: KeyExchangePeer, id: string, body: string) => Response
  readonly verify?: Verify
}

interface World {
  readonly send: AttestedFetch
  readonly sent: { readonly url: string; readonly headers: Headers; readonly body: string }[]
  readonly opened: string[]
}

function connect({ document, exchanged, answer, verify }: Plan = {}): World {
  const peer = createKeyExchangePeer()
  const sent: World['sent'] = []
  const opened: string[] = []
  const network = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input as string)
    const headers = new Headers(init.headers)
    const body = init.body == null ? '' : await new Response(init.body).text()
    sent.push({ url: url.pathname, headers, body })
    if (url.pathname.startsWith('/attestation/')) {
      const said = { nonce: utf8(url.pathname.slice(13)), publicKey: peer.publicKey }
      return Response.json({ attestation_document: base64(await (document?.(said) ?? attester.document(said))) })
    }
    if (url.pathname === '/key_exchange') {
      const answered = peer.exchange(body)
      return new Response(exchanged?.(answered) ?? answered)
    }
    const id = headers.get('x-session-id') ?? ''
    if (body !== '') opened.push(peer.open(id, body))
    return answer?.(peer, id, body) ?? Response.json({ encrypted: peer.seal(id, '{"answer":"4711"}') })
  }
  const send = createClient(
    origin,
    {
      evidenceSource: attestationByNonce({ origin }),
      verify:
        verify ??
        ((evidence, { nonce }) =>
          verifyNitro(evidence, {
            referenceValues: skipReferenceValues,
            freshness: { nonce: nonceAsText(nonce) },
            trustAnchors: [attester.root],
            now,
          })),
      channel,
    },
    { ...platform, fetch: network, now: () => now.getTime() },
  )
  return { send, sent, opened }
}

const chat = ({ send }: World): Promise<Response> =>
  send('/v1/chat', { method: 'POST', body: '{"prompt":"4711"}', headers: { authorization: 'Bearer caller' } })
/** What left beside questions for evidence and for a session. */
const sealedOf = ({ sent }: World): World['sent'] => sent.filter(({ url }) => url.startsWith('/v1/'))

test('verifies, agrees on a key once, and sends bodies sealed', async () => {
  const world = connect()
  const texts = await Promise.all([0, 1, 2].map(async () => (await (await chat(world)).json()) as unknown))
  expect(texts).toEqual(Array(3).fill({ answer: '4711' }))
  expect(world.opened).toEqual(Array(3).fill('{"prompt":"4711"}'))
  expect(world.sent.map(({ url }) => url.replace(/[0-9a-f]{64}/, 'nonce'))).toEqual([
    '/attestation/nonce',
    '/key_exchange',
    '/v1/chat',
    '/v1/chat',
    '/v1/chat',
  ])
  const { nonce } = JSON.parse(world.sent[1]?.body ?? '') as { nonce: string }
  expect(unhex(nonce)).toHaveLength(32)
  expect(world.sent.some(({ body }) => body.includes('4711'))).toBe(false)
  // In the clear, and accepted by name.
  expect(sealedOf(world)[0]?.headers.get('authorization')).toBe('Bearer caller')
})

test('a request without a body has nothing to seal; its answer is sealed', async () => {
  const world = connect()
  expect(await (await world.send('/v1/models')).json()).toEqual({ answer: '4711' })
  expect(sealedOf(world)[0]?.body).toBe('')
})

test('a stream is opened event by event', async () => {
  const answer: Plan['answer'] = (peer, id) =>
    eventStream([...['{"n":1}', '{"n":\n2}'].map((one) => peer.seal(id, one)), '[DONE]'])
  const text = await (await chat(connect({ answer }))).text()
  expect(text).toBe('data: {"n":1}\n\ndata: {"n": 2}\n\ndata: [DONE]\n\n')
})

describe('after an attack, 0 sealed bytes, and no key is agreed on', () => {
  test.each<[string, () => Plan, string]>([
    [
      'relayed evidence, of another nonce',
      () => ({ document: ({ publicKey }) => attester.document({ publicKey, nonce: utf8('00'.repeat(32)) }) }),
      'policy-nonce',
    ],
    [
      'relayed evidence, and a verifier that does not ask',
      () => ({
        document: ({ publicKey }) => attester.document({ publicKey, nonce: utf8('00'.repeat(32)) }),
        verify: (evidence) =>
          verifyNitro(evidence, {
            referenceValues: skipReferenceValues,
            freshness: skipFreshness,
            trustAnchors: [attester.root],
            now,
          }),
      }),
      'client-freshness',
    ],
    ['evidence of another enclave', () => ({ document: (said) => other.document(said) }), 'root-mismatch'],
    ['no key in the evidence', () => ({ document: ({ nonce }) => attester.document({ nonce }) }), 'client-key'],
    [
      'a key of small order',
      () => ({ document: ({ nonce }) => attester.document({ nonce, publicKey: new Uint8Array(32) }) }),
      'client-key',
    ],
    [
      'a key of another size',
      () => ({ document: ({ nonce }) => attester.document({ nonce, publicKey: new Uint8Array(33).fill(9) }) }),
      'client-key',
    ],
  ])('%s', async (_name, plan, code) => {
    const world = connect(plan())
    expect((await refusalOf(chat(world))).code).toBe(code)
    expect(world.sent.map(({ url }) => url.slice(0, 12))).toEqual(['/attestation'])
  })

  const swapped = (change: (answer: Record<string, unknown>) => object): Plan => ({
    exchanged: (answer) => JSON.stringify(change(JSON.parse(answer) as Record<string, unknown>)),
  })
  test.each<[string, Plan, string]>([
    [
      'a session key that another sealed',
      swapped((one) => ({ ...one, encrypted_session_key: base64(new Uint8Array(60)) })),
      'ohttp-open',
    ],
    ['a session key that is none', swapped((one) => ({ ...one, encrypted_session_key: 7 })), 'ohttp-format'],
    ['no session', swapped(({ encrypted_session_key: key }) => ({ encrypted_session_key: key })), 'ohttp-format'],
    ['a session that is a header of others', swapped((one) => ({ ...one, session_id: 'a\r\nb: c' })), 'ohttp-format'],
    ['no answer in JSON', { exchanged: () => 'no' }, 'ohttp-format'],
  ])('%s', async (_name, plan, code) => {
    const world = connect(plan)
    expect((await refusalOf(chat(world))).code).toBe(code)
    expect(sealedOf(world)).toEqual([])
  })

  test('evidence that another key is in: the session key does not open', async () => {
    const world = connect({
      document: ({ nonce }) => attester.document({ nonce, publicKey: createKeyExchangePeer().publicKey }),
    })
    expect((await refusalOf(chat(world))).code).toBe('ohttp-open')
    expect(sealedOf(world)).toEqual([])
  })
})

describe('an answer that is not for this session', () => {
  let kept: string | undefined
  test.each<[string, NonNullable<Plan['answer']>, string]>([
    ['in the clear', () => Response.json({ answer: 'forged' }), 'ohttp-format'],
    ['an error in the clear', () => Response.json({ error: 'no' }, { status: 400 }), 'client-response'],
    ['a page', () => new Response('<p>', { headers: { 'content-type': 'text/html' } }), 'client-response'],
    [
      'the request itself, sent back',
      (_peer, _id, body) => new Response(body, { headers: { 'content-type': 'application/json' } }),
      'ohttp-open',
    ],
    [
      'with a bit that differs',
      (peer, id) => Response.json({ encrypted: peer.seal(id, '{}').replace(/^./, (d) => (d === 'A' ? 'B' : 'A')) }),
      'ohttp-open',
    ],
  ])('%s is refused', async (_name, answer, code) => {
    expect((await refusalOf(chat(connect({ answer })))).code).toBe(code)
  })

  test('that of an earlier request, replayed', async () => {
    const world = connect({ answer: (peer, id) => Response.json({ encrypted: (kept ??= peer.seal(id, '{}')) }) })
    await (await chat(world)).text()
    expect((await refusalOf(chat(world))).code).toBe('ohttp-open')
  })

  test.each<[string, NonNullable<Plan['answer']>, string]>([
    ['cut off', (peer, id) => eventStream([peer.seal(id, '{}')]), 'ohttp-incomplete'],
    [
      'with an event twice',
      (peer, id) => eventStream([peer.seal(id, '{}')].flatMap((one) => [one, one, '[DONE]'])),
      'ohttp-open',
    ],
    ['with an event in the clear', () => eventStream(['{"choices":[]}', '[DONE]']), 'ohttp-format'],
  ])('a stream %s ends with an error', async (_name, answer, code) => {
    const world = connect({ answer })
    await expect((await chat(world)).text()).rejects.toThrow()
    expect(world.send.refusal?.code).toBe(code)
  })
})

describe('the caller’s own mistakes', () => {
  test('what stays open is accepted by name, and an origin is one', () => {
    expect(() => keyExchange({ origin, unproven: ['headers'] })).toThrow(
      /^unproven must be a list of what stays open: headers, order$/,
    )
    for (const own of [{ origin: `${origin}/` }, {}])
      for (const make of [
        () => keyExchange({ ...own, unproven: ['headers', 'order'] } as KeyExchangeOptions),
        () => attestationByNonce(own as { origin: string }),
      ])
        expect(make).toThrow(/^origin must be an origin, such as https:\/\/enclave.example$/)
  })
})
