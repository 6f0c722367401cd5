/**
 * One request of 16 KiB through client and gateway, without a network, over the bare HPKE that it
 * needs: a context at either end, one seal and one open for the request, and for the response two
 * exports and what is derived from them.
 */
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_P256_HKDF_SHA256 } from 'hpke'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../src/channel/binary-http.ts'
import { createGatewayKey, decodeKeyConfig } from '../../src/channel/key-config.ts'
import { openRequest } from '../../src/channel/ohttp.ts'
import { sealRequest } from '../channel/seal-request.ts'
import { createClient } from '../../src/client/attested-fetch.ts'
import { platform } from '../../src/client/runtime.ts'
import { skipReferenceValues, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { createNitroAttester } from '../attester/nitro.ts'
import { defaultSuite, origin } from '../gateway/bench.ts'
import { median, paired, worked } from './statistics.ts'

export interface Cost {
  readonly what: string
  readonly bound: number | undefined
  /** What is held against the bound. */
  readonly ratio: number
  /** Of time, and of processor time. */
  readonly ratios: readonly number[]
  readonly worked: readonly number[]
  /** Milliseconds. */
  readonly bare: number
}

const size = 16_384
const now = new Date('2026-06-01T00:00:00Z')
const rounds = 300

export async function measureCost(): Promise<readonly Cost[]> {
  const body = crypto.getRandomValues(new Uint8Array(size))
  const app = async (request: Request): Promise<Response> => {
    if ((await request.arrayBuffer()).byteLength !== size) throw new Error('not all of it')
    return new Response('done')
  }
  const attester = await createNitroAttester({ now })
  const gateway = createGateway({
    origins: origin,
    attest: async ({ nonce, keyConfig }) => ({
      mediaType: 'application/cbor',
      evidence: await attester.document({ nonce, publicKey: keyConfig }),
      holdsKeyConfig: true,
    }),
    handler: app,
  })
  const transport = ((url: string, init: RequestInit) => gateway(new Request(url, init))) as typeof fetch
  const send = createClient(
    origin,
    {
      verify: (evidence, { nonce }) =>
        verifyNitro(evidence, {
          referenceValues: skipReferenceValues,
          freshness: { nonce },
          trustAnchors: [attester.root],
          now,
        }),
      fetch: transport,
    },
    { ...platform, now: () => now.getTime() },
  )

  /** What the page does. */
  async function throughClient(): Promise<void> {
    const response = await send('/', { method: 'POST', body })
    if ((await response.text()) !== 'done') throw new Error('not answered')
  }

  const suite = new CipherSuite(KEM_DHKEM_P256_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM)
  const key = await createGatewayKey(1, defaultSuite)
  const config = await decodeKeyConfig(key.config, defaultSuite)
  const info = new TextEncoder().encode('message/bhttp chunked request')
  const label = new TextEncoder().encode('message/bhttp chunked response')
  const { subtle } = crypto

  async function bare(): Promise<void> {
    const { ctx: sender, encapsulatedSecret } = await suite.SetupSender(config.publicKey, { info })
    const sealed = await sender.Seal(body)
    const recipient = await suite.SetupRecipient(key.pair, encapsulatedSecret, { info })
    await recipient.Open(sealed)
    const nonce = crypto.getRandomValues(new Uint8Array(16))
    const there = await responseKey(await recipient.Export(label, 16), nonce)
    const back = await responseKey(await sender.Export(label, 16), nonce)
    const iv = nonce.subarray(0, 12)
    const answer = await subtle.encrypt({ name: 'AES-GCM', iv }, there, new TextEncoder().encode('done'))
    await subtle.decrypt({ name: 'AES-GCM', iv }, back, answer)
  }

  async function responseKey(secret: Uint8Array, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
    const imported = await subtle.importKey('raw', new Uint8Array(secret), 'HKDF', false, ['deriveBits'])
    const derive = (length: number): Promise<ArrayBuffer> =>
      subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info: new Uint8Array([length]) }, imported, length * 8)
    const [bytes] = await Promise.all([derive(16), derive(12)])
    return subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  }

  /** The channel alone: both ends, without `Request` and `Response`. */
  async function throughChannel(): Promise<void> {
    const head = { method: 'POST', scheme: 'https', authority: 'app.example', path: '/', headers: [] }
    const { sealed, openResponse } = await sealRequest(config, encodeRequest(head, one(body)))
    const opened = await openRequest(() => key, sealed)
    const request = await decodeRequest(opened.message)
    if ((await lengthOf(request.body)) !== size) throw new Error('not all of it')
    const answer = encodeResponse({ status: 200, headers: [] }, one(new TextEncoder().encode('done')))
    const response = await decodeResponse(openResponse(opened.sealResponse(answer)))
    if ((await lengthOf(response.body)) !== 4) throw new Error('not answered')
  }

  /** Bare HPKE, and the same request to the same app in the clear. */
  async function bareWithFetch(): Promise<void> {
    await bare()
    const response = await app(new Request(origin, { method: 'POST', body }))
    if ((await response.text()) !== 'done') throw new Error('not answered')
  }

  const costs: Cost[] = []
  for (const [what, bound, floor, run] of [
    ['the channel alone, over bare HPKE', 1.5, bare, throughChannel],
    ['`attestedFetch`, gateway and app, over bare HPKE', undefined, bare, throughClient],
    ['the same, over bare HPKE and the app without a gateway', undefined, bareWithFetch, throughClient],
  ] as const) {
    await paired(50, floor, run)
    const { ratios, a } = await paired(rounds, floor, run)
    const cost = await paired(rounds, floor, run, worked)
    costs.push({ what, bound, ratio: median(ratios), ratios, worked: cost.ratios, bare: median(a) })
  }
  return costs
}

async function* one(piece: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  await Promise.resolve()
  yield piece
}

async function lengthOf(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const piece of pieces) length += piece.length
  return length
}
