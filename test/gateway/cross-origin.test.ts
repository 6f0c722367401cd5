/**
 * Pages of other origins: let in where the caller says so, and else as before.
 */
import { describe, expect, test } from 'vitest'
import { createGateway, type GatewayOptions } from '../../src/gateway/index.ts'

const origin = 'https://enclave.example'
const page = 'https://shop.example'
const options: GatewayOptions = {
  origins: origin,
  attest: () => ({ mediaType: 'application/cbor', evidence: new Uint8Array(1), holdsKeyConfig: true }),
  handler: () => new Response('never asked'),
}

const paths = ['/.well-known/attestation', '/.well-known/ohttp-gateway'] as const

function asked(path: string, method: string, from: string | undefined): Request {
  const headers = new Headers({ 'content-type': 'application/json' })
  // Node's Request would drop a header that only browsers set.
  if (from !== undefined) headers.set('origin', from)
  if (method === 'OPTIONS') headers.set('access-control-request-method', 'POST')
  return new Request(origin + path, { method, headers })
}

const leave = (response: Response): string | null => response.headers.get('access-control-allow-origin')

describe.each(paths)('%s', (path) => {
  test.each([
    ['that page', [page]],
    ['that page as text', page],
    ['all pages', '*'],
  ])('for %s: the question and the answer', async (_, allowOrigins) => {
    const gateway = createGateway({ ...options, allowOrigins })
    const question = await gateway(asked(path, 'OPTIONS', page))
    expect([question.status, leave(question), await question.text()]).toEqual([204, page, ''])
    expect(question.headers.get('access-control-allow-methods')).toBe('POST')
    expect(question.headers.get('access-control-allow-headers')).toBe('content-type')
    expect(question.headers.get('access-control-allow-credentials')).toBeNull()
    // Whatever the answer is, the page may read it.
    const answer = await gateway(asked(path, 'POST', page))
    expect([leave(answer), answer.headers.get('vary')]).toEqual([page, 'origin'])
  })

  test.each([
    ['nobody said so', {}, page],
    ['another page', { allowOrigins: [page] }, 'https://shop.example.evil.example'],
    ['another port', { allowOrigins: [page] }, `${page}:8443`],
    ['a sandbox', { allowOrigins: [page] }, 'null'],
    ['no browser', { allowOrigins: '*' }, undefined],
  ])('%s: no leave', async (_, more, from) => {
    const gateway = createGateway({ ...options, ...more })
    const question = await gateway(asked(path, 'OPTIONS', from))
    expect([question.status, leave(question)]).toEqual([405, null])
    expect(leave(await gateway(asked(path, 'POST', from)))).toBeNull()
  })

  test('OPTIONS that asks for no leave is a method like others', async () => {
    const gateway = createGateway({ ...options, allowOrigins: '*' })
    const plain = new Request(origin + path, { method: 'OPTIONS', headers: { origin: page } })
    expect((await gateway(plain)).status).toBe(405)
  })
})

test.each([
  ['text', 'shop.example'],
  ['a path', `${page}/`],
  ['all and some', ['*', page]],
  ['a number', 1],
])('%s is no origin of pages', (_, allowOrigins) => {
  expect(() => createGateway({ ...options, allowOrigins: allowOrigins as string })).toThrow(
    new TypeError('allowOrigins must be origins such as https://app.example'),
  )
})
