/**
 * A memory for endorsements that were verified before: certificates of issuers, for Intel's hardware also lists and documents. What it holds are facts that do
 * not depend on trust, policy or time: "this is signed by that key". Every other rule, dates and pinned root included, is applied afresh at each verification.
 */
import type { PublicKey } from '../crypto/signature.ts'
import type { Certificate } from './certificate.ts'

/**
 * An empty `Map` of yours; pass the same one to every verification and leave its entries alone. With it a Nitro document of an instance that was seen
 * before costs 2 signature checks instead of 5, a quote of an Intel platform 3 instead of 9. It never holds more than 100 entries, mostly of 1 to 20 KB and
 * never above 64; the oldest leaves first.
 */
export type EndorsementCache = Map<string, Promise<CryptoKey | undefined>>

const maximumEntries = 100

/** The issuer's key and the whole certificate: an ECDSA signature has a second valid form, so no part of it would be enough. */
function entryOf({ der }: Certificate, { spki }: Certificate): string {
  return String.fromCharCode(...spki, ...der)
}

/** The imported key of a certificate whose signature by this issuer was found good before; none where there is no issuer. */
export function recall(
  cache: EndorsementCache | undefined,
  certificate: Certificate,
  issuer: Certificate | undefined,
): PublicKey | undefined {
  return issuer && cache?.get(entryOf(certificate, issuer))
}

/** Remembers a certificate that was found good, on a path to a pinned root, and its key. */
export function remember(
  cache: EndorsementCache | undefined,
  certificate: Certificate,
  issuer: Certificate | undefined,
  key: PublicKey | undefined,
): void {
  if (cache !== undefined && issuer !== undefined && key !== undefined) keep(cache, entryOf(certificate, issuer), key)
}

/** Adds one entry, of whatever was found to be signed by the key that it begins with. */
export function keep(cache: EndorsementCache, entry: string, key: PublicKey): void {
  const [oldest] = cache.set(entry, key).keys()
  if (oldest !== undefined && cache.size > maximumEntries) cache.delete(oldest)
}
