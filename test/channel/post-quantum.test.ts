/**
 * The suite with MLKEM768-X25519: fixed by the caller on both ends, `unsupported` where a runtime
 * does not have it, and vouched for by a digest, because the key does not fit Nitro's field.
 */
import { describe, expect, test, vi } from 'vitest'
import { createGatewayKey, decodeKeyConfig, encodeKeyConfig } from '../../src/channel/key-config.ts'
import { mlkem768X25519 } from '../../src/channel/post-quantum.ts'
import { openRequest } from '../../src/channel/ohttp.ts'
import { selectKeyConfig } from '../../src/channel/select-key-config.ts'
import type { Suite } from '../../src/channel/suite.ts'
import { keyHashInReportData, keyHashInUserData, keyInPublicKey } from '../../src/client/index.ts'
import { createWorld, dataOf, origin, paths, type WorldOptions } from '../client/world.ts'
import { nobleKem } from '../support/noble-kem.ts'
import { refusalOf, refusalText } from '../support/refusal.ts'
import { gather, pieces, toHex, utf8 } from './messages.ts'
import { sealRequest } from './seal-request.ts'

const suite: Suite = { kem: nobleKem, aead: 'AES-256-GCM' }
const own: Suite = { kem: mlkem768X25519, aead: 'AES-256-GCM' }
const hasMlKem = await mlkem768X25519.requireRuntime().then(
  () => true,
  () => false,
)

const post = { method: 'POST', body: 'card 4711' }

/** An enclave whose evidence holds the digest of its key. */
const digested = async (over: WorldOptions = {}): ReturnType<typeof createWorld> => {
  const world = await createWorld({
    ...over,
    options: { suite, binding: keyHashInUserData, ...over.options },
    gateway: {
      suite,
      attest: async ({ nonce, keyConfigDigest }) => ({
        mediaType: 'application/cbor',
        evidence: await world.attester.document({ nonce, userData: keyConfigDigest }),
      }),
      ...over.gateway,
    },
  })
  return world
}

