/**
 * What `createGateway` refuses to start with: a `TypeError` that names the option.
 */
import { describe, expect, test } from 'vitest'
import { createGateway, type GatewayOptions } from '../../src/gateway/index.ts'

const sound: GatewayOptions = {
  origins: 'https://app.example',
  attest: () => ({ mediaType: 'application/cbor', evidence: new Uint8Array([1]) }),
  handler: () => new Response(),
}

const refused: readonly (readonly [name: string, change: object | null | string, message: string])[] = [
  ['no object', 'options', 'options must be a plain object'],
  ['null', null, 'options must be a plain object'],
  [
    'an unknown option',
    { handlers: sound.handler },
    'options: "handlers" must be one of origins, allowOrigins, attest, handler',
  ],
  ['no handler', { handler: undefined }, 'handler must be a function'],
  ['no source of evidence', { attest: 'nsm' }, 'attest must be a function'],
  ['a verifier of clients that is not there', { verifyClient: undefined }, 'verifyClient must be a function'],
  ['no origin', { origins: undefined }, 'origins must be origins such as https://app.example'],
  ['an empty list of origins', { origins: [] }, 'origins must be origins'],
  ['an address for an origin', { origins: 'https://app.example/' }, 'origins must be origins'],
  ['an origin with a user', { origins: 'https://a@app.example' }, 'origins must be origins'],
  ['an origin in the clear', { origins: ['https://app.example', 'http://app.example'] }, 'origins must be origins'],
  ['another scheme', { origins: 'ftp://app.example' }, 'origins must be origins'],
  [
    'an unknown KEM',
    { suite: { kem: 'P-521', aead: 'AES-128-GCM' } },
    'suite.kem must be P-256, X25519 or mlkem768X25519',
  ],
  ['an unknown AEAD', { suite: { kem: 'P-256', aead: 'export' } }, 'suite.aead must be AES-128-GCM or AES-256-GCM'],
  ['half a suite', { suite: { kem: 'P-256' } }, 'suite.aead must be'],
  ['more than a suite', { suite: { kem: 'P-256', aead: 'AES-128-GCM', kdf: 'none' } }, 'suite must be { kem, aead }'],
  ['an unknown limit', { limits: { requestByte: 1 } }, 'limits: "requestByte" must be one of requestBytes'],
  ['a limit of nothing', { limits: { idleSeconds: 0 } }, 'limits.idleSeconds must be a whole number of at least 1'],
  ['no limit', { limits: { requestBytes: Infinity } }, 'limits.requestBytes must be a whole number'],
  ['a limit that is no number', { limits: { headBytes: '9' } }, 'limits.headBytes must be a whole number'],
  ['a limit that is undefined', { limits: { headBytes: undefined } }, 'limits.headBytes must be a whole number'],
  ['an unknown rule for keys', { keys: { rotate: 1 } }, 'keys: "rotate" must be one of rotateEverySeconds'],
  ['keys that never change', { keys: { rotateEverySeconds: 0 } }, 'keys.rotateEverySeconds must be a whole number'],
  ['a negative overlap', { keys: { overlapSeconds: -1 } }, 'keys.overlapSeconds must be a whole number of at least 0'],
  ['one key at a time', { keys: { maximumKeys: 1 } }, 'keys.maximumKeys must be 2 to 16'],
  ['too many keys', { keys: { maximumKeys: 17 } }, 'keys.maximumKeys must be 2 to 16'],
  ['a memory without bounds', { keys: { maximumRequests: 2 ** 30 } }, 'keys.maximumRequests must be at most 16777216'],
  ['a path that is none', { evidencePath: 'attestation' }, 'evidencePath must be a path'],
  ['a path with a query', { gatewayPath: '/a?b' }, 'gatewayPath must be a path of its own'],
  ['a path that changes when parsed', { gatewayPath: '/a/../b' }, 'gatewayPath must be a path of its own'],
  ['one path for both', { gatewayPath: '/a', evidencePath: '/a' }, 'gatewayPath must be a path of its own'],
  ['a tracer that is none', { tracer: {} }, 'tracer must be a tracer'],
  ['a meter that is none', { meter: {} }, 'meter must be a meter'],
  ['no function for errors', { onError: 'log' }, 'onError must be a function'],
  ['half a clock', { clock: { now: () => 0 } }, 'clock must be { now, after, wall }'],
  [
    'a clock that does not know the time of day',
    { clock: { now: () => 0, after: () => undefined } },
    'clock must be { now, after, wall }',
  ],
  ['a name for clients that is not there', { clientOf: undefined }, 'clientOf must be a function'],
  ['a demand for dates that is not there', { limits: { requireDated: undefined } }, 'limits.requireDated must be true'],
  ['half a demand for dates', { limits: { requireDated: 1 } }, 'limits.requireDated must be true or false'],
  ['no window for dates', { limits: { requestAgeSeconds: 0 } }, 'limits.requestAgeSeconds must be a whole number'],
  ['a window without an end', { limits: { requestAgeSeconds: Infinity } }, 'limits.requestAgeSeconds must be a whole'],
  ['no memory', { limits: { requestIds: 0 } }, 'limits.requestIds must be a whole number of at least 1'],
  ['limits that are null', { limits: null }, 'limits must be a plain object'],
  ['the old name of a limit', { limits: { bytesPerSecond: 1 } }, 'limits: "bytesPerSecond" must be one of'],
]

describe('createGateway refuses', () => {
  test.each(refused)('%s', (_, change, message) => {
    const options = typeof change === 'object' && change !== null ? { ...sound, ...change } : change
    const create = (): unknown => createGateway(options as GatewayOptions)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(message)
  })
})

describe('createGateway takes', () => {
  test.each([
    ['several origins', { origins: ['https://app.example', 'https://app.example:8443'] }],
    ['loopback in the clear', { origins: ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1'] }],
    ['the other suite', { suite: { kem: 'X25519', aead: 'AES-256-GCM' } }],
    ['no overlap', { keys: { overlapSeconds: 0 } }],
    ['a demand for dates', { limits: { requireDated: true } }],
    ['names for clients', { clientOf: () => 'a' }],
  ] as const)('%s', (_, change) => {
    expect(createGateway({ ...sound, ...change })).toBeTypeOf('function')
  })
})

test('options are read once, and later changes have no effect', async () => {
  const reads: string[] = []
  const options = new Proxy(
    { ...sound, evidencePath: '/a' },
    {
      get(target, name, receiver) {
        reads.push(String(name))
        return Reflect.get(target, name, receiver) as unknown
      },
    },
  )
  const gateway = createGateway(options)
  ;(options as { evidencePath: string }).evidencePath = '/b'
  expect((await gateway(new Request('https://app.example/b', { method: 'POST' }))).status).toBe(404)
  expect([...reads].sort()).toEqual(['attest', 'evidencePath', 'handler', 'origins'])
})
