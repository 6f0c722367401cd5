/**
 * One verification of a token.
 */
import {
  type CcaEvidence,
  type CcaResult,
  decodeCcaEvidence,
  verifyCca,
} from '../../../../src/formats/arm/cca/index.ts'
import {
  decodePsaEvidence,
  type PsaEvidence,
  type PsaResult,
  verifyPsa,
} from '../../../../src/formats/arm/psa/index.ts'
import type { Bytes } from '../../bytes.ts'
import { type Means, type Outcome, undecided, verified } from '../../outcome.ts'
import { type TokenPolicy, tokenOptionsOf } from './policy.ts'

export type TokenEvidence = CcaEvidence | PsaEvidence
export type TokenOutcome = Outcome<TokenPolicy, TokenEvidence, CcaResult | PsaResult>

/** @throws TypeError when the policy is none that the library accepts */
export async function tokenOutcomeOf(
  bytes: Bytes,
  policy: TokenPolicy,
  { clock, opinion }: Means,
): Promise<TokenOutcome> {
  const isCca = policy.kind === 'cca'
  const now = policy.at === 'clock' ? clock : policy.at
  const decode: (bytes: Bytes) => TokenEvidence = isCca ? decodeCcaEvidence : decodePsaEvidence
  // No vendor's root vouches for these keys: without one there is nothing to verify against.
  if (policy.anchors.length === 0) return { ...undecided(bytes, decode), policy, now }
  type Verify = (bytes: Bytes, options: ReturnType<typeof tokenOptionsOf>) => Promise<CcaResult | PsaResult>
  const verify: Verify = isCca ? verifyCca : verifyPsa
  const question = { format: policy.kind, decode, verify, options: tokenOptionsOf(policy, now) }
  return { ...(await verified(bytes, question, opinion)), policy, now }
}
