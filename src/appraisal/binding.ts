/**
 * Bytes that the evidence must carry exactly: our nonce, a hash of a certificate in user data, the
 * key of a channel.
 */
import { type Bytes, equalBytes, toHex } from '../encoding/bytes.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import type { CheckRecorder } from '../core/record.ts'

/** Fails with `code` when `expected` is given and differs from what was found, or nothing was. */
export function appraiseBinding(
  code: AttestationErrorCode,
  field: string,
  { found, expected }: { readonly found: Bytes | undefined; readonly expected: Bytes | undefined },
  checks: CheckRecorder,
): void {
  if (expected === undefined) {
    checks.omit(code, 'not-requested', `no ${field} expected`)
    return
  }
  const holds = found !== undefined && equalBytes(found, expected)
  checks.appraises(code, field, {
    holds,
    expected: toHex(expected),
    found: found === undefined ? 'nothing' : toHex(found) || 'no bytes',
  })
}
