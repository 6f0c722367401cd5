/**
 * Clients that prove themselves: what a proof is good for, and that nobody else can use it, not
 * even the gateway's own evidence sent back to it.
 */
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { reportDataOf, type VerifyClient } from '../../src/gateway/index.ts'
import type { AttestationResult } from '../../src/core/result.ts'
import { createNitroAttester, type NitroAttester } from '../attester/nitro.ts'
import { type Bench, createBench, question, until } from './bench.ts'
import { readKeyConfig } from './sealing-client.ts'

type Bytes = Uint8Array<ArrayBuffer>

const now = new Date('2026-06-01T00:00:00Z')
const empty = new Uint8Array()
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
let attester: NitroAttester

beforeAll(async () => {
  attester = await createNitroAttester({ now })
})

/** A verifier as an operator would write it: what was signed must answer this offer. */
const verifyClient: VerifyClient = ({ evidence, nonce, reportData }) =>
  verifyNitro(evidence, {
    referenceValues: skipReferenceValues,
    freshness: { nonce },
    userData: reportData,
    trustAnchors: [attester.root],
    now,
  })

interface Client {
  readonly secret: Bytes
  readonly nonce: Bytes
  readonly evidence: Bytes
  readonly question: () => Request
}

async function createClient(role: 'client' | 'server' = 'client'): Promise<Client> {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const nonce = new Uint8Array(createHash('sha256').update(secret).digest())
  const evidence = await attester.document({ nonce, userData: await reportDataOf({ role, nonce, keyConfig: empty }) })
  return { secret, nonce, evidence, question: () => offer(nonce, evidence) }
}

function offer(nonce: Uint8Array, evidence: Uint8Array): Request {
  return question({ nonce: base64url(nonce), role: 'client', evidence: base64url(evidence) })
}

function mutualBench(options: Parameters<typeof createBench>[0] = {}): Bench {
  return createBench({ verifyClient, handler: (_, { client }) => new Response(String(client?.format)), ...options })
}

async function expectRefused(bench: Bench, request: Request): Promise<void> {
  const response = await bench.gateway(request)
  expect([response.status, await response.text()]).toEqual([403, 'The client has not proven what it is.'])
  expect(bench.counted.at(-1)).toBe('attestations client-refused')
}

describe('with verifyClient', () => {
  test('a client that proves itself is answered, and the app learns who it is', async () => {
    const bench = mutualBench({
      handler: (request, { client }) =>
        new Response(`${client?.format} ${request.headers.get('veritee-client-secret')}`),
    })
    const { question: ask, secret } = await createClient()
    const keyConfig = await readKeyConfig(await bench.gateway(ask()))
    const headers = [['veritee-client-secret', base64url(secret)]] as const
    for (let i = 0; i < 2; i++) expect(await (await bench.ask({ keyConfig, headers })).text()).toBe('nitro null')
  })

  test('a client without evidence gets none', async () => {
    await expectRefused(mutualBench(), question())
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['true', true],
    ['something that looks like a result', { format: 'nitro', validUntil: now, verifiedAt: new Date(0) }],
  ])('a verifier that returns %s refuses', async (_, verdict) => {
    const { question: ask } = await createClient()
    await expectRefused(mutualBench({ verifyClient: () => Promise.resolve(verdict as AttestationResult) }), ask())
  })

  test('a verifier that throws refuses, and the operator learns why', async () => {
    const { nonce, evidence } = await createClient()
    const changed = evidence.slice()
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    const bench = mutualBench()
    await expectRefused(bench, offer(nonce, changed))
    expect(bench.errors).toEqual([expect.objectContaining({ code: 'cose-signature' })])
  })

  test('a verifier that takes too long refuses', async () => {
    let asked = false
    const bench = mutualBench({
      verifyClient: () => {
        asked = true
        return new Promise(() => undefined)
      },
    })
    const { question: ask } = await createClient()
    const refused = expectRefused(bench, ask())
    await until(() => asked)
    bench.clock.advance(10_000)
    await refused
  })

  test('evidence with the label of a server is nobody else’s', async () => {
    const { question: ask } = await createClient('server')
    await expectRefused(mutualBench(), ask())
  })

  test('the gateway’s own evidence, sent back to it, is refused', async () => {
    const own: Bytes[] = []
    const bench = mutualBench({
      attest: async ({ nonce, keyConfig, reportData }) => {
        own.push(await attester.document({ nonce, userData: reportData }))
        return { mediaType: 'application/x-test', evidence: own.at(-1) ?? keyConfig }
      },
    })
    const { question: ask, nonce } = await createClient()
    expect((await bench.gateway(ask())).status).toBe(200)
    // For the same nonce, and for another.
    await expectRefused(bench, offer(nonce, own[0] ?? empty))
    await expectRefused(bench, offer(new Uint8Array(32), own[0] ?? empty))
  })

  test('a source of evidence that only returns what the client sent is refused', async () => {
    const { question: ask, evidence } = await createClient()
    await expectRefused(mutualBench({ attest: () => ({ mediaType: 'a/b', evidence }) }), ask())
  })

  test('a nonce is good for once', async () => {
    const bench = mutualBench()
    const { question: ask } = await createClient()
    expect((await bench.gateway(ask())).status).toBe(200)
    await expectRefused(bench, ask())
  })

  test('evidence for another nonce is refused', async () => {
    const { evidence } = await createClient()
    await expectRefused(mutualBench(), offer(new Uint8Array(32), evidence))
  })
})

