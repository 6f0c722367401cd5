/**
 * MLKEM768-X25519 by another implementation (`@noble/post-quantum`), in the shape that a suite
 * takes: the other end in runtimes that have ML-KEM, and both ends in those that do not.
 */
import { ml_kem768_x25519 as kem } from '@noble/post-quantum/hybrid.js'
import type { HybridKem } from '../../src/channel/suite.ts'

type Kem = ReturnType<HybridKem['make']>

/** A key as its bytes. */
interface NobleKey {
  readonly type: 'public' | 'private'
  readonly bytes: Uint8Array
}

const keyOf = (type: NobleKey['type'], bytes: Uint8Array): CryptoKey => ({ type, bytes }) as unknown as CryptoKey
const bytesOf = (key: unknown): Uint8Array => (key as NobleKey).bytes

export const nobleKem: HybridKem = Object.freeze({
  name: 'MLKEM768-X25519',
  make: () =>
    ({
      id: 0x647a,
      type: 'KEM',
      name: 'MLKEM768-X25519',
      Nsecret: 32,
      Nenc: 1120,
      Npk: 1216,
      Nsk: 32,
      GenerateKeyPair() {
        const { publicKey, secretKey } = kem.keygen()
        return Promise.resolve({ publicKey: keyOf('public', publicKey), privateKey: keyOf('private', secretKey) })
      },
      SerializePublicKey: (key: CryptoKey) => Promise.resolve(bytesOf(key)),
      DeserializePublicKey: (bytes: Uint8Array) => Promise.resolve(keyOf('public', bytes)),
      Encap(key: CryptoKey) {
        const { cipherText, sharedSecret } = kem.encapsulate(bytesOf(key))
        return Promise.resolve({ shared_secret: sharedSecret, enc: cipherText })
      },
      Decap: (enc: Uint8Array, key: CryptoKey) => Promise.resolve(kem.decapsulate(enc, bytesOf(key))),
    }) as unknown as Kem,
  requireRuntime: () => Promise.resolve(),
})
