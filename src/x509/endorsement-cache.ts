/**
 * A memory for endorsements that were verified before: certificates of issuers, for Intel's
 * hardware also lists and documents. What it holds are facts that do not depend on trust, policy or
 * time: "this is signed by that key". Every other rule, dates and pinned root included, is applied
 * afresh at each verification.
 */
import type { SignatureCache } from '../crypto/signatures.ts'

/**
 * An empty `Map` of yours; pass the same one to every verification and leave its entries alone.
 * With it a Nitro document of an instance that was seen before costs 2 signature checks instead of
 * 5, a quote of an Intel platform 3 instead of 9. It never holds more than 100 entries, mostly of 1
 * to 20 KB and never above 64; the oldest leaves first.
 */
export type EndorsementCache = SignatureCache
