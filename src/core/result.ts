/**
 * The attestation result: the one object that says "verified". Only a verifier of this library can
 * make one.
 */
import type { CheckRecorder } from './record.ts'
import type { Check } from './check.ts'

declare const verified: unique symbol

/**
 * What a successful verification returns (RFC 9334 section 8.4). Frozen, its claims too; the bytes
 * in it are copies that belong to the caller. There is no failed result: a verifier returns this or
 * throws.
 */
export interface AttestationResult<Format extends string = string, Claims = unknown> {
  /**
   * Keeps plain objects from passing as a result at compile time; {@link isAttestationResult} does
   * so at run time.
   */
  readonly [verified]: true
  readonly format: Format
  /** What the evidence says, all of it covered by the vendor's signature. */
  readonly claims: Claims
  /** The time that certificates were checked at. */
  readonly verifiedAt: Date
  /**
   * Where that time came from: with `evidence` the result proves that this was true once, not that
   * it is true now.
   */
  readonly timeSource: 'clock' | 'evidence'
  /** When the evidence was made, by its own account; `undefined` for formats that do not say. */
  readonly attestedAt: Date | undefined
  /**
   * Evidence time minus the verifier's time in seconds: how far the two clocks are apart, transport
   * included. `undefined` in archive mode.
   */
  readonly clockOffsetSeconds: number | undefined
  /** When to attest again at the latest: the first certificate or endorsement to expire. */
  readonly validUntil: Date
  /**
   * The reference value that matched: its name, else its index; `undefined` when reference values
   * were skipped.
   */
  readonly matched: string | number | undefined
  /**
   * The key that the evidence vouches for, exactly as the attester gave it; `undefined` where there
   * is none.
   */
  readonly publicKey: Uint8Array<ArrayBuffer> | undefined
  /** Every check that was made, in order. */
  readonly checks: readonly Check[]
}

// A registry, not state that any verdict depends on: it lets `veritee/client` tell a result from
// something that looks like one.
const results = /* @__PURE__ */ new WeakSet()

/** What a verifier hands over with its claims. Numbers are Unix milliseconds. */
export interface Findings {
  /** The verifier's clock; `undefined` in archive mode, where evidence is dated. */
  readonly clock: { readonly now: number } | undefined
  /** When the evidence was made; `undefined` for formats that do not say. */
  readonly timestamp: Date | undefined
  readonly validUntil: number
  readonly matched: string | number | undefined
  readonly publicKey: Uint8Array<ArrayBuffer> | undefined
}

/**
 * Makes the result. Internal: called by the last line of a verifier, and by nothing else.
 * @throws AppraisalError when any appraisal in `checks` failed: no result can exist beside a failed
 *   check
 */
export function attestationResult<Format extends string, Claims>(
  format: Format,
  claims: Claims,
  checks: CheckRecorder,
  { clock, timestamp, validUntil, matched, publicKey }: Findings,
): AttestationResult<Format, Claims> {
  checks.conclude()
  const attestedAt = timestamp?.getTime()
  const result = Object.freeze({
    format,
    claims,
    verifiedAt: new Date(clock?.now ?? (attestedAt as number)),
    timeSource: clock ? 'clock' : 'evidence',
    attestedAt: attestedAt === undefined ? undefined : new Date(attestedAt),
    clockOffsetSeconds: attestedAt === undefined || clock === undefined ? undefined : (attestedAt - clock.now) / 1000,
    validUntil: new Date(validUntil),
    matched,
    publicKey,
    checks: Object.freeze([...checks.made]),
  }) as AttestationResult<Format, Claims>
  results.add(result)
  return result
}

/** Whether `value` was made by a verifier of this very copy of the library. Never throws. */
export function isAttestationResult(value: unknown): value is AttestationResult {
  return results.has(value as WeakKey)
}
