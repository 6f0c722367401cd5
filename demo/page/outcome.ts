/**
 * One verification, from bytes to everything that the page shows. The library decides; this only
 * collects.
 */
import { type Bytes } from './bytes.ts'
import type { AttestationError, Check, Library, NitroEvidence, NitroResult, SignedReferenceValues } from './library.ts'
import { optionsOf, type Policy } from './policy.ts'

export interface Outcome {
  readonly bytes: Bytes
  /** Where the builds of the policy came from, if they are signed. */
  readonly signed?: SignedReferenceValues | undefined
  readonly policy: Policy
  /** Decoded, whether it could be verified or not; `undefined` when it could not even be read. */
  readonly evidence: NitroEvidence | undefined
  readonly result: NitroResult | undefined
  readonly error: AttestationError | undefined
  readonly checks: readonly Check[]
  /**
   * The signatures hold, up to a root that the policy trusts: what the document says is the word of
   * that root.
   */
  readonly isAuthentic: boolean
  /** The moment that dates were checked at, as far as it is known. */
  readonly now: Date
  /** The moment that signed reference values are opened at. */
  readonly clock: Date
  /** How long the verification took. */
  readonly milliseconds: number
}

/**
 * @param clock read once, by the caller
 * @throws TypeError when the policy is none that the library accepts
 */
export async function outcomeOf(
  library: Library,
  bytes: Bytes,
  policy: Policy,
  fixtureRoot: Bytes | undefined,
  clock: Date,
): Promise<Outcome> {
  const evidence = decode(library, bytes)
  const now = policy.at === 'clock' ? clock : policy.at === 'evidence' ? (evidence?.timestamp ?? clock) : policy.at
  const options = optionsOf(policy.at === 'clock' ? { ...policy, at: clock } : policy, library, fixtureRoot)
  const startedAt = performance.now()
  const verdict = await library.verifyNitro(bytes, options).catch((error: unknown) => {
    if (error instanceof library.AttestationError) return error
    throw error
  })
  const milliseconds = performance.now() - startedAt
  const error = verdict instanceof library.AttestationError ? verdict : undefined
  return {
    bytes,
    policy,
    evidence,
    result: error === undefined ? (verdict as NitroResult) : undefined,
    error,
    checks: verdict.checks,
    isAuthentic: error === undefined || error instanceof library.AppraisalError,
    now,
    clock: policy.at instanceof Date ? policy.at : clock,
    milliseconds,
  }
}

function decode(library: Library, bytes: Bytes): NitroEvidence | undefined {
  try {
    return library.decodeNitroEvidence(bytes)
  } catch (error) {
    if (error instanceof library.AttestationError) return undefined
    throw error
  }
}
