/**
 * One verification of a document: as an enclave's, or as an instance's where that is allowed.
 */
import {
  decodeNitroEvidence,
  type NitroEvidence,
  type NitroResult,
  verifyNitro,
} from '../../../../src/formats/aws/nitro/index.ts'
import { verifyNitroTpm } from '../../../../src/formats/aws/nitro-tpm/index.ts'
import { AttestationError } from '../../../../src/index.ts'
import type { SignedReferenceValues } from '../../../../src/reference/index.ts'
import type { Bytes } from '../../bytes.ts'
import { loadBytes, type Means, type Outcome, verified } from '../../outcome.ts'
import { type NitroPolicy, optionsOf } from './policy.ts'
import { buildsOf, openSigned } from './reference.ts'

export interface NitroOutcome extends Outcome<NitroPolicy, NitroEvidence, NitroResult> {
  /** Where the builds of the policy came from, if they are signed. */
  readonly signed: SignedReferenceValues | undefined
  /** Why what is signed is not to be believed: nothing was verified then. */
  readonly refused: AttestationError | undefined
  readonly fixtureRoot: Bytes | undefined
  /** The moment that signed reference values are opened at. */
  readonly clock: Date
}

/** @throws TypeError when the policy is none that the library accepts */
export async function outcomeOf(bytes: Bytes, policy: NitroPolicy, { clock, load }: Means): Promise<NitroOutcome> {
  const at = policy.at instanceof Date ? policy.at : clock
  const signed = await openSigned(policy.signed, at, policy.skewSeconds)
  const fixtureRoot = policy.root === 'fixture' ? await loadBytes('samples/root.der', load) : undefined
  const rest = { policy, fixtureRoot, clock: at }
  if (signed instanceof AttestationError) {
    const nothing = { evidence: undefined, result: undefined, checks: [], isAuthentic: false, milliseconds: 0 }
    return { ...rest, ...nothing, bytes, signed: undefined, refused: signed, error: signed, now: at }
  }
  const asked = signed === undefined ? policy : { ...policy, builds: buildsOf(signed) }
  const options = optionsOf(asked, clock, fixtureRoot)
  const verify = policy.isInstance ? asInstance : verifyNitro
  const outcome = await verified(bytes, { decode: decodeNitroEvidence, verify, options })
  const now = policy.at === 'evidence' ? (outcome.evidence?.timestamp ?? clock) : at
  return { ...outcome, ...rest, policy: asked, signed, refused: undefined, now }
}

/** The claims of an instance are those of an enclave, as far as they are shown. */
const asInstance = verifyNitroTpm as unknown as typeof verifyNitro
