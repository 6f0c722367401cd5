/**
 * The enclave's end of the channel with one key for a session, after what its service documents.
 * Written apart from the library.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { base64, type Bytes, join, random, text, unbase64, utf8 } from './bytes.ts'

export interface KeyExchangePeer {
  readonly publicKey: Bytes
  /** Answers a key exchange, once for each nonce. */
  readonly exchange: (asked: string) => string
  readonly open: (id: string, body: string) => string
  readonly seal: (id: string, answer: string) => string
}

const sealUnder = (key: Bytes, data: Bytes): string => {
  const iv = random(12)
  return base64(join(iv, chacha20poly1305(key, iv).encrypt(data)))
}

export function createKeyExchangePeer(): KeyExchangePeer {
  const secretKey = x25519.utils.randomSecretKey()
  const sessions = new Map<string, Bytes>()
  const used = new Set<string>()
  const keyOf = (id: string): Bytes => {
    const key = sessions.get(id)
    if (key === undefined) throw new Error(`no session ${id}`)
    return key
  }
  return {
    publicKey: new Uint8Array(x25519.getPublicKey(secretKey)),
    exchange(asked) {
      const { nonce, client_public_key: client } = JSON.parse(asked) as { nonce: string; client_public_key: string }
      if (used.has(nonce)) throw new Error('a nonce is for one exchange')
      used.add(nonce)
      const key = random(32)
      const id = crypto.randomUUID()
      sessions.set(id, key)
      const secret = new Uint8Array(x25519.getSharedSecret(secretKey, unbase64(client)))
      return JSON.stringify({ session_id: id, encrypted_session_key: sealUnder(secret, key) })
    },
    open(id, body) {
      const { encrypted } = JSON.parse(body) as { encrypted: string }
      const bytes = unbase64(encrypted)
      return text(chacha20poly1305(keyOf(id), bytes.slice(0, 12)).decrypt(bytes.slice(12)))
    },
    seal: (id, answer) => sealUnder(keyOf(id), utf8(answer)),
  }
}
