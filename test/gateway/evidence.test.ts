/**
 * The evidence endpoint: what it answers, what it refuses, and that it says nothing else.
 */
import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { type AttestRequest, reportDataOf } from '../../src/gateway/index.ts'
import { createBench, nonceText, origin, paths, question, until } from './bench.ts'

const nonce = new Uint8Array(32).map((_, i) => i)
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

describe('an answer', () => {
  test('is a collection with the evidence and the key configuration that it vouches for', async () => {
    let asked: AttestRequest | undefined
    const { gateway, counted } = createBench({
      attest: (request) => {
        asked = request
        return { mediaType: 'application/eat+cwt; eat_profile=test', evidence: new Uint8Array([0xfb, 0xff]) }
      },
    })
    const response = await gateway(question({ nonce: nonceText(nonce) }))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/cmw+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { nonce: given, keyConfig, keyConfigDigest, reportData } = asked as AttestRequest
    expect(await response.json()).toEqual({
      evidence: ['application/eat+cwt; eat_profile=test', '-_8', 4],
      'key-config': ['application/ohttp-keys', base64url(keyConfig)],
    })
    expect(given).toEqual(nonce)
    expect(keyConfigDigest).toEqual(new Uint8Array(createHash('sha256').update(keyConfig).digest()))
    expect(reportData).toEqual(await reportDataOf({ role: 'server', nonce, keyConfig }))
    expect(counted).toEqual(['rotations answered', 'attestations answered'])
  })

  test('is a record when the evidence holds the key configuration', async () => {
    const { gateway } = createBench({
      attest: ({ keyConfig }) => ({ mediaType: 'application/x-test', evidence: keyConfig, holdsKeyConfig: true }),
    })
    const body = (await (await gateway(question())).json()) as unknown[]
    expect(body).toEqual(['application/x-test', expect.any(String), 4])
  })

  test('carries endorsements', async () => {
    const { gateway } = createBench({
      attest: ({ keyConfig }) => ({
        mediaType: 'application/x-test',
        evidence: keyConfig,
        holdsKeyConfig: true,
        endorsements: { crl: 'ü' },
      }),
    })
    const body = (await (await gateway(question())).json()) as Record<string, unknown[]>
    expect(Object.keys(body)).toEqual(['evidence', 'endorsements'])
    expect(body.endorsements?.[0]).toBe('application/json')
    expect(body.endorsements?.[2]).toBe(2)
    expect(Buffer.from(String(body.endorsements?.[1]), 'base64url').toString()).toBe('{"crl":"ü"}')
  })

  test('is for one key as long as that is in force, also when many ask at the same time', async () => {
    const { keyConfig, counted } = createBench()
    const all = await Promise.all(Array.from({ length: 20 }, () => keyConfig()))
    expect(new Set(all.map(base64url)).size).toBe(1)
    expect(counted.filter((line) => line.startsWith('rotations'))).toHaveLength(1)
  })

  test('is not changed by what the source of evidence does with its bytes', async () => {
    const { keyConfig, gateway } = createBench({
      attest: (request) => {
        const evidence = request.keyConfig.slice()
        request.keyConfig.fill(0)
        return { mediaType: 'application/x-test', evidence }
      },
    })
    const first = await keyConfig()
    const body = (await (await gateway(question())).json()) as Record<string, unknown[]>
    expect(body['key-config']?.[1]).toBe(base64url(first))
  })
})

