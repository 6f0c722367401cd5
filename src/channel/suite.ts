/**
 * The HPKE suites (RFC 9180) that a channel can use. A caller fixes one; nothing is negotiated, so
 * nothing can be talked down.
 */
import { type KDF, KDF_HKDF_SHA256, type KEM, KEM_DHKEM_P256_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import { isPlainObject, requireOption } from '../core/options.ts'
import type { CryptoKey } from '../crypto/keys.ts'

/** One suite. The KDF is HKDF-SHA256 in all. */
export interface Suite {
  /**
   * `P-256` works in every runtime; `X25519` in those whose WebCrypto has it; `mlkem768X25519` of
   * `veritee/post-quantum` in those that have ML-KEM-768 as well.
   */
  readonly kem: 'P-256' | 'X25519' | HybridKem
  readonly aead: 'AES-128-GCM' | 'AES-256-GCM'
}

/**
 * A key encapsulation that comes from an entry of its own, so that only pages that use it carry it.
 */
export interface HybridKem {
  readonly name: 'MLKEM768-X25519'
  /**
   * What computes it, made anew. @throws VerificationError `unsupported` without WebCrypto
   */
  readonly make: () => KEM<CryptoKey>
  /** @throws VerificationError `unsupported` where this runtime does not have all of it */
  readonly requireRuntime: () => Promise<void>
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
    KEM: kemOf(kem),
    KDF: KDF_HKDF_SHA256(),
    AEAD: aead === 'AES-128-GCM' ? { id: 1, Nk: 16, Nn: 12 } : { id: 2, Nk: 32, Nn: 12 },
  }
}

function kemOf(kem: Suite['kem']): KEM<CryptoKey> {
  if (typeof kem === 'object') return kem.make()
  return kem === 'P-256' ? KEM_DHKEM_P256_HKDF_SHA256() : KEM_DHKEM_X25519_HKDF_SHA256()
}

/** As it is called in messages. */
export function nameOf({ kem }: Suite): string {
  return typeof kem === 'object' ? kem.name : kem
}

/** The one suite that a caller fixed, copied. @throws TypeError for what is none */
export function readSuite(suite: unknown): Suite {
  const { kem, aead, ...unknown } = Object(isPlainObject(suite) ? suite : undefined) as Record<string, unknown>
  const { name, make, requireRuntime } = Object(kem) as Partial<HybridKem>
  const isHybrid = name === 'MLKEM768-X25519' && [make, requireRuntime].every((one) => typeof one === 'function')
  const isKnown = kem === 'P-256' || kem === 'X25519' || isHybrid
  requireOption('suite.kem', 'P-256, X25519 or mlkem768X25519', isKnown)
  requireOption('suite.aead', 'AES-128-GCM or AES-256-GCM', aead === 'AES-128-GCM' || aead === 'AES-256-GCM')
  requireOption('suite', '{ kem, aead }', Object.keys(unknown).length === 0)
  return { kem, aead } as Suite
}
