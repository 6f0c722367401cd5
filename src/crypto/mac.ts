/**
 * HMAC (RFC 2104) under a secret that the caller holds. A file of its own, so that other verifiers
 * do not carry it.
 */
import type { Bytes } from '../encoding/bytes.ts'
import type { DigestAlgorithm } from './digest.ts'
import { importKey, verify } from './subtle.ts'

/** A MAC algorithm of COSE (RFC 9053 section 3.1) whose tag is a whole hash. */
export interface MacAlgorithm {
  readonly name: string
  readonly cose: number
  readonly hash: DigestAlgorithm
  /** Bytes of a tag. */
  readonly size: number
}

export const HS256: MacAlgorithm = { name: 'HMAC 256/256', cose: 5, hash: 'SHA-256', size: 32 }
export const HS384: MacAlgorithm = { name: 'HMAC 384/384', cose: 6, hash: 'SHA-384', size: 48 }
export const HS512: MacAlgorithm = { name: 'HMAC 512/512', cose: 7, hash: 'SHA-512', size: 64 }

/**
 * Whether `tag` over `data` holds. WebCrypto compares. Rejects only where there is no WebCrypto,
 * with VerificationError `unsupported`.
 */
export async function verifyMac({ hash }: MacAlgorithm, secret: Bytes, tag: Bytes, data: Bytes): Promise<boolean> {
  const imported = importKey('raw', secret, { name: 'HMAC', hash }, false, ['verify'])
  try {
    // `=== true`: whatever else a patched or broken WebCrypto resolves to is no MAC.
    return ((await verify('HMAC', await imported, tag, data)) as unknown) === true
  } catch {
    return false
  }
}
