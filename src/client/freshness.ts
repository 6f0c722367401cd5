/**
 * Freshness is the channel's own job. A verifier is the caller's function: it may skip freshness,
 * allow an age, or return a result from before. So the client itself compares what the verified
 * claims answer with what it asked for, after the verifier and before the key is looked at.
 */
import { reportDataIn } from '../channel/binding.ts'
import { type Bytes, equalBytes, isBytes, toHex } from '../encoding/bytes.ts'
import { VerificationError } from '../core/errors.ts'
import type { AttestationResult } from '../core/result.ts'

/** What this session asked for, in bytes that no one else holds. */
export interface Asked {
  readonly nonce: Bytes
  /**
   * `undefined` when no key configuration came beside the evidence: there is nothing to compute it
   * from.
   */
  readonly reportData: Bytes | undefined
  /**
   * Whether report data is of this library's rule. With an evidence source of the caller's, the
   * rule is the provider's: `verify` and `binding` compare it, and a binding that finds a key in
   * report data computes all of it from the nonce.
   */
  readonly isOwnRule: boolean
}

/**
 * Formats with a nonce must answer the nonce; formats with report data alone must answer the report
 * data. Claims with neither answer nothing.
 * @throws VerificationError `client-freshness`
 */
export function requireFresh({ timeSource, claims }: AttestationResult, { nonce, reportData, isOwnRule }: Asked): void {
  // Certificates that were checked at the evidence's own time show that it was true once.
  if (timeSource !== 'clock') throw stale('time source of the result', 'clock', timeSource)
  const { nonce: answered } = Object(claims) as { nonce?: unknown }
  const reported = reportDataIn(claims)
  // A provider may have it as text: its 64 digits.
  const isText = !isOwnRule && (Object(answered) as Partial<Bytes>).length === 64
  const expected = isText ? new TextEncoder().encode(toHex(nonce)) : nonce
  if (answered !== undefined) requireEqual('nonce in the verified claims', expected, answered)
  else if (reported === undefined) throw stale('verified claims', 'a nonce, or report data', 'neither')
  else if (!isOwnRule) return
  else if (reportData === undefined)
    throw stale('report data in the verified claims', 'that of a key configuration beside the evidence', 'none')
  else requireEqual('report data in the verified claims', reportData, reported)
}

function requireEqual(subject: string, expected: Bytes, found: unknown): void {
  if (!isBytes(found)) throw stale(subject, toHex(expected), 'no bytes')
  if (!equalBytes(expected, found)) throw stale(subject, toHex(expected), toHex(found))
}

function stale(subject: string, expected: string, found: string): VerificationError {
  return new VerificationError('client-freshness', { subject, expected, found })
}
