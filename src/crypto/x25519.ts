/**
 * X25519 (RFC 7748) by itself, where WebCrypto has it: for protocols that are not HPKE.
 */
import { VerificationError } from '../core/errors.ts'
import { type Bytes, isZero } from '../encoding/bytes.ts'
import { bound, importKey, missing } from './subtle.ts'

const generateKey = /* @__PURE__ */ bound('generateKey') as SubtleCrypto['generateKey']
const exportKey = /* @__PURE__ */ bound('exportKey') as SubtleCrypto['exportKey']
const deriveBits = /* @__PURE__ */ bound('deriveBits') as SubtleCrypto['deriveBits']
const algorithm = { name: 'X25519' }

/** A key pair. Its private half cannot be exported. */
export interface X25519Key {
  readonly publicKey: Bytes
  /**
   * The secret that only the two have. @throws VerificationError `client-key` for what is no key of
   * the curve, or of small order, with which everyone knows the secret
   */
  readonly agree: (peer: Bytes) => Promise<Bytes>
}

/** A new key pair. @throws VerificationError `unsupported` where WebCrypto does not have X25519 */
export async function createX25519Key(): Promise<X25519Key> {
  const pair = (await generateKey(algorithm, false, ['deriveBits']).catch(missing('X25519'))) as CryptoKeyPair
  return {
    publicKey: new Uint8Array(await exportKey('raw', pair.publicKey)),
    async agree(peer) {
      const secret = await importKey('raw', peer, algorithm, false, [])
        .then((key) => deriveBits({ name: 'X25519', public: key }, pair.privateKey, 256))
        .catch(() => new ArrayBuffer(0))
      const bytes = new Uint8Array(secret)
      if (isZero(bytes))
        throw new VerificationError('client-key', 'key of the channel: expected a point of X25519, not of small order')
      return bytes
    },
  }
}
