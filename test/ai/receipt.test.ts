/**
 * Receipts: the vectors have the verdicts; here are the words, and the caller's own mistakes.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { verifyReceipt } from '../../src/ai/index.ts'
import { AttestationError } from '../../src/core/errors.ts'
import { canonicalJson } from '../../src/encoding/canonical-json.ts'
import { hex } from '../attester/bytes.ts'
import { sha } from '../attester/dstack.ts'
import { ed25519, type FakeProvider, signWith } from '../attester/provider.ts'

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const request = utf8('{"prompt":1}')
const response = utf8('data: [DONE]')
const keysetDigest = `sha256:${'ab'.repeat(32)}`
let signer: FakeProvider['signer']
let digests: readonly [request: string, response: string]
beforeAll(async () => {
  signer = await ed25519()
  digests = [hex(await sha('SHA-256', request)), hex(await sha('SHA-256', response))]
})
const bodies = (): { key: Uint8Array; requestBody: Uint8Array; responseBody: Uint8Array } => ({
  key: signer.bytes,
  requestBody: request,
  responseBody: response,
})

async function text(over: object = {}): Promise<object> {
  const signed = `m:${digests.join(':')}`
  return { text: signed, signature: hex(await signWith(signer, utf8(signed))), signing_algo: 'ed25519', ...over }
}

async function aci(over: Record<string, unknown> = {}): Promise<string> {
  const body = {
    api_version: 'aci/1',
    workload_keyset_digest: keysetDigest,
    event_log: [
      { type: 'request.received', body_hash: `sha256:${digests[0]}` },
      { type: 'response.returned', body_hash: `sha256:${digests[1]}` },
    ],
    ...over,
  }
  return JSON.stringify({
    signature: hex(await signWith(signer, utf8(canonicalJson(body, { name: 'body', code: 'receipt-format' })))),
    ...body,
  })
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof AttestationError) return `${error.code}: ${error.message}`
  throw new Error('expected a refusal', { cause: error })
}

test('both kinds hold', async () => {
  await verifyReceipt('dstack-text', await text(), { ...bodies(), model: 'm' })
  await verifyReceipt('aci-1', await aci(), { ...bodies(), keysetDigest })
})

describe('refused', () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'another model',
      async () => verifyReceipt('dstack-text', await text(), { ...bodies(), model: 'n' }),
      /^receipt-mismatch: receipt: text: expected n:/,
    ],
    [
      'another form',
      async () => verifyReceipt('dstack-text', await text(), bodies()),
      /^receipt-mismatch: receipt: text/,
    ],
    [
      'another request',
      async () => verifyReceipt('dstack-text', await text(), { ...bodies(), model: 'm', requestBody: response }),
      /^receipt-mismatch/,
    ],
    [
      'another key',
      async () => verifyReceipt('dstack-text', await text(), { ...bodies(), model: 'm', key: (await ed25519()).bytes }),
      /^receipt-signature: receipt: signature does not match the attested key$/,
    ],
    [
      'another algorithm',
      async () => verifyReceipt('dstack-text', await text({ signing_algo: 'ecdsa' }), { ...bodies(), model: 'm' }),
      /^unsupported: receipt: signature algorithm: expected ed25519, found "ecdsa"$/,
    ],
    [
      'a signature of 63 bytes',
      async () => verifyReceipt('dstack-text', await text({ signature: '00'.repeat(63) }), { ...bodies(), model: 'm' }),
      /^receipt-format: receipt: expected a signature of 64 bytes in hexadecimal$/,
    ],
    [
      'no signature',
      async () => verifyReceipt('dstack-text', await text({ signature: undefined }), { ...bodies(), model: 'm' }),
      /^receipt-format: receipt: signature: expected string, found nothing$/,
    ],
    [
      'nothing',
      () => verifyReceipt('dstack-text', undefined, bodies()),
      /^receipt-format: receipt: expected an object that JSON can hold$/,
    ],
    [
      'a member twice',
      async () =>
        verifyReceipt('aci-1', (await aci()).replace('{', '{"api_version":"aci/1",'), { ...bodies(), keysetDigest }),
      /^receipt-format: receipt: a name is there twice in one object$/,
    ],
    [
      'another version',
      async () => verifyReceipt('aci-1', await aci({ api_version: 'aci/2' }), { ...bodies(), keysetDigest }),
      /^receipt-format: receipt: expected api_version aci\/1$/,
    ],
    [
      'another keyset',
      async () =>
        verifyReceipt('aci-1', await aci({ workload_keyset_digest: 'sha256:00' }), { ...bodies(), keysetDigest }),
      /^receipt-mismatch: receipt: keyset: expected sha256:abab.*found sha256:00$/,
    ],
    [
      'no response',
      async () =>
        verifyReceipt('aci-1', await aci({ event_log: [{ type: 'request.received', body_hash: '' }] }), {
          ...bodies(),
          keysetDigest,
        }),
      /^receipt-format: receipt: expected one event response\.returned$/,
    ],
    [
      'events in another order',
      async () =>
        verifyReceipt(
          'aci-1',
          await aci({ event_log: [{ type: 'response.returned' }, { type: 'request.received' }] }),
          { ...bodies(), keysetDigest },
        ),
      /^receipt-format: receipt: expected request\.received as the first event/,
    ],
    [
      'a member that was changed',
      async () =>
        verifyReceipt('aci-1', (await aci({ model: 'm' })).replace('"model":"m"', '"model":"n"'), {
          ...bodies(),
          keysetDigest,
        }),
      /^receipt-signature/,
    ],
  ])('%s', async (_name, verify, message) => {
    expect(await refusal(verify())).toMatch(message)
  })
})

test.each<[string, string, object, RegExp]>([
  ['kind', 'jws', {}, /^kind must be dstack-text or aci-1$/],
  ['key', 'dstack-text', { key: new Uint8Array(31) }, /^key must be 32 bytes$/],
  ['body', 'dstack-text', { requestBody: 'text' }, /^requestBody must be bytes/],
  ['model', 'dstack-text', { model: '' }, /^model must be text$/],
  ['no keyset', 'aci-1', {}, /^keysetDigest must be text$/],
  ['a model of the other kind', 'aci-1', { keysetDigest, model: 'm' }, /^model must be left out for aci-1$/],
  ['an option that is not known', 'aci-1', { keyset: 1 }, /^option "keyset" must be one of/],
])('the caller’s own mistake: %s', async (_name, kind, over, message) => {
  await expect(verifyReceipt(kind as 'aci-1', '{}', { ...bodies(), ...over })).rejects.toThrow(message)
})
