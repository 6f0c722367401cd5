/**
 * One handler behind two channels, in a process of its own: veritee's gateway, and the enclave's
 * end of EHBP. Tells its parent where it listens and which root signs its evidence.
 */
import { counting, setUpRecipient } from '../../src/channel/hpke.ts'
import { createGatewayKey } from '../../src/channel/key-config.ts'
import { aesGcm, hkdf } from '../../src/crypto/aead.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { concat, hex, unhex } from '../attester/bytes.ts'
import { createNitroAttester } from '../attester/nitro.ts'
import { serveLoopback } from '../gateway/loopback.ts'
import type { EhbpServer } from './ehbp.ts'

const attester = await createNitroAttester({ now: new Date() })
const key = await createGatewayKey(0, { kem: 'X25519', aead: 'AES-256-GCM' })
const ascii = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const pieceSize = 65_536
const noise = crypto.getRandomValues(new Uint8Array(pieceSize))

/** `/up` counts what comes, `/down?size=…` sends so many bytes. */
async function handler(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  let bytes = 0
  for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) bytes += piece.length
  return new Response(pathname === '/up' ? String(bytes) : noiseOf(Number(searchParams.get('size'))))
}

function noiseOf(size: number): ReadableStream<Uint8Array> {
  let left = size
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(noise.subarray(0, Math.min(left, pieceSize)))
        left -= pieceSize
        if (left <= 0) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The enclave's end of EHBP, around the same handler. Each piece of an answer is a frame. */
async function ehbpEnd(request: Request): Promise<Response> {
  const enc = unhex(request.headers.get('ehbp-encapsulated-key') ?? '')
  const context = await setUpRecipient(key.cipher, key.pair, enc, ascii('ehbp request'))
  const sealed = new Uint8Array(await request.arrayBuffer())
  const frames: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < sealed.length;) {
    const length = new DataView(sealed.buffer).getUint32(at)
    frames.push(new Uint8Array(await context.open(sealed.subarray(at + 4, at + 4 + length), new Uint8Array())))
    at += 4 + length
  }
  const answer = await handler(new Request(request.url, { method: 'POST', body: new Blob(frames) }))
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const derived = await hkdf(await context.exportSecret(ascii('ehbp response'), 32), concat(enc, nonce), {
    key: 32,
    nonce: 12,
  })
  const sealer = counting(await aesGcm(derived.key), derived.nonce)
  const body = answer.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(piece, controller) {
        const one = await sealer.seal(new Uint8Array(piece), new Uint8Array())
        const frame = new Uint8Array(4 + one.length)
        new DataView(frame.buffer).setUint32(0, one.length)
        frame.set(one, 4)
        controller.enqueue(frame)
      },
    }),
  )
  return new Response(body ?? null, { headers: { 'ehbp-response-nonce': hex(nonce) } })
}

const { origin } = await serveLoopback((origins) => {
  const gateway = createGateway({
    origins,
    attest: async ({ nonce, keyConfig }) => ({
      mediaType: 'application/cbor',
      evidence: await attester.document({ nonce, publicKey: keyConfig }),
      holdsKeyConfig: true,
    }),
    handler,
  })
  return (request) => (request.headers.has('ehbp-encapsulated-key') ? ehbpEnd(request) : gateway(request))
})
process.on('disconnect', () => process.exit())
process.send?.({ origin, root: hex(attester.root), key: hex(key.config.slice(5, 37)) } satisfies EhbpServer)
