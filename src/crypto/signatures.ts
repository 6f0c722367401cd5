/**
 * One table of signatures: every signature of one verification as a row, root first. All checks
 * start together, so that WebCrypto runs them side by side; they are judged in the order of the
 * table, which does not depend on which was done first.
 */
import type { AttestationErrorCode } from '../core/codes.ts'
import { type CheckRunner, stopwatch } from '../core/record.ts'
import { type Bytes, equalBytes } from '../encoding/bytes.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import type { Fact, Memorable, Memory } from './memory.ts'
import { importPublicKey, type PublicKey, verifySignature } from './signature.ts'

/** What was signed. */
export interface Signed extends Memorable {
  /** For messages. */
  readonly name: string
  readonly signature: Bytes
  /** That of the signature: it says what the signer's key is imported for. */
  readonly algorithm: SignatureAlgorithm
  /** Whether an ECDSA signature is a SEQUENCE of r and s, as in X.509, or r || s. */
  readonly isDer: boolean
  /** Its own key, where it is a certificate: rows below are signed by that. */
  readonly spki?: Bytes
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

/**
 * Starts every check of a table, each key imported once and only where a check needs it; a memory
 * spares those that it knows.
 */
export function startSignatures(rows: readonly SignatureRow[], memory?: Memory): StartedSignatures {
  const startedAt = stopwatch()
  const keys: (readonly [spki: Bytes, key: PublicKey, importedFor: SignatureAlgorithm])[] = []
  // A point serves every hash; an RSA key is imported for one.
  const keyOf = (spki: Bytes, { importParams, key: { coordinateSize } }: SignatureAlgorithm): PublicKey | undefined =>
    keys.find(
      ([known, , importedFor]) =>
        equalBytes(known, spki) && (coordinateSize > 0 || importedFor.importParams === importParams),
    )?.[1]
  const started = rows.map((row) => {
    const { of, by } = row
    const known = memory?.factOf(of, by.spki)
    if (known !== undefined) {
      if (of.spki !== undefined) keys.push([of.spki, known.key, known.importedFor])
      return { row, isKnown: true, holds: Promise.resolve(true) }
    }
    let key = keyOf(by.spki, of.algorithm)
    if (key === undefined) {
      key = importPublicKey(by.spki, of.algorithm)
      keys.push([by.spki, key, of.algorithm])
    }
    return { row, isKnown: false, holds: verifySignature(of.algorithm, key, of) }
  })
  const held = new Set<Bytes>()
  let next = 0

  /** What was found, of a certificate only where its own key was needed too. */
  function factOf({ of, by }: SignatureRow): Fact[] {
    const [, key, importedFor] = keys.find(([spki]) => equalBytes(spki, of.spki ?? by.spki)) ?? []
    return key && importedFor ? [{ of, by: by.spki, key, importedFor }] : []
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
      // Only when the whole table held: what was refused leaves nothing behind.
      if (next === started.length) memory?.commit(started.flatMap(({ row, isKnown }) => (isKnown ? [] : factOf(row))))
      return held
    },
  }
}
