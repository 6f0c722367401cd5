/**
 * The HPKE suites (RFC 9180) that a channel can use. A caller fixes one; nothing is negotiated, so
 * nothing can be talked down.
 */
import { type KDF, KDF_HKDF_SHA256, type KEM, KEM_DHKEM_P256_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import type { CryptoKey } from '../crypto/keys.ts'

/** One suite. The KDF is HKDF-SHA256 in all. */
export interface Suite {
  /** `P-256` works in every runtime; `X25519` in those whose WebCrypto has it. */
  readonly kem: 'P-256' | 'X25519'
  readonly aead: 'AES-128-GCM' | 'AES-256-GCM'
}

/**
 * The parts of a suite, with their numbers (RFC 9180 section 7) and sizes in bytes. What they
 * compute is the library's, AES-GCM is WebCrypto's.
 */
export interface Hpke {
  readonly KEM: KEM<CryptoKey>
  readonly KDF: KDF
  readonly AEAD: { readonly id: number; readonly Nk: number; readonly Nn: number }
}

/** What a sealed text is longer than its plain text, in bytes. */
export const tagSize = 16

/** The parts of this suite, made anew. */
export function hpke({ kem, aead }: Suite): Hpke {
  return {
    KEM: kem === 'P-256' ? KEM_DHKEM_P256_HKDF_SHA256() : KEM_DHKEM_X25519_HKDF_SHA256(),
    KDF: KDF_HKDF_SHA256(),
    AEAD: aead === 'AES-128-GCM' ? { id: 1, Nk: 16, Nn: 12 } : { id: 2, Nk: 32, Nn: 12 },
  }
}
