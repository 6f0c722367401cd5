/**
 * What both kinds of documents are appraised for.
 */
import { appraiseBinding } from '../../appraisal/binding.ts'
import type { FreshnessClaims } from '../../appraisal/freshness.ts'
import { AppraisalError } from '../../errors.ts'
import type { CheckRecorder } from '../../trace.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import type { NsmDocument, NsmKind } from './evidence.ts'

const kinds = { enclave: 'an enclave', tpm: 'a NitroTPM instance' } as const

/** A whole instance must not pass for an enclave, nor the other way round. @throws AppraisalError `policy-kind` */
export function appraiseKind({ kind }: NsmDocument, expected: NsmKind, checks: CheckRecorder): void {
  checks.run('appraise', 'policy-kind', `the evidence is of ${kinds[kind]}`, () => {
    if (kind === expected) return
    throw new AppraisalError('policy-kind', `the evidence is of ${kinds[kind]}, expected one of ${kinds[expected]}`, {
      expected: kinds[expected],
      actual: kinds[kind],
    })
  })
}

/** @throws AppraisalError `policy-user-data`, `policy-public-key` */
export function appraiseUserData({ userData }: NsmDocument, expected: Bytes | undefined, checks: CheckRecorder): void {
  appraiseBinding('policy-user-data', 'user_data', userData, expected, checks)
}

/** @throws AppraisalError `policy-public-key` */
export function appraisePublicKey(
  { publicKey }: NsmDocument,
  expected: Bytes | undefined,
  checks: CheckRecorder,
): void {
  appraiseBinding('policy-public-key', 'public_key', publicKey, expected, checks)
}

/** What freshness is judged by. */
export function freshnessOf({ nonce, timestamp }: NsmDocument): FreshnessClaims {
  return { nonce, attestedAt: timestamp }
}
