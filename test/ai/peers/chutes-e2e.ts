/**
 * An instance's end of the channel with ML-KEM-768, after what its service documents. Written apart
 * from the library.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ml_kem768 as kem } from '@noble/post-quantum/ml-kem.js'
import { base64, type Bytes, derive, join, random, text, unbase64, utf8 } from './bytes.ts'

/** A request, opened. */
export interface ChutesRequest {
  readonly body: Record<string, unknown>
  /** A whole answer. */
  readonly seal: (json: string) => Promise<Bytes>
  /** A stream: its first event, and what seals one more. */
  readonly stream: () => { readonly init: string; readonly seal: (chunk: string) => string }
}

export interface ChutesPeer {
  readonly publicKey: Bytes
  readonly open: (sealed: Bytes) => Promise<ChutesRequest>
}

async function through(bytes: Bytes, transform: GenericTransformStream): Promise<Bytes> {
  const stream = new Blob([bytes]).stream().pipeThrough(transform)
  return new Uint8Array(await new Response(stream as ReadableStream<Bytes>).arrayBuffer())
}

export function createChutesPeer(): ChutesPeer {
  const { publicKey, secretKey } = kem.keygen()
  return {
    publicKey: new Uint8Array(publicKey),
    async open(sealed) {
      const ciphertext = sealed.slice(0, 1088)
      const key = derive(kem.decapsulate(ciphertext, secretKey), ciphertext.slice(0, 16), 'e2e-req-v1')
      const packed = chacha20poly1305(key, sealed.slice(1088, 1100)).decrypt(sealed.slice(1100))
      const json = text(await through(new Uint8Array(packed), new DecompressionStream('gzip')))
      const { e2e_response_pk: responseKey, ...body } = JSON.parse(json) as Record<string, unknown>
      const begin = (info: string): { readonly cipherText: Bytes; readonly seal: (data: Bytes) => Bytes } => {
        const { cipherText, sharedSecret } = kem.encapsulate(unbase64(responseKey as string))
        const own = derive(sharedSecret, cipherText.slice(0, 16), info)
        const seal = (data: Bytes): Bytes => {
          const iv = random(12)
          return join(iv, chacha20poly1305(own, iv).encrypt(data))
        }
        return { cipherText: new Uint8Array(cipherText), seal }
      }
      return {
        body,
        async seal(answer) {
          const { cipherText, seal } = begin('e2e-resp-v1')
          return join(cipherText, seal(await through(utf8(answer), new CompressionStream('gzip'))))
        },
        stream() {
          const { cipherText, seal } = begin('e2e-stream-v1')
          return { init: base64(cipherText), seal: (chunk) => base64(seal(utf8(chunk))) }
        },
      }
    },
  }
}
