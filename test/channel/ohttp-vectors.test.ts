/**
 * The published examples, to the byte and in both directions: RFC 9458 appendix A, and the appendix
 * of draft-ietf-ohai-chunked-ohttp. Ephemeral keys and nonces are those of the documents.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { encodeKeyConfig, type GatewayKey, type KeyConfig } from '../../src/channel/key-config.ts'
import { openRequest } from '../../src/channel/ohttp.ts'
import { hpke, type Suite } from '../../src/channel/suite.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { type Bytes, gather, hex, pieces, slowly, split, toHex } from './messages.ts'
import { sealRequest } from './seal-request.ts'

vi.mock('../../src/crypto/random.ts', { spy: true })
afterEach(() => vi.restoreAllMocks())

const suite: Suite = { kem: 'X25519', aead: 'AES-128-GCM' }
const cipher = hpke(suite)

interface Example {
  readonly chunked: boolean
  readonly gatewaySecret: string
  readonly gatewayPublic: string
  readonly ephemeralSecret: string
  readonly ephemeralPublic: string
  readonly request: readonly string[]
  readonly sealedRequest: string
  readonly nonce: string
  readonly response: readonly string[]
  readonly sealedResponse: string
}

const examples: Readonly<Record<string, Example>> = {
  'RFC 9458 appendix A': {
    chunked: false,
    gatewaySecret: '3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a',
    gatewayPublic: '31e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e798155',
    ephemeralSecret: 'bc51d5e930bda26589890ac7032f70ad12e4ecb37abb1b65b1256c9c48999c73',
    ephemeralPublic: '4b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472',
    request: ['00034745540568747470730b6578616d706c652e636f6d012f'],
    sealedRequest:
      '01002000010001' +
      '4b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472' +
      '6374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525',
    nonce: 'c789e7151fcba46158ca84b04464910d',
    response: ['0140c8'],
    sealedResponse: 'c789e7151fcba46158ca84b04464910d86f9013e404feea014e7be4a441f234f857fbd',
  },
  'the draft for chunks': {
    chunked: true,
    gatewaySecret: '1c190d72acdbe4dbc69e680503bb781a932c70a12c8f3754434c67d8640d8698',
    gatewayPublic: '668eb21aace159803974a4c67f08b4152d29bed10735fd08f98ccdd6fe095708',
    ephemeralSecret: 'b26d565f3f875ed480d1abced3d665159650c99174fd0b124ac4bda0c64ae324',
    ephemeralPublic: '8811eb457e100811c40a0aa71340a1b81d804bb986f736f2f566a7199761a032',
    request: ['00034745540568747470730b', '6578616d706c652e636f6d012f'],
    sealedRequest:
      '01002000010001' +
      '8811eb457e100811c40a0aa71340a1b81d804bb986f736f2f566a7199761a032' +
      '1c2ad24942d4d692563012f2980c8fef437a336b9b2fc938ef77a5834f' +
      '1d2e33d8fd25577afe31bd1c79d094f76b6250ae6549b473ecd950501311' +
      '001c6c1395d0ef7c1022297966307b8a7f',
    nonce: 'bcce7f4cb921309ba5d62edf1769ef09',
    response: ['01', '40c8'],
    sealedResponse:
      'bcce7f4cb921309ba5d62edf1769ef09' +
      '1179bf1cc87fa0e2c02de4546945aa3d1e48' +
      '12b348b5bd4c594c16b6170b07b475845d1f32' +
      '00ed9d8a796617a5b27265f4d73247f639',
  },
}

/** What the example's gateway has. */
async function gatewayOf({ gatewaySecret, gatewayPublic }: Example): Promise<GatewayKey> {
  const pair = {
    privateKey: await cipher.KEM.DeserializePrivateKey(hex(gatewaySecret), false),
    publicKey: await cipher.KEM.DeserializePublicKey(hex(gatewayPublic)),
  }
  return { keyId: 1, suite, config: encodeKeyConfig(1, suite, hex(gatewayPublic)), pair, cipher }
}

/**
 * What the example's client knows. Its ephemeral key is given to the library as the next one that
 * it generates.
 */
async function clientOf({ gatewayPublic, ephemeralSecret, ephemeralPublic }: Example): Promise<KeyConfig> {
  const ephemeral = {
    privateKey: await cipher.KEM.DeserializePrivateKey(hex(ephemeralSecret), false),
    publicKey: await cipher.KEM.DeserializePublicKey(hex(ephemeralPublic)),
  }
  vi.spyOn(crypto.subtle, 'generateKey').mockResolvedValueOnce(ephemeral)
  return { keyId: 1, suite, publicKey: await cipher.KEM.DeserializePublicKey(hex(gatewayPublic)), cipher }
}

describe.each(Object.entries(examples))('%s', (_, example) => {
  const { chunked } = example
  const request = example.request.map(hex)
  const response = example.response.map(hex)
  const nothing = (): AsyncGenerator<Bytes> => pieces()

  test('is in order', () => {
    const pkcs8 = hex(`302e020100300506032b656e04220420${example.gatewaySecret}`)
    const secret = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    const { x } = createPublicKey(secret).export({ format: 'jwk' })
    expect(toHex(Buffer.from(x ?? '', 'base64url'))).toBe(example.gatewayPublic)
  })

  test('its request is what we seal', async () => {
    const { sealed } = await sealRequest(await clientOf(example), slowly(...request), { chunked })
    expect(toHex(await gather(sealed))).toBe(example.sealedRequest)
  })

  test.each([1, 10, 1000])('its request is what we open, in pieces of %d', async (size) => {
    const key = await gatewayOf(example)
    const opened = await openRequest(() => key, pieces(...split(hex(example.sealedRequest), size)), { chunked })
    expect(opened.keyId).toBe(1)
    expect(toHex(opened.enc)).toBe(example.ephemeralPublic)
    expect(toHex(await gather(opened.message))).toBe(example.request.join(''))
  })

  test('its response is what we seal', async () => {
    const key = await gatewayOf(example)
    const { sealResponse } = await openRequest(() => key, pieces(hex(example.sealedRequest)), { chunked })
    vi.mocked(randomBytes).mockReturnValueOnce(hex(example.nonce))
    expect(toHex(await gather(sealResponse(slowly(...response))))).toBe(example.sealedResponse)
    expect(randomBytes).toHaveBeenCalledWith(16)
  })

  test.each([1, 10, 1000])('its response is what we open, in pieces of %d', async (size) => {
    const { openResponse } = await sealRequest(await clientOf(example), nothing(), { chunked })
    const opened = openResponse(pieces(...split(hex(example.sealedResponse), size)))
    expect(toHex(await gather(opened))).toBe(example.response.join(''))
  })
})
