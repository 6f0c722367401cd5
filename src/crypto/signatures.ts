/**
 * One table of signatures: every signature of one verification as a row, root first. All checks
 * start together, so that WebCrypto runs them side by side; they are judged in the order of the
 * table, which does not depend on which was done first.
 */
import type { AttestationErrorCode } from '../core/codes.ts'
import { type CheckRunner, stopwatch } from '../core/record.ts'
import { type Bytes, equalBytes } from '../encoding/bytes.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import type { CryptoKey } from './keys.ts'
import { importPublicKey, type PublicKey, verifySignature } from './signature.ts'

/** What was signed. */
export interface Signed {
  /** For messages. */
  readonly name: string
  readonly signedBytes: Bytes
  readonly signature: Bytes
  /** That of the signature: it says what the signer's key is imported for. */
  readonly algorithm: SignatureAlgorithm
  /** Whether an ECDSA signature is a SEQUENCE of r and s, as in X.509, or r || s. */
  readonly isDer: boolean
  /** Its own key, where it is a certificate: rows below are signed by that. */
  readonly spki?: Bytes
  /**
   * All of it as text, signature included, where a cache may spare the check: an ECDSA signature
   * has a second valid form, so that no part of it would be enough. The key of the signer in front
   * of it must not run into it.
   */
  readonly whole?: () => string
}

/** Who signed: a certificate, or the owner of a bare key. */
export interface Signer {
  /** For messages. */
  readonly name: string
  /** DER SubjectPublicKeyInfo, or an uncompressed point. */
  readonly spki: Bytes
}

/** One signature. */
export interface SignatureRow {
  /** What a signature that does not hold is called. */
  readonly code: AttestationErrorCode
  readonly of: Signed
  readonly by: Signer
  /** Rows of one group that follow each other are one check, called so when all of them hold. */
  readonly group?: string
  /** Why it may not hold, in words that go behind the verdict. Nothing is decided by them. */
  readonly hint?: () => string
}

/**
 * A memory of signatures that held: what was signed, with the key that signed it. The value is the
 * key that rows below are checked with.
 */
export type SignatureCache = Map<string, Promise<CryptoKey | undefined>>

/** The checks of one table: under way. */
export interface StartedSignatures {
  /**
   * Waits for the rows, in the order of the table, and goes on where the last call ended.
   * @param before the code of the first row that is left for the next call
   * @returns the signed bytes of all rows that held so far
   * @throws VerificationError for the first signature that does not hold
   */
  settle(checks: CheckRunner, before?: AttestationErrorCode): Promise<ReadonlySet<Bytes>>
}

const maximumEntries = 100
/** Longer entries are not remembered, so that a cache stays small. */
const maximumEntry = 65_536

/**
 * Starts every check of a table, each key imported once and only where a check needs it; a cache
 * spares those that it knows.
 */
export function startSignatures(rows: readonly SignatureRow[], cache?: SignatureCache): StartedSignatures {
  const startedAt = stopwatch()
  const keys: (readonly [spki: Bytes, key: PublicKey, importedFor: SignatureAlgorithm | undefined])[] = []
  // A point serves every hash; an RSA key is imported for one.
  const keyOf = (spki: Bytes, { importParams, key: { coordinateSize } }: SignatureAlgorithm): PublicKey | undefined =>
    keys.find(
      ([known, , importedFor]) =>
        equalBytes(known, spki) && (coordinateSize > 0 || importedFor?.importParams === importParams),
    )?.[1]
  const started = rows.map((row) => {
    const { of, by } = row
    const entry = cache && of.whole && String.fromCharCode(...by.spki) + of.whole()
    const known = entry === undefined ? undefined : cache?.get(entry)
    if (known !== undefined) {
      if (of.spki !== undefined) keys.push([of.spki, known, undefined])
      return { row, entry: undefined, holds: Promise.resolve(true) }
    }
    let key = keyOf(by.spki, of.algorithm)
    if (key === undefined) {
      key = importPublicKey(by.spki, of.algorithm)
      keys.push([by.spki, key, of.algorithm])
    }
    return { row, entry, holds: verifySignature(of.algorithm, key, of) }
  })
  const held = new Set<Bytes>()
  let next = 0

  /** Only for when the whole table held: what was refused leaves nothing behind. */
  function remember(entry: string | undefined, { of, by }: SignatureRow): void {
    const own = of.spki ?? by.spki
    const key = keys.find(([known]) => equalBytes(known, own))?.[1]
    if (cache === undefined || entry === undefined || entry.length > maximumEntry || key === undefined) return
    const [oldest] = cache.set(entry, key).keys()
    if (oldest !== undefined && cache.size > maximumEntries) cache.delete(oldest)
  }

  return {
    async settle(checks, before) {
      while (next < started.length) {
        const first = (started[next] as (typeof started)[number]).row
        if (first.code === before) break
        let end = next + 1
        while (first.group !== undefined && started[end]?.row.group === first.group) end++
        const group = started.slice(next, end)
        next = end
        const bad = (await Promise.all(group.map(({ holds }) => holds))).indexOf(false)
        const { of, by, hint } = group[Math.max(bad, 0)]?.row ?? first
        const otherwise = `signature does not match ${by.name}${hint?.() ?? ''}`
        const subject = bad < 0 ? (first.group ?? `${of.name} signed by ${by.name}`) : of.name
        checks.verifies(first.code, subject, { holds: bad < 0, otherwise, startedAt })
        for (const { row } of group) held.add(row.of.signedBytes)
      }
      if (next === started.length) for (const { row, entry } of started) remember(entry, row)
      return held
    },
  }
}