describe('where the runtime has it not', () => {
  test.skipIf(hasMlKem)('a client says so before it asks for anything', async () => {
    const world = await digested({ options: { suite: own } })
    expect(await refusalText(world.send('/', post))).toBe(
      'unsupported: WebCrypto: expected MLKEM768-X25519, found none',
    )
    expect(world.sent).toEqual([])
    expect(world.send.refusal?.code).toBe('unsupported')
  })

  test.skipIf(hasMlKem)('a gateway makes no key, and a key of others is not taken', async () => {
    const { config } = await createGatewayKey(1, suite)
    for (const work of [createGatewayKey(1, own), decodeKeyConfig(config, own)])
      expect(await refusalText(work)).toBe('unsupported: WebCrypto: expected MLKEM768-X25519, found none')
  })

  test('without WebCrypto there is nothing to ask', async () => {
    vi.stubGlobal('SubtleCrypto', undefined)
    try {
      expect((await refusalOf(() => mlkem768X25519.make())).code).toBe('unsupported')
      expect((await refusalOf(mlkem768X25519.requireRuntime())).code).toBe('unsupported')
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('where the runtime has it', () => {
  test.skipIf(!hasMlKem)('each end understands the other implementation', async () => {
    for (const [ours, theirs] of [
      [own, suite],
      [suite, own],
    ] as const) {
      const key = await createGatewayKey(3, theirs)
      const { sealed } = await sealRequest(await decodeKeyConfig(key.config, ours), pieces(utf8('card 4711')))
      const { message } = await openRequest(() => key, sealed)
      expect(new TextDecoder().decode(await gather(message))).toBe('card 4711')
    }
  })
})

describe('client and gateway', () => {
  test('a request and its answer, sealed to a key whose digest the evidence holds', async () => {
    const world = await digested()
    expect(await (await world.send('/pay', post)).text()).toBe('echo card 4711')
    expect(world.arrived).toEqual(['POST /pay card 4711'])
    const [sealed] = dataOf(world)
    // Key identifier, KEM 0x647a, HKDF-SHA256, AES-256-GCM.
    expect(toHex(sealed?.bytes.slice(1, 7) ?? new Uint8Array())).toBe('647a00010002')
    expect(Buffer.from(sealed?.bytes ?? []).includes('4711')).toBe(false)
  })

  test('the same request twice runs once', async () => {
    const answers: number[] = []
    const world = await digested({
      transport: async (request, { gateway }) => {
        const bytes = await request.clone().arrayBuffer()
        const response = await gateway(request)
        if (!request.url.endsWith(paths.data)) return response
        const headers = { 'content-type': 'message/ohttp-chunked-req' }
        answers.push((await gateway(new Request(origin + paths.data, { method: 'POST', body: bytes, headers }))).status)
        return response
      },
    })
    await (await world.send('/', post)).text()
    expect([world.arrived, answers]).toEqual([['POST / card 4711'], [400]])
  })

  test('another key beside the evidence is refused', async () => {
    const world = await digested({
      gateway: {
        attest: async ({ nonce }) => ({
          mediaType: 'application/cbor',
          evidence: await world.attester.document({ nonce, userData: new Uint8Array(32).fill(9) }),
        }),
      },
    })
    expect((await refusalOf(world.send('/', post))).code).toBe('client-key')
    expect(dataOf(world)).toEqual([])
  })

  test('report data vouches for it as for any key', async () => {
    const { config } = await createGatewayKey(1, suite)
    const reportData = new Uint8Array(64).fill(1)
    const challenge = { keyConfig: config, reportData } as never
    expect(await keyHashInReportData({ claims: { reportData } } as never, challenge)).toBe(config)
  })

  test.each<[string, WorldOptions, string]>([
    ['the binding of keys that fit', { options: { binding: keyInPublicKey } }, 'client-key'],
    ['a gateway that has X25519', { gateway: { suite: { kem: 'X25519', aead: 'AES-256-GCM' } } }, 'ohttp-key-config'],
    ['a gateway with another AEAD', { gateway: { suite: { ...suite, aead: 'AES-128-GCM' } } }, 'ohttp-key-config'],
    ['a client that has X25519', { options: { suite: { kem: 'X25519', aead: 'AES-256-GCM' } } }, 'ohttp-key-config'],
  ])('%s: refused, and nothing is negotiated', async (_name, over, code) => {
    const world = await digested(over)
    expect((await refusalOf(world.send('/', post))).code).toBe(code)
    expect(dataOf(world)).toEqual([])
  })
})

describe('key configurations', () => {
  test('1227 bytes: more than the public key of a Nitro document may have', async () => {
    const { config } = await createGatewayKey(7, suite)
    expect(config.length).toBe(1227)
    expect(toHex(config.slice(0, 5))).toBe('04c907647a')
    expect(toHex(config.slice(-6))).toBe('000400010002')
    expect(await decodeKeyConfig(config, suite)).toMatchObject({ keyId: 7, suite })
    expect(encodeKeyConfig(7, suite, config.slice(5, -6))).toEqual(config)
    expect(await selectKeyConfig(config.slice(2), suite, 'single')).toEqual(config)
  })

  test('cut off anywhere, or longer, they are refused', async () => {
    const { config } = await createGatewayKey(7, suite)
    for (const length of [0, 1, 2, 5, 37, 1189, 1220, 1226])
      expect((await refusalOf(decodeKeyConfig(config.slice(0, length), suite))).code).toBe('ohttp-key-config')
    expect((await refusalOf(decodeKeyConfig(Uint8Array.of(...config, 0), suite))).code).toBe('ohttp-key-config')
  })

  test('a KEM is that of its entry, or none', async () => {
    for (const kem of ['MLKEM768-X25519', { name: 'MLKEM768-X25519' }, { ...nobleKem, name: 'X-Wing' }, null])
      await expect(createWorld({ options: { suite: { kem, aead: 'AES-256-GCM' } as never } })).rejects.toThrow(
        /^suite.kem must be P-256, X25519 or mlkem768X25519$/,
      )
  })
})