describe('refused', () => {
  const attest = vi.fn(() => ({ mediaType: 'application/x-test', evidence: new Uint8Array([1]) }))
  const long = JSON.stringify({ nonce: nonceText(), evidence: 'A'.repeat(65_536), role: 'client' })

  test.each<[name: string, request: () => Request, status: number, text: string]>([
    ['GET', () => new Request(`${origin}${paths.attestation}`), 405, 'Only POST is served here.'],
    [
      'another media type',
      () => question(undefined, { headers: { 'content-type': 'text/plain' } }),
      415,
      'The content type is not the one that is served here.',
    ],
    [
      'a media type that only begins alike',
      () => question(undefined, { headers: { 'content-type': 'application/jsonx' } }),
      415,
      'The content type is not the one that is served here.',
    ],
    ...(
      [
        ['no JSON', '{'],
        ['nothing', ''],
        ['a list', []],
        ['null', 'null'],
        ['no nonce', {}],
        ['a nonce of 31 bytes', { nonce: base64url(nonce.subarray(1)) }],
        ['a nonce of 33 bytes', { nonce: base64url(new Uint8Array(33)) }],
        ['a nonce with padding', { nonce: `${base64url(nonce)}=` }],
        ['a nonce in the other alphabet', { nonce: `${base64url(nonce).slice(0, -2)}+8` }],
        ['a nonce whose last bits are not zero', { nonce: `${base64url(nonce).slice(0, -1)}9` }],
        ['a nonce that is a number', { nonce: 1 }],
        ['an unknown member', { nonce: base64url(nonce), nonse: 1 }],
        ['the role of a server', { nonce: base64url(nonce), role: 'server', evidence: 'AA' }],
        ['a role without evidence', { nonce: base64url(nonce), role: 'client' }],
        ['evidence without a role', { nonce: base64url(nonce), evidence: 'AA' }],
        ['evidence that is not base64url', { nonce: base64url(nonce), role: 'client', evidence: 'A' }],
        ['empty evidence', { nonce: base64url(nonce), role: 'client', evidence: '' }],
        ['two nonces', `{"nonce":"${base64url(nonce)}","nonce":"${base64url(nonce)}"}`],
        ['a byte order mark', `\ufeff${JSON.stringify({ nonce: base64url(nonce) })}`],
      ] as const
    ).map(
      ([name, body]) =>
        [name, () => question(body), 400, 'The request is malformed.'] as [string, () => Request, number, string],
    ),
    ['more than 64 KiB', () => question(long), 413, 'The request is too large.'],
    ['another path', () => new Request(`${origin}/attestation`, { method: 'POST' }), 404, 'Nothing is served here.'],
  ])('%s', async (_, request, status, text) => {
    attest.mockClear()
    const response = await createBench({ attest }).gateway(request())
    expect([response.status, await response.text()]).toEqual([status, text])
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('allow')).toBe(status === 405 ? 'POST' : null)
    expect(attest).not.toHaveBeenCalled()
  })

  test('a body that is not UTF-8', async () => {
    const body = new Uint8Array(Buffer.from(JSON.stringify({ nonce: base64url(nonce), x: 'ü' }), 'latin1'))
    expect((await createBench().gateway(question(undefined, { body }))).status).toBe(400)
  })

  test('a media type with a parameter is not', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    expect((await createBench().gateway(question(undefined, { headers }))).status).toBe(200)
  })
})

describe('without evidence', () => {
  const secret = 'device 0x1234 is on fire'
  test.each<[string, () => unknown]>([
    ['it fails', () => Promise.reject(new Error(secret))],
    [
      'it throws',
      () => {
        throw new Error(secret)
      },
    ],
    ['it returns nothing', () => undefined],
    ['it returns no bytes', () => ({ mediaType: 'a/b', evidence: secret })],
    ['it returns no media type', () => ({ evidence: new Uint8Array([1]) })],
    ['its media type is none', () => ({ mediaType: 'a', evidence: new Uint8Array([1]) })],
    ['its evidence is empty', () => ({ mediaType: 'a/b', evidence: new Uint8Array() })],
  ])('because %s, the answer is 503 and the operator learns why', async (_, attest) => {
    const { gateway, errors, counted } = createBench({ attest: attest as never })
    const response = await gateway(question())
    expect([response.status, await response.text()]).toEqual([503, 'No evidence can be had now.'])
    expect(errors).toHaveLength(1)
    expect(counted.at(-1)).toBe('attestations attest-failed')
  })

  test('because it takes too long, the answer is 503', async () => {
    let asked = false
    const { gateway, clock } = createBench({
      attest: () => {
        asked = true
        return new Promise(() => undefined)
      },
      limits: { attestSeconds: 5 },
    })
    const response = gateway(question())
    await until(() => asked)
    clock.advance(4999)
    clock.advance(1)
    expect((await response).status).toBe(503)
    expect(clock.pending()).toBe(0)
  })
})

test('more at the same time than is allowed: 503 at once, and again when one is done', async () => {
  let finish: (() => void) | undefined
  const { gateway } = createBench({
    limits: { concurrentAttestations: 1 },
    attest: async ({ keyConfig }) => {
      await new Promise<void>((resolve) => (finish = resolve))
      return { mediaType: 'a/b', evidence: keyConfig }
    },
  })
  const first = gateway(question())
  await until(() => finish !== undefined)
  const second = await gateway(question())
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1'])
  finish?.()
  expect((await first).status).toBe(200)
})
