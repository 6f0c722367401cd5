/**
 * Application data that the evidence must carry, byte for byte: a hash of a certificate in user data, the key of a channel.
 */
import { type Bytes, equalBytes, toShortHex } from '../encoding/bytes.ts'
import { AppraisalError, type AttestationErrorCode } from '../errors.ts'
import type { CheckRecorder } from '../trace.ts'

/** @throws AppraisalError with `code` when `expected` is given and differs, or nothing is there */
export function appraiseBinding(
  code: AttestationErrorCode,
  field: string,
  found: Bytes | undefined,
  expected: Bytes | undefined,
  checks: CheckRecorder,
): void {
  if (expected === undefined) {
    checks.omit('appraise', code, 'not-requested', `${field} was not compared with anything`)
    return
  }
  const wanted = toShortHex(expected)
  checks.run('appraise', code, { summary: `${field} is as expected`, expected: wanted, actual: wanted }, () => {
    if (found !== undefined && equalBytes(found, expected)) return
    const actual = found === undefined ? '(none)' : toShortHex(found)
    throw new AppraisalError(code, `${field} is not what the caller expects`, { expected: wanted, actual })
  })
}
