/**
 * A check that cannot fail shows nothing: here is a client that breaks one promise at a time, and
 * the property that must notice.
 */
import { describe, expect, test } from 'vitest'
import type { AttestationResult } from '../../../src/core/result.ts'
import { noLimit } from './check.ts'
import { explore } from './explore.ts'
import { evidenceUrl, marker, origin, type Property } from './monitor.ts'
import type { Client, Sabotage } from './schedule.ts'
import { type PartyKey, startedAt } from './parties.ts'
import { type Exhausted, requests, sessions, steps } from './scenarios.ts'

/** What the client shows, with other calls. */
function changed(
  client: Client,
  call: (path: string, init: RequestInit) => Promise<Response>,
  close = client.close,
): Client {
  const members = {
    state: { get: () => client.state },
    result: { get: () => client.result },
    reattest: { value: client.reattest },
    close: { value: close },
  }
  return Object.defineProperties(call, members) as unknown as Client
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code
const find = (name: string): Exhausted =>
  [...requests, ...sessions, ...steps].find((scenario) => scenario.name === name) as Exhausted

const broken: readonly {
  readonly what: string
  readonly scenario: string
  readonly property: Property
  readonly says: string
  readonly sabotage: Sabotage
}[] = [
  {
    what: 'a session that is always live',
    scenario: 'one after the other',
    property: 'no dead session',
    says: 'expired by the wall clock',
    sabotage: {
      runtime: (runtime) => ({ ...runtime, now: () => Date.parse('2026-06-01T00:00:00Z'), elapsed: () => 1000 }),
    },
  },
  {
    what: 'a session that ends by the wall clock only',
    scenario: 'at every step of one request',
    property: 'no dead session',
    says: 'expired by the steady clock',
    sabotage: { runtime: (runtime) => ({ ...runtime, elapsed: () => 1000 }) },
  },
  {
    what: 'a nonce that is not compared',
    scenario: 'a verifier that remembers',
    property: 'no wrong key',
    says: 'answers the nonce of another attestation',
    sabotage: {
      // The claims say what was asked for, whatever the evidence says.
      options: (options, { changed: withClaims }) => ({
        ...options,
        isAttestationResult: () => true,
        verify: async (evidence, challenge) => {
          const result = await options.verify(evidence, challenge)
          const claims = { ...(result.claims as object), nonce: challenge.nonce }
          return withClaims(result, claims)
        },
      }),
    },
  },
  {
    what: 'a key that the evidence does not vouch for',
    scenario: 'one request',
    property: 'no wrong key',
    says: 'is sealed to attacker',
    sabotage: {
      options: (options, { attackerKeys }) => ({
        ...options,
        binding: () => (attackerKeys[0] as PartyKey).key.config,
      }),
    },
  },
  {
    what: 'a verifier that accepts any build',
    scenario: 'one request',
    property: 'no wrong key',
    says: 'other build',
    sabotage: {
      options: (options, { verify }) => ({
        ...options,
        verify: (evidence, { nonce }) => verify(evidence, nonce, startedAt, 'any build'),
      }),
    },
  },
  {
    what: 'an address that leaves before the enclave is proven',
    scenario: 'one request',
    property: 'no plaintext',
    says: `${origin}/${marker}-path-1`,
    sabotage: {
      client: (client, { fetch }) =>
        changed(client, async (path, init) => {
          void fetch(origin + path, { method: 'OPTIONS' }).catch(() => undefined)
          return client(path, init)
        }),
    },
  },
  {
    what: 'a text of the caller beside the nonce',
    scenario: 'one request',
    property: 'no plaintext',
    says: 'is readable on the wire',
    sabotage: {
      runtime: (runtime) => ({
        ...runtime,
        fetch: async (input, init) =>
          runtime.fetch(
            input,
            input === evidenceUrl
              ? { ...init, body: `${(init?.body as string).slice(0, -1)},"for":"${marker}"}` }
              : init,
          ),
      }),
    },
  },
  {
    what: 'a field of the caller beside the seal',
    scenario: 'one request',
    property: 'no plaintext',
    says: 'a request has the fields',
    sabotage: {
      runtime: (runtime) => ({
        ...runtime,
        fetch: async (input, init) =>
          runtime.fetch(input, {
            ...init,
            headers: { ...(init?.headers as Record<string, string>), 'x-length': '25' },
          }),
      }),
    },
  },
  {
    what: 'a body that is read before the enclave is proven',
    scenario: 'a stream',
    property: 'no plaintext',
    says: 'is read before the enclave is proven',
    sabotage: {
      client: (client) =>
        changed(client, (path, init) => {
          const [first, second] = (init.body as ReadableStream<Uint8Array>).tee()
          void first
            .getReader()
            .read()
            .catch(() => undefined)
          return client(path, { ...init, body: second })
        }),
    },
  },
  {
    what: 'answers that are swapped',
    scenario: 'two at once',
    property: 'no mixed answer',
    says: 'got 200',
    sabotage: {
      client(client) {
        const open: ((response: Promise<Response>) => void)[] = []
        return changed(client, (path, init) => {
          const own = client(path, init)
          const other = open.pop()
          if (other === undefined) return new Promise((resolve) => open.push(resolve))
          other(own)
          return own.then((response) => response.clone())
        })
      },
    },
  },
  {
    what: 'a response that is cut off, taken for whole',
    scenario: 'one request',
    property: 'no mixed answer',
    says: 'as a whole',
    sabotage: {
      client: (client) =>
        changed(client, async (path, init) => {
          const response = await client(path, init)
          const reader = (response.body as ReadableStream<Uint8Array>).getReader()
          const body = new ReadableStream<Uint8Array>({
            async pull(controller) {
              const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
              if (value === undefined || done) controller.close()
              else controller.enqueue(value)
            },
          })
          return new Response(body, response)
        }),
    },
  },
  {
    what: 'timers that never go off',
    scenario: 'one request',
    property: 'no hang',
    says: 'for ever',
    sabotage: { runtime: (runtime) => ({ ...runtime, after: () => () => undefined }) },
  },
  {
    what: 'an abort that is not passed on',
    scenario: 'one request',
    property: 'no hang',
    says: 'goes on after its abort',
    sabotage: { client: (client) => changed(client, (path, init) => client(path, { ...init, signal: null })) },
  },
  {
    what: 'a close() that does nothing',
    scenario: 'one request',
    property: 'no dead session',
    says: 'after close()',
    sabotage: {
      client: (client) =>
        changed(
          client,
          (path, init) => client(path, init),
          () => undefined,
        ),
    },
  },
  {
    what: 'an attestation that nothing asked for',
    scenario: 'one after the other',
    property: 'no dead session',
    says: 'an attestation that nothing asked for',
    sabotage: {
      client: (client) =>
        changed(client, (path, init) => {
          void client.reattest().catch(() => undefined)
          return client(path, init)
        }),
    },
  },
  {
    what: 'a POST that is sent again after a forged 422',
    scenario: 'one request',
    property: 'no other error',
    says: 'POST of request 1 is sent again',
    sabotage: {
      client: (client) =>
        changed(client, (path, init) =>
          client(path, init).catch((error: unknown) => {
            if (codeOf(error) !== 'client-key-rotated') throw error
            return client(path, init)
          }),
        ),
    },
  },
  {
    what: 'an error of the platform',
    scenario: 'one request',
    property: 'no other error',
    says: 'TypeError: fetch failed',
    sabotage: {
      client: (client) =>
        changed(client, (path, init) =>
          client(path, init).catch((error: unknown) => {
            throw codeOf(error) === 'client-transport' ? new TypeError('fetch failed') : error
          }),
        ),
    },
  },
  {
    what: 'a rejection that is not handled',
    scenario: 'one request',
    property: 'no other error',
    says: 'unhandled rejection',
    sabotage: {
      client: (client) =>
        changed(client, (path, init) => {
          const response = client(path, init)
          void response.then(() => undefined)
          return response
        }),
    },
  },
  {
    what: 'a result that is shown when its session is over',
    scenario: 'one after the other',
    property: 'no dead session',
    says: 'the client shows a result',
    sabotage: {
      client(client) {
        let last: AttestationResult | undefined
        const call = (path: string, init: RequestInit): Promise<Response> => client(path, init)
        return Object.defineProperties(call, {
          state: { get: () => client.state },
          result: { get: () => (last = client.result ?? last) },
          reattest: { value: client.reattest },
          close: { value: client.close },
        }) as unknown as Client
      },
    },
  },
  {
    what: 'a client that refuses everything',
    scenario: 'one request',
    property: 'no failure without a cause',
    says: 'request 1',
    sabotage: { options: (options) => ({ ...options, isAttestationResult: () => false }) },
  },
]

describe('model check: the checker', () => {
  for (const { what, scenario: name, property, says, sabotage } of broken)
    test(
      `model check: the checker catches ${what}`,
      async () => {
        const scenario = find(name)
        const { violations } = await explore(scenario, scenario.bound, sabotage)
        expect(violations[0]).toContain(says)
        expect(violations[0]?.split(':')[0]).toBe(property)
      },
      noLimit,
    )
})