describe('a sealed request', () => {
  let bench: Bench
  let keyConfig: Bytes
  let client: Client
  beforeAll(async () => {
    bench = mutualBench()
    client = await createClient()
    keyConfig = await readKeyConfig(await bench.gateway(client.question()))
  })

  test.each<[string, () => readonly (readonly [string, string])[]]>([
    ['without a secret', () => []],
    ['with another secret', () => [['veritee-client-secret', base64url(new Uint8Array(32))]]],
    ['with the nonce, which everybody saw', () => [['veritee-client-secret', base64url(client.nonce)]]],
    ['with a secret that is too long', () => [['veritee-client-secret', `${base64url(client.secret)}AA`]]],
    [
      'with two secrets',
      () => [
        ['veritee-client-secret', base64url(client.secret)],
        ['veritee-client-secret', base64url(client.secret)],
      ],
    ],
  ])('%s is refused inside the seal', async (_, headers) => {
    const opened = await bench.ask({ keyConfig, headers: headers() })
    expect([opened.status, await opened.text()]).toEqual([403, 'The client has not proven what it is.'])
    expect(bench.counted.at(-1)).toBe('requests client-refused')
    expect(opened.headers).toContainEqual(['veritee-refusal', 'client-refused'])
  })

  test('is good as long as the client’s proof is', async () => {
    const headers = [['veritee-client-secret', base64url(client.secret)]] as const
    expect((await bench.ask({ keyConfig, headers })).status).toBe(200)
    // The leaf of the client's chain is valid for three hours from a minute before.
    const long = mutualBench({ keys: { rotateEverySeconds: 86_400 } })
    const other = await createClient()
    const key = await readKeyConfig(await long.gateway(other.question()))
    const own = [['veritee-client-secret', base64url(other.secret)]] as const
    long.clock.advance(2.5 * 3_600_000)
    expect((await long.ask({ keyConfig: key, headers: own })).status).toBe(200)
    long.clock.advance(0.5 * 3_600_000)
    expect((await long.ask({ keyConfig: key, headers: own })).status).toBe(403)
  })

  test('for another key than the one the client learned is refused', async () => {
    const rotating = mutualBench({ keys: { rotateEverySeconds: 60 } })
    const [first, second] = [await createClient(), await createClient()]
    await rotating.gateway(first.question())
    rotating.clock.advance(60_000)
    const key = await readKeyConfig(await rotating.gateway(second.question()))
    const headers = [['veritee-client-secret', base64url(first.secret)]] as const
    expect((await rotating.ask({ keyConfig: key, headers })).status).toBe(403)
  })
})

test('without verifyClient, what a client offers is not looked at', async () => {
  const bench = createBench({ handler: (_, { client }) => new Response(typeof client) })
  const { nonce } = await createClient()
  const keyConfig = await readKeyConfig(await bench.gateway(offer(nonce, new Uint8Array([1]))))
  expect(await (await bench.ask({ keyConfig })).text()).toBe('undefined')
})
