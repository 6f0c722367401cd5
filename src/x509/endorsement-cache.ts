/**
 * A memory for issuer certificates that were verified before. What it holds are facts that do not depend on trust, policy or time: "this certificate is
 * signed by that key". Every other rule, dates and pinned root included, is applied afresh at each verification.
 */
import type { PublicKey } from '../crypto/signature.ts'
import type { Certificate } from './certificate.ts'

/**
 * An empty `Map` of yours; pass the same one to every verification and leave its entries alone. With it a Nitro document of an instance that was seen
 * before costs 2 signature checks instead of 5. It never holds more than 100 certificates, about 3 KB each; the oldest leaves first.
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
  if (cache === undefined || issuer === undefined || key === undefined) return
  const [oldest] = cache.set(entryOf(certificate, issuer), key).keys()
  if (oldest !== undefined && cache.size > maximumEntries) cache.delete(oldest)
}
