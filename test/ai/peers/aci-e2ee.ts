/**
 * The service's end of ACI's E2EE version 2, after its specification: opens each field of a request
 * at the place where it is, and seals those of an answer. Written apart from the library.
 */
import { gcm } from '@noble/ciphers/aes.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { type Bytes, derive, hex, join, random, text, unhex, utf8 } from './bytes.ts'

const algo = 'x25519-aes-256-gcm-hkdf-sha256'

/** A request, opened. */
export interface AciRequest {
  readonly body: Record<string, unknown>
  /** Paths that were sealed. */
  readonly paths: readonly string[]
  /** Seals one field of the answer. */
  readonly seal: (path: string, id: string, value: string) => string
}

export interface AciPeer {
  readonly publicKey: Bytes
  /** @throws Error as the service refuses */
  readonly open: (headers: Headers, sealed: string, now: number) => AciRequest
}

export function createAciPeer(): AciPeer {
  const secretKey = x25519.utils.randomSecretKey()
  const publicKey = new Uint8Array(x25519.getPublicKey(secretKey))
  const seen = new Set<string>()

  return {
    publicKey,
    open(headers, sealed, now) {
      const of = (name: string): string => headers.get(name) ?? ''
      const [nonce, ts, client] = [of('x-e2ee-nonce'), Number(of('x-e2ee-timestamp')), of('x-client-pub-key')]
      if (of('x-e2ee-version') !== '2') throw new Error('e2ee_invalid_version')
      if (of('x-model-pub-key') !== hex(publicKey)) throw new Error('e2ee_model_key_mismatch')
      if (!/^[0-9a-f]{64}$/i.test(nonce)) throw new Error('e2ee_invalid_nonce')
      if (!(Math.abs(now / 1000 - ts) <= 300)) throw new Error('e2ee_invalid_timestamp')
      if (seen.has(client + nonce)) throw new Error('e2ee_replay_detected')
      seen.add(client + nonce)
      const body = JSON.parse(sealed) as Record<string, unknown>
      const { model } = body
      if (typeof model !== 'string') throw new Error('e2ee_invalid_payload_model')
      const q = JSON.stringify
      // Members in the order of their names, as RFC 8785 has it.
      const requestData = (field: string): Bytes =>
        utf8(
          `{"algo":${q(algo)},"field":${q(field)},"model":${q(model)},"nonce":${q(nonce)},"purpose":"aci.e2ee.request.v2","ts":${ts}}`,
        )
      const responseData = (field: string, id: string): Bytes =>
        utf8(
          `{"algo":${q(algo)},"field":${q(field)},"id":${q(id)},"model":${q(model)},"nonce":${q(nonce)},"purpose":"aci.e2ee.response.v2","ts":${ts}}`,
        )

      const paths: string[] = []
      const openAt = (holder: Record<string, unknown>, name: string, path: string): void => {
        const bytes = unhex(holder[name] as string)
        const key = derive(x25519.getSharedSecret(secretKey, bytes.slice(0, 32)), undefined, 'aci.e2ee.v2.x25519')
        holder[name] = text(gcm(key, bytes.slice(32, 44), requestData(path)).decrypt(bytes.slice(44)))
        paths.push(path)
      }
      const messages = (body.messages ?? []) as Record<string, unknown>[]
      messages.forEach((message, m) => {
        if (typeof message.content !== 'string') return
        openAt(message, 'content', `messages.${m}.content`)
        try {
          const parsed: unknown = JSON.parse(message.content)
          if (Array.isArray(parsed)) message.content = parsed
        } catch {
          // A plain text.
        }
      })
      for (const name of ['prompt', 'input']) {
        const value = body[name]
        if (typeof value === 'string') openAt(body, name, name)
        else if (Array.isArray(value))
          value.forEach((_, i) => {
            openAt(value as unknown as Record<string, unknown>, `${i}`, `${name}.${i}`)
          })
      }
      if (paths.length === 0) throw new Error('e2ee_decryption_failed')
      return {
        body,
        paths,
        seal(path, id, value) {
          const ephemeral = x25519.utils.randomSecretKey()
          const key = derive(x25519.getSharedSecret(ephemeral, unhex(client)), undefined, 'aci.e2ee.v2.x25519')
          const iv = random(12)
          const sealedField = gcm(key, iv, responseData(path, id)).encrypt(utf8(value))
          return hex(join(x25519.getPublicKey(ephemeral), iv, sealedField))
        },
      }
    },
  }
}
