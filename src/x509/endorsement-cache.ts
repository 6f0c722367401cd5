/**
 * A bounded memory for issuer certificates that were verified before. What it holds are facts that do not depend on trust, policy or time: "this
 * certificate is signed by that key". Every other rule, dates and pinned root included, is applied afresh at each verification.
 */
import type { PublicKey } from '../crypto/signature.ts'
import type { Bytes } from '../encoding/bytes.ts'
import type { Certificate } from './certificate.ts'

/** Made by {@link createEndorsementCache}; pass the same one to every verification. */
export interface EndorsementCache {
  /** How many certificates it holds. */
  readonly size: number
}

/** The verifiers' side of the cache. */
export interface IssuerMemory extends EndorsementCache {
  /** Whether the signature on this certificate by this issuer was found good before. */
  has(certificate: Certificate, issuer: Certificate): boolean
  /** The imported key of a remembered certificate. */
  key(certificate: Certificate): PublicKey | undefined
  /** Remembers a certificate whose signature was found good on a path to a pinned root. */
  add(certificate: Certificate, issuer: Certificate, key: PublicKey | undefined): void
}

/**
 * Makes an empty cache. With it a Nitro document of an instance seen before costs 2 signature checks instead of 5.
 * @param options - `maximumEntries`: how many certificates to hold, about 3 KB each; the oldest leaves first. Default 100.
 * @throws TypeError when `maximumEntries` is not a positive integer
 */
export function createEndorsementCache(options: { readonly maximumEntries?: number } = {}): EndorsementCache {
  const { maximumEntries = 100 } = options
  if (!Number.isSafeInteger(maximumEntries) || maximumEntries < 1)
    throw new TypeError('maximumEntries must be a positive integer')
  // Keyed by the whole certificate: an ECDSA signature has a second valid form, so no part of it would be enough.
  const verified = new Map<string, { readonly issuerKey: string; readonly key: PublicKey | undefined }>()

  const memory: IssuerMemory = {
    get size() {
      return verified.size
    },
    has: ({ der }, issuer) => verified.get(text(der))?.issuerKey === text(issuer.spki),
    key: ({ der }) => verified.get(text(der))?.key,
    add({ der }, issuer, key) {
      const entry = text(der)
      if (verified.has(entry)) return
      verified.set(entry, { issuerKey: text(issuer.spki), key })
      for (const oldest of verified.keys()) {
        if (verified.size <= maximumEntries) break
        verified.delete(oldest)
      }
    },
  }
  return Object.freeze(memory)
}

function text(bytes: Bytes): string {
  return String.fromCharCode(...bytes)
}
