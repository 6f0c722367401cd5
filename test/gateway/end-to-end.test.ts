/**
 * `veritee/client` and `veritee/gateway` over real connections, with documents of the fixture
 * attester in between: what the two must agree on.
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/attested-fetch.ts'
import { type AttestedFetch, type AttestedFetchOptions, keyHashInUserData } from '../../src/client/index.ts'
import { platform } from '../../src/client/runtime.ts'
import { skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { type Attest, createGateway, type GatewayOptions } from '../../src/gateway/index.ts'
import { createNitroAttester, type NitroAttester } from '../attester/nitro.ts'
import { echo, until } from './bench.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { type Loopback, serveLoopback } from './loopback.ts'

type Bytes = Uint8Array<ArrayBuffer>

const now = new Date('2026-06-01T00:00:00Z')
const open: Loopback[] = []
let attester: NitroAttester

beforeAll(async () => {
  attester = await createNitroAttester({ now })
})
afterAll(async () => {
  await Promise.all(open.map((server) => server.close()))
})

/** A Nitro enclave as the documents say it should be: the key configuration is its public key. */
const attestPublicKey: Attest = async ({ nonce, keyConfig }) => ({
  mediaType: 'application/cbor',
  evidence: await attester.document({ nonce, publicKey: keyConfig }),
  holdsKeyConfig: true,
})

const verify: AttestedFetchOptions['verify'] = (evidence, { nonce }) =>
  verifyNitro(evidence, {
    referenceValues: skipReferenceValues,
    freshness: { nonce },
    trustAnchors: [attester.root],
    now,
  })

/** The documents are of a day that does not pass, for client and gateway. */
const wall = (): number => now.getTime()
const runtime = { ...platform, now: wall }

interface Pair {
  readonly origin: string
  readonly clock: FakeClock
  readonly counted: string[]
  readonly client: (options?: Partial<AttestedFetchOptions>) => AttestedFetch
}

async function createPair(options: Partial<GatewayOptions> = {}): Promise<Pair> {
  const clock = createFakeClock()
  const counted: string[] = []
  const server = await serveLoopback((origins) =>
    createGateway({
      origins,
      attest: attestPublicKey,
      handler: echo,
      clock: { ...clock, wall },
      meter: {
        createCounter: (name) => ({
          add: (_, attributes) =>
            void counted.push(`${name.replace('veritee.gateway.', '')} ${attributes?.outcome ?? ''}`),
        }),
      },
      ...options,
    }),
  )
  open.push(server)
  const { origin } = server
  return {
    origin,
    clock,
    counted,
    client: (more) => createClient(origin, { verify, allowLoopbackHttp: true, ...more }, runtime),
  }
}

describe('a request and its response', () => {
  test('with the key configuration in the public key of the evidence', async () => {
    const { client } = await createPair()
    const send = client()
    const response = await send('/pay?card=4111', { method: 'POST', body: 'card 4111' })
    expect([response.status, response.headers.get('x-method'), await response.text()]).toEqual([
      200,
      'POST',
      'card 4111',
    ])
    expect(send.result?.format).toBe('nitro')
  })

  test('with its digest in the user data', async () => {
    const { client } = await createPair({
      attest: async ({ nonce, keyConfigDigest }) => ({
        mediaType: 'application/cbor',
        evidence: await attester.document({ nonce, userData: keyConfigDigest }),
      }),
    })
    const send = client({ binding: keyHashInUserData })
    expect(await (await send('/', { method: 'PUT', body: 'hello' })).text()).toBe('hello')
  })

  test('with endorsements for the verifier', async () => {
    let given: unknown
    const { client } = await createPair({
      attest: async (request) => ({ ...(await attestPublicKey(request)), endorsements: { crl: ['a', 1, null] } }),
    })
    const send = client({
      verify: (evidence, challenge) => {
        given = challenge.endorsements
        return verify(evidence, challenge)
      },
    })
    await send('/')
    expect(given).toEqual({ crl: ['a', 1, null] })
  })

  test('of a mebibyte each way, as streams', async () => {
    const { client } = await createPair()
    const piece = new Uint8Array(65_536).map((_, i) => i * 7)
    let left = 16
    const body = new ReadableStream<Bytes>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(piece)
        else controller.close()
      },
    })
    const response = await client()('/', { method: 'POST', body, duplex: 'half' } as RequestInit)
    const received = createHash('sha256').update(new Uint8Array(await response.arrayBuffer()))
    const sent = createHash('sha256')
    for (let i = 0; i < 16; i++) sent.update(piece)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
  })

  test('of an app that fails: 500, and nothing of why', async () => {
    const handler = (): never => {
      throw new Error('card 4111')
    }
    const response = await (await createPair({ handler })).client()('/')
    expect([response.status, await response.text()]).toEqual([500, 'The app failed.'])
  })

  test('whose end is missing is not taken for whole', async () => {
    const handler = (): Response =>
      new Response(
        new ReadableStream<Bytes>({
          pull(controller) {
            controller.enqueue(new TextEncoder().encode('half'))
            throw new Error('card 4111')
          },
        }),
      )
    const response = await (await createPair({ handler })).client()('/')
    await expect(response.text()).rejects.toMatchObject({ code: 'ohttp-incomplete' })
  })

  test('are one trace', async () => {
    let traceparent: string | null = null
    const { client } = await createPair({
      handler: (request) => {
        traceparent = request.headers.get('traceparent')
        return new Response()
      },
    })
    const span = {
      setAttribute: () => undefined,
      setStatus: () => undefined,
      end: () => undefined,
      spanContext: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }),
    }
    await client({ tracer: { startSpan: () => span } })('/')
    expect(traceparent).toBe(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
  })

  test('that the client gives up: the app is told', async () => {
    let signal: AbortSignal | undefined
    const { client, counted } = await createPair({
      handler: (request) => {
        ;({ signal } = request)
        return new Promise(() => undefined)
      },
    })
    const stop = new AbortController()
    const response = client()('/', { signal: stop.signal })
    await until(() => signal !== undefined)
    stop.abort()
    await expect(response).rejects.toMatchObject({ name: 'AbortError' })
    await until(() => signal?.aborted === true)
    expect(counted.at(-1)).toBe('requests aborted')
  })
})

