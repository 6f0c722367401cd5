/**
 * Abuse cases A50 to A60 of what is believed in the first place; those that are somebody else's to
 * refuse, with where that is tested; and a count of all seventy.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { attestedFetch, type AttestedFetchOptions } from '../../../src/client/index.ts'
import { verifyNitro } from '../../../src/formats/aws/nitro/index.ts'
import { readSources } from '../../architecture/source.ts'
import { codeOf, createWorld, dataOf, startedAt } from '../world.ts'

const verify = (): Promise<never> => Promise.reject(new Error('not asked'))
const sources = readSources('src').filter(({ path }) => /^src\/(?:client|channel)\//.test(path))

test.each([
  ['sgx', '["application/vnd.sgx","AAAA",4]'],
  ['none', '["none/none","AA",4]'],
  ['a dummy', '["application/dummy","eyJkdW1teSI6dHJ1ZX0",4]'],
])('A50 downgrade-evidence: %s instead of what the policy verifies', async (_what, text) => {
  const world = await createWorld({
    transport: () => new Response(text, { headers: { 'content-type': 'application/cmw+json' } }),
  })
  expect(await codeOf(world.send('/', { method: 'POST', body: 'x' }))).toMatch(/^(?:cose-|outer-)/)
  expect(dataOf(world)).toEqual([])
})

test('A51 dev-flag: nothing but options changes what the client does', () => {
  for (const { path, text } of sources)
    expect(text, path).not.toMatch(
      /process\.|\benv\b|localStorage|sessionStorage|location\.(?:search|hash)|document\.cookie|insecure/i,
    )
})

describe('A52 empty-policy: refused when it is made, before anything is sent', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a list', []],
    ['text', ''],
    ['no verifier', { verify: undefined }],
    ['text for a verifier', { verify: 'https://enclave.example/policy' }],
    ['a URL for a verifier: A54 policy-fetch', { verify: new URL('https://enclave.example/policy') }],
    ['an unknown option', { verify, insecure: true }],
    ['an option of another case', { verify, Binding: () => new Uint8Array() }],
    ['a binding that is none', { verify, binding: undefined }],
    ['a suite that is none', { verify, suite: undefined }],
    ['a suite to choose from', { verify, suite: [{ kem: 'P-256', aead: 'AES-128-GCM' }] }],
    ['a suite with more in it', { verify, suite: { kem: 'P-256', aead: 'AES-128-GCM', kdf: 'x' } }],
    ['NaN', { verify, maximumSessionSeconds: NaN }],
    ['no time', { verify, attestSeconds: 0 }],
    ['all time', { verify, idleSeconds: Infinity }],
    ['text for a number', { verify, responseSeconds: '5' }],
    ['a path to elsewhere', { verify, gatewayPath: '//evil.example/' }],
    ['a path with a query', { verify, evidencePath: '/a?b' }],
    ['a path that goes up', { verify, evidencePath: '/a/../b' }],
    ['an empty path', { verify, evidencePath: '' }],
    ['false for true', { verify, allowLoopbackHttp: false }],
    ['an upload of another kind', { verify, upload: 'plain' }],
    ['an object that inherits', Object.create({ verify })],
  ])('A52: %s', (_what, options) => {
    expect(() => attestedFetch('https://enclave.example', options as AttestedFetchOptions)).toThrow(TypeError)
  })
})

test('A56 clock-skew: a clock that is off by years is said to be, and nothing is sent', async () => {
  for (const years of [10, -10]) {
    const world = await createWorld({
      verify:
        () =>
        (evidence, { nonce }) =>
          verifyNitro(evidence, {
            referenceValues: { PCR0: 'ab'.repeat(48) },
            freshness: { nonce },
            trustAnchors: [world.attester.root],
            now: new Date(startedAt + years * 31_557_600_000),
          }),
    })
    expect(await codeOf(world.send('/'))).toBe('clock-suspect')
    expect(dataOf(world)).toEqual([])
  }
})

describe('A59 import-failure', () => {
  test('A59: without WebCrypto, or without a network, it says so and does nothing else', async () => {
    vi.resetModules()
    const real = Object.getOwnPropertyDescriptor(globalThis, 'crypto') as PropertyDescriptor
    Object.defineProperty(globalThis, 'crypto', {
      configurable: true,
      value: { getRandomValues: () => new Uint8Array(32).fill(1) },
    })
    try {
      const { attestedFetch: fresh } = await import('../../../src/client/index.ts')
      const { hash } = await import('../../../src/crypto/digest.ts')
      expect(await codeOf(hash('SHA-256', new Uint8Array()))).toBe('unsupported')
      const asked: unknown[] = []
      const send = fresh('https://enclave.example', {
        verify,
        attest: () => new Uint8Array(1),
        fetch: (...given) => {
          asked.push(given)
          return Promise.reject(new TypeError('not here'))
        },
      })
      expect(await codeOf(send('/'))).toBe('unsupported')
      expect(asked).toEqual([])
    } finally {
      Object.defineProperty(globalThis, 'crypto', real)
      vi.resetModules()
    }
  })
})

/** Cases that are not this client's to refuse, or that need a browser: where they are tested. */
const elsewhere: Readonly<Record<string, string>> = {
  A39: 'service-worker: test/portable/gate.test.ts, in three browsers: a hostile worker in between sees sealed bytes only',
  A53: 'policy-union: revoked builds win in openReferenceValues (test/reference/corim/signed.test.ts)',
  A55: 'rollback-manifest: minimumVersion of openReferenceValues (test/reference/corim/signed.test.ts)',
  A57: 'collateral-offline: the client fetches no collateral; what is missing is refused by the verifier of the format',
  A58: 'collateral-leak: the client fetches no collateral: it comes with the evidence, or the page brings it',
  A60: 'csp-strict: test/portable/gate.test.ts, in three browsers: page, client and gate under a policy with trusted types',
}

test('every abuse case from A01 to A70 has a test by its name, or a line that says where it is', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const texts = readdirSync(folder).map(
    (name) => readFileSync(`${folder}/${name}`, 'utf8').split('const elsewhere')[0] ?? '',
  )
  const named = new Set(texts.flatMap((text) => [...text.matchAll(/\bA(\d\d)\b/g)].map(([id]) => id)))
  const all = Array.from({ length: 70 }, (_, i) => `A${String(i + 1).padStart(2, '0')}`)
  expect(all.filter((id) => !named.has(id) && !(id in elsewhere))).toEqual([])
  expect(Object.keys(elsewhere).filter((id) => !all.includes(id))).toEqual([])
})
