/**
 * One verification of what a phone says.
 */
import {
  type AndroidKeyEvidence,
  type AndroidKeyResult,
  decodeAndroidKeyEvidence,
  verifyAndroidKey,
} from '../../../../src/formats/android/key/index.ts'
import {
  type AppAttestEvidence,
  type AppAttestResult,
  decodeAppAttestEvidence,
  verifyAppAttest,
} from '../../../../src/formats/apple/app-attest/index.ts'
import type { Bytes } from '../../bytes.ts'
import { loadBytes, type Means, type Outcome, undecided, verified } from '../../outcome.ts'
import { androidOptionsOf, appleOptionsOf, type PhonePolicy } from './policy.ts'

export type PhoneEvidence = AndroidKeyEvidence | AppAttestEvidence

export interface PhoneOutcome extends Outcome<PhonePolicy, PhoneEvidence, AndroidKeyResult | AppAttestResult> {
  readonly root: Bytes | undefined
}

/** @throws TypeError when the policy is none that the library accepts */
export async function phoneOutcomeOf(
  bytes: Bytes,
  policy: PhonePolicy,
  { clock, load, opinion }: Means,
): Promise<PhoneOutcome> {
  const { kind, clientData } = policy
  const now = policy.at === 'clock' ? clock : policy.at
  const root =
    policy.root === 'fixture'
      ? await loadBytes(`samples/${kind}-root.der`, load)
      : policy.root === 'pinned'
        ? undefined
        : policy.root
  const rest = { policy, now, root }
  if (kind === 'android-key') {
    const question = {
      format: kind,
      decode: decodeAndroidKeyEvidence,
      verify: verifyAndroidKey,
      options: androidOptionsOf(policy, now, root),
    }
    return { ...(await verified(bytes, question, opinion)), ...rest }
  }
  // Without them nothing can be verified: the certificate is for their digest.
  if (clientData === undefined) return { ...undecided(bytes, decodeAppAttestEvidence), ...rest }
  const options = appleOptionsOf(policy, clientData, now, root)
  const question = { format: kind, decode: decodeAppAttestEvidence, verify: verifyAppAttest, options }
  return { ...(await verified(bytes, question, opinion)), ...rest }
}
