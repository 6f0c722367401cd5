/**
 * The symmetric half of a channel: HKDF-SHA256 (RFC 5869) and AES-GCM. A file of its own, so that
 * verifiers do not carry it.
 */
import { type Bytes, copyBytes } from '../encoding/bytes.ts'
import type { CryptoKey } from './keys.ts'
import { bound, importKey } from './subtle.ts'

const encrypt = /* @__PURE__ */ bound('encrypt') as SubtleCrypto['encrypt']
const decrypt = /* @__PURE__ */ bound('decrypt') as SubtleCrypto['decrypt']
const deriveBits = /* @__PURE__ */ bound('deriveBits') as SubtleCrypto['deriveBits']

/** One key, with nonces of 12 bytes and tags of 16. */
export interface Aead {
  readonly seal: (nonce: Bytes, data: Bytes, additionalData: Bytes) => Promise<Bytes>
  /** Rejects when the tag does not fit. */
  readonly open: (nonce: Bytes, sealed: Bytes, additionalData: Bytes) => Promise<ArrayBuffer>
}

/**
 * Extract and expand, once for each info. @param lengths of the outputs, in bytes, by their info
 */
export async function hkdf<Info extends string>(
  secret: Bytes,
  salt: Bytes,
  lengths: Readonly<Record<Info, number>>,
): Promise<Readonly<Record<Info, Bytes>>> {
  const key = await importHkdf(secret)
  const derived = await Promise.all(
    Object.entries<number>(lengths).map(
      async ([info, length]) => [info, await deriveHkdf(key, salt, new TextEncoder().encode(info), length)] as const,
    ),
  )
  return Object.fromEntries(derived) as Record<Info, Bytes>
}

/** A secret that {@link deriveHkdf} takes. */
export function importHkdf(secret: Bytes): Promise<CryptoKey> {
  return importKey('raw', secret, 'HKDF', false, ['deriveBits'])
}

/** Extract and expand. @param length of the output, in bytes */
export async function deriveHkdf(key: CryptoKey, salt: Bytes, info: Bytes, length: number): Promise<Bytes> {
  return new Uint8Array(await deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, length * 8))
}

/** @param key 16 or 32 bytes */
export async function aesGcm(key: Bytes): Promise<Aead> {
  return aeadOf('AES-GCM', await importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']))
}

/** @param name of an algorithm whose parameters are those of AES-GCM */
export function aeadOf(name: string, key: CryptoKey): Aead {
  return {
    async seal(iv, data, additionalData) {
      return new Uint8Array(await encrypt({ name, iv, additionalData }, key, data))
    },
    open: (iv, sealed, additionalData) => decrypt({ name, iv, additionalData }, key, sealed),
  }
}

/**
 * `base` with a counter, big-endian, combined with its last 4 bytes by exclusive or. @throws
 * TypeError from 2^32 on: no nonce may come twice
 */
export function counterNonce(base: Bytes, counter: number): Bytes {
  if (counter >= 2 ** 32) throw new TypeError('counter of a nonce must be below 2^32')
  const nonce = copyBytes(base)
  for (let i = 1; i <= 4; i++) (nonce[nonce.length - i] as number) ^= counter >>> (8 * (i - 1))
  return nonce
}