describe('when keys change', () => {
  test('a session goes on during the overlap, and a client that comes later gets the new key', async () => {
    const { client, clock, counted } = await createPair({ keys: { rotateEverySeconds: 60, overlapSeconds: 60 } })
    const [first, second] = [client(), client()]
    await first('/', { method: 'POST', body: '1' })
    clock.advance(60_000)
    await second('/', { method: 'POST', body: '2' })
    expect(await (await first('/', { method: 'POST', body: '3' })).text()).toBe('3')
    expect(counted.filter((line) => line === 'rotations answered')).toHaveLength(2)
    expect(counted.filter((line) => line === 'attestations answered')).toHaveLength(2)
  })

  test('a session whose key is gone attests again; what is not idempotent is for the caller to repeat', async () => {
    const { client, clock, counted } = await createPair({ keys: { rotateEverySeconds: 60, overlapSeconds: 1 } })
    const send = client()
    await send('/', { method: 'POST', body: '1' })
    clock.advance(61_000)
    expect((await send('/')).status).toBe(200)
    expect(counted.filter((line) => line === 'attestations answered')).toHaveLength(2)
    clock.advance(61_000)
    await expect(send('/', { method: 'POST', body: '2' })).rejects.toMatchObject({ code: 'client-key-rotated' })
    expect(await (await send('/', { method: 'POST', body: '3' })).text()).toBe('3')
    expect(counted.filter((line) => line === 'requests key-unknown')).toHaveLength(2)
  })

  test('200 requests of 20 clients are all answered, each with its own answer', async () => {
    const { client, clock } = await createPair({
      keys: { rotateEverySeconds: 60, overlapSeconds: 3600, maximumKeys: 16 },
      // The clock moves while others wait.
      limits: { attestSeconds: 3600, idleSeconds: 3600 },
    })
    const clients = Array.from({ length: 20 }, () => client())
    const answers = await Promise.all(
      clients.map(async (send, number) => {
        const own: string[] = []
        for (let i = 0; i < 10; i++) {
          if (number === 0) clock.advance(60_000)
          if (i === 5) await send.reattest()
          own.push(await (await send('/', { method: 'POST', body: `${number}.${i}` })).text())
        }
        return own
      }),
    )
    expect(answers).toEqual(clients.map((_, number) => Array.from({ length: 10 }, (__, i) => `${number}.${i}`)))
  })
})

describe('from one enclave to another', () => {
  const verifyClient: GatewayOptions['verifyClient'] = ({ evidence, nonce, reportData }) =>
    verifyNitro(evidence, {
      referenceValues: skipReferenceValues,
      freshness: { nonce },
      userData: reportData,
      trustAnchors: [attester.root],
      now,
    })

  test('both prove what they are', async () => {
    const { client } = await createPair({
      verifyClient,
      handler: (_, context) => new Response(context.client?.format),
    })
    const send = client({ attest: ({ nonce, reportData }) => attester.document({ nonce, userData: reportData }) })
    for (let i = 0; i < 2; i++) expect(await (await send('/')).text()).toBe('nitro')
  })

  test('a client that does not is not answered', async () => {
    const { client, counted } = await createPair({ verifyClient })
    await expect(client()('/')).rejects.toMatchObject({ code: 'client-evidence' })
    expect(counted).toEqual(['rotations answered', 'attestations client-refused'])
  })

  test('a client with the evidence of a server is not answered', async () => {
    const { client } = await createPair({ verifyClient })
    const send = client({ attest: ({ nonce }) => attester.document({ nonce, publicKey: nonce }) })
    await expect(send('/')).rejects.toMatchObject({ code: 'client-evidence' })
  })
})
