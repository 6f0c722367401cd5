/**
 * ML-KEM-768 and ChaCha20-Poly1305 for the WebCrypto of a runtime without them, out of
 * `@noble/post-quantum` and `@noble/ciphers`. For tests alone: imported before the library, which
 * takes the functions of WebCrypto once. Where the runtime has them, nothing is changed; the real
 * ones are tried in the portable suite.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ml_kem768 as kem } from '@noble/post-quantum/ml-kem.js'

type Call = (...parameters: never[]) => Promise<unknown>
const subtle = crypto.subtle as unknown as Record<string, Call>
const bytesOf = (value: BufferSource): Uint8Array =>
  ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value)
const nameOf = (algorithm: AlgorithmIdentifier): string => (typeof algorithm === 'string' ? algorithm : algorithm.name)

/** Keys of ours, and their bytes. */
const keys = new WeakMap<object, Uint8Array>()
function keyOf(bytes: Uint8Array): CryptoKey {
  const key = Object.freeze({ extractable: false })
  keys.set(key, bytes.slice())
  return key as unknown as CryptoKey
}
const own = (key: CryptoKey): Uint8Array => keys.get(key) as Uint8Array

/** Replaces a function where `isOurs` says so. */
function replace(
  name: string,
  isOurs: (...parameters: never[]) => boolean,
  run: (...parameters: never[]) => unknown,
): void {
  const native = subtle[name]?.bind(crypto.subtle)
  const replaced: Call = (...parameters) =>
    isOurs(...parameters) ? Promise.resolve().then(() => run(...parameters)) : (native as Call)(...parameters)
  Object.defineProperty(crypto.subtle, name, { value: replaced, configurable: true })
}

const has = await (subtle.generateKey as Call)(...(['ML-KEM-768', false, ['encapsulateBits']] as never[])).then(
  () => true,
  () => false,
)

if (!has) {
  const isMlKem = (algorithm: AlgorithmIdentifier): boolean => nameOf(algorithm) === 'ML-KEM-768'
  const isChaCha = (algorithm: AlgorithmIdentifier): boolean => nameOf(algorithm) === 'ChaCha20-Poly1305'
  replace('generateKey', isMlKem, () => {
    const { publicKey, secretKey } = kem.keygen()
    return { publicKey: keyOf(publicKey), privateKey: keyOf(secretKey) }
  })
  replace(
    'exportKey',
    (_format: string, key: CryptoKey) => keys.has(key),
    (_format: string, key: CryptoKey) => own(key).slice().buffer,
  )
  replace(
    'importKey',
    (_format: string, _bytes: BufferSource, algorithm: AlgorithmIdentifier) =>
      isMlKem(algorithm) || isChaCha(algorithm),
    (_format: string, bytes: BufferSource) => keyOf(bytesOf(bytes)),
  )
  replace(
    'encapsulateBits',
    () => true,
    (_algorithm: string, key: CryptoKey) => {
      const { cipherText, sharedSecret } = kem.encapsulate(own(key))
      return { ciphertext: cipherText.slice().buffer, sharedKey: sharedSecret.slice().buffer }
    },
  )
  replace(
    'decapsulateBits',
    () => true,
    (_algorithm: string, key: CryptoKey, ciphertext: BufferSource) =>
      kem.decapsulate(bytesOf(ciphertext), own(key)).slice().buffer,
  )
  const cipher = ({ iv, additionalData }: AesGcmParams, key: CryptoKey): ReturnType<typeof chacha20poly1305> =>
    chacha20poly1305(own(key), bytesOf(iv), additionalData && bytesOf(additionalData))
  replace(
    'encrypt',
    isChaCha,
    (algorithm: AesGcmParams, key: CryptoKey, data: BufferSource) =>
      cipher(algorithm, key).encrypt(bytesOf(data)).slice().buffer,
  )
  replace(
    'decrypt',
    isChaCha,
    (algorithm: AesGcmParams, key: CryptoKey, data: BufferSource) =>
      cipher(algorithm, key).decrypt(bytesOf(data)).slice().buffer,
  )
}
