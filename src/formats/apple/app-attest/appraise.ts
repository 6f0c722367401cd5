/**
 * The attestation is genuine. Is it of the application that the caller expects?
 */
import { type Matched, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import type { CheckRecorder } from '../../../core/record.ts'
import { hash } from '../../../crypto/digest.ts'
import { type Bytes, equalBytes, toHex } from '../../../encoding/bytes.ts'
import type { AppAttestEnvironment } from './evidence.ts'
import type { AppAttestPolicy } from './options.ts'

/**
 * Applications in development are attested by a service of their own. Fails with `policy-debug`.
 */
export function appraiseEnvironment(environment: AppAttestEnvironment, debug: boolean, checks: CheckRecorder): void {
  checks.appraises('policy-debug', 'environment', {
    holds: debug || environment === 'production',
    expected: debug ? 'production or development' : 'production',
    found: environment,
  })
}

/**
 * The relying party of the authenticator data is one of the applications. Fails with
 * `policy-application`.
 * @returns which one; `undefined` when the caller skipped this, or none is
 */
export async function appraiseApplication(
  rpIdHash: Bytes,
  expected: AppAttestPolicy['applications'],
  checks: CheckRecorder,
): Promise<Matched | undefined> {
  if (expected === skipReferenceValues) {
    checks.omit('policy-application', 'skipped', 'reference values skipped')
    return undefined
  }
  const digests = await Promise.all(expected.map(({ appId }) => hash('SHA-256', new TextEncoder().encode(appId))))
  const match = expected.find((_, i) => equalBytes(digests[i] as Bytes, rpIdHash))
  const appId = `${(match ?? expected[0])?.appId}`
  checks.appraises('policy-application', `application, 1 of ${expected.length}`, {
    holds: match !== undefined,
    expected: appId,
    found: match === undefined ? toHex(rpIdHash) : appId,
  })
  return match?.label
}
