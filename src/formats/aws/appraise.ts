/**
 * What both kinds of documents are appraised for, beside what every kind of evidence is.
 */
import { appraiseBinding } from '../../appraisal/binding.ts'
import type { CheckRecorder } from '../../core/record.ts'
import type { NsmDocument, NsmKind } from './evidence.ts'
import type { NsmPolicy } from './options.ts'

/**
 * A whole instance must not pass for an enclave, nor the other way round; fails with `policy-kind`.
 */
export function appraiseKind({ kind }: NsmDocument, expected: NsmKind, checks: CheckRecorder): void {
  checks.appraises('policy-kind', 'kind of evidence', { holds: kind === expected, expected, found: kind })
}

/** Fails with `policy-user-data`, `policy-public-key` or both. */
export function appraiseBindings(
  { claims }: NsmDocument,
  { userData, publicKey }: NsmPolicy,
  checks: CheckRecorder,
): void {
  appraiseBinding('policy-user-data', 'user_data', { found: claims.userData, expected: userData }, checks)
  appraiseBinding('policy-public-key', 'public_key', { found: claims.publicKey, expected: publicKey }, checks)
}
