/**
 * ML-KEM-768 (FIPS 203) by itself, where WebCrypto has it: for protocols that are not HPKE.
 */
import { VerificationError } from '../core/errors.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { bound, importKey, missing } from './subtle.ts'

const name = 'ML-KEM-768'
const usages = ['encapsulateBits', 'decapsulateBits'] as unknown as KeyUsage[]
const sending = ['encapsulateBits'] as unknown as KeyUsage[]
// TypeScript does not know these yet.
const raw = 'raw-public' as 'raw'
type Encapsulate = (
  name: string,
  key: CryptoKey,
) => Promise<{ readonly sharedKey: ArrayBuffer; readonly ciphertext: ArrayBuffer }>
type Decapsulate = (name: string, key: CryptoKey, ciphertext: Bytes) => Promise<ArrayBuffer>

const generateKey = /* @__PURE__ */ bound('generateKey') as SubtleCrypto['generateKey']
const exportKey = /* @__PURE__ */ bound('exportKey') as SubtleCrypto['exportKey']
const encapsulateBits = /* @__PURE__ */ bound('encapsulateBits') as Encapsulate
const decapsulateBits = /* @__PURE__ */ bound('decapsulateBits') as Decapsulate

/** Bytes of a public key, and of what a secret is encapsulated in. */
export const mlKemSizes = { publicKey: 1184, ciphertext: 1088 } as const

/** A key pair. Its private half cannot be exported. */
export interface MlKemKey {
  readonly publicKey: Bytes
  /** Never tells whether the ciphertext is whole: it gives another secret then. */
  readonly decapsulate: (ciphertext: Bytes) => Promise<Bytes>
}

/** A new key pair. @throws VerificationError `unsupported` where WebCrypto has no ML-KEM-768 */
export async function createMlKemKey(): Promise<MlKemKey> {
  const pair = (await generateKey(name, false, usages).catch(missing(name))) as CryptoKeyPair
  return {
    publicKey: new Uint8Array(await exportKey(raw, pair.publicKey)),
    decapsulate: async (ciphertext) => new Uint8Array(await decapsulateBits(name, pair.privateKey, ciphertext)),
  }
}

/**
 * A secret for the owner of a key, and what it travels in. @throws VerificationError `client-key`
 * for what is no key
 */
export async function encapsulate(publicKey: Bytes): Promise<{ readonly secret: Bytes; readonly ciphertext: Bytes }> {
  try {
    const key = await importKey(raw, publicKey, name, false, sending)
    const { sharedKey, ciphertext } = await encapsulateBits(name, key)
    return { secret: new Uint8Array(sharedKey), ciphertext: new Uint8Array(ciphertext) }
  } catch (cause) {
    throw new VerificationError('client-key', 'key of the channel: expected one of ML-KEM-768', { cause })
  }
}
