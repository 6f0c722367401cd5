/**
 * Channels whose algorithms this runtime does not have: they say so before anything is asked for,
 * and nothing takes their place.
 */
import { expect, test } from 'vitest'
import { chutesE2e } from '../../src/ai/chutes-e2e/index.ts'
import { keyExchange } from '../../src/ai/key-exchange/index.ts'
import { attestedFetch } from '../../src/client/index.ts'
import { refusalText } from '../support/refusal.ts'

const origin = 'https://enclave.example'
const hasThem = await Promise.all([
  crypto.subtle.generateKey('ML-KEM-768', false, ['encapsulateBits'] as unknown as KeyUsage[]),
  crypto.subtle.importKey('raw-secret' as 'raw', new Uint8Array(32), 'ChaCha20-Poly1305', false, ['encrypt']),
]).then(
  () => true,
  () => false,
)

test.skipIf(hasThem).each([
  ['ML-KEM-768', chutesE2e({ chute: 'a', instance: 'b', unproven: ['headers', 'order'] })],
  ['ChaCha20-Poly1305', keyExchange({ origin, unproven: ['headers', 'order'] })],
] as const)('without %s nothing is sent', async (name, channel) => {
  const sent: unknown[] = []
  const send = attestedFetch(origin, {
    channel,
    verify: () => Promise.reject(new Error('not asked')),
    fetch: (input) => {
      sent.push(input)
      return Promise.resolve(new Response())
    },
  })
  expect(await refusalText(send('/v1/chat', { method: 'POST', body: '{"prompt":"4711"}' }))).toBe(
    `unsupported: WebCrypto: expected ${name}, found none`,
  )
  expect(sent).toEqual([])
})
