/**
 * One verification of a report, from bytes to everything that the page shows. The library decides;
 * this only collects.
 */
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  AppraisalError,
  AttestationError,
  decodeSevSnpEvidence,
  type SevSnpClaims,
  type SevSnpEvidence,
  type SevSnpOptions,
  type SevSnpResult,
  skipReferenceValues,
  skipReportData,
  verifySevSnp,
} from '../../../../src/formats/amd/sev-snp/index.ts'
import type { Bytes } from '../../bytes.ts'
import type { Check } from '../../library.ts'
import { reportOptionsOf, type ReportPolicy } from './policy.ts'

export interface ReportOutcome {
  readonly bytes: Bytes
  readonly policy: ReportPolicy
  /** Decoded, whether it could be verified or not; `undefined` when it could not even be read. */
  readonly evidence: SevSnpEvidence | undefined
  readonly result: SevSnpResult | undefined
  readonly error: AttestationError | undefined
  readonly checks: readonly Check[]
  /** The signatures hold, up to a root that the policy trusts. */
  readonly isAuthentic: boolean
  /** What the report says, of authentic ones only. */
  readonly claims: SevSnpClaims | undefined
  /** The moment that dates were checked at. */
  readonly now: Date
  readonly milliseconds: number
}

/**
 * @param clock read once, by the caller
 * @throws TypeError when the policy is none that the library accepts
 */
export async function reportOutcomeOf(
  bytes: Bytes,
  policy: ReportPolicy,
  fixtureRoots: readonly Bytes[],
  clock: Date,
): Promise<ReportOutcome> {
  const now = policy.at === 'clock' ? clock : policy.at
  const options = reportOptionsOf(policy, now, fixtureRoots)
  const startedAt = performance.now()
  const verdict = await settled(verifySevSnp(bytes, options))
  const milliseconds = performance.now() - startedAt
  const error = verdict instanceof AttestationError ? verdict : undefined
  const result = verdict instanceof AttestationError ? undefined : verdict
  const isAuthentic = error === undefined || error instanceof AppraisalError
  return {
    bytes,
    policy,
    evidence: decode(bytes),
    result,
    error,
    checks: verdict.checks,
    isAuthentic,
    claims: result?.claims ?? (isAuthentic ? await claimsOf(bytes, options) : undefined),
    now,
    milliseconds,
  }
}

/**
 * A refusal has no claims. What is left of the question, when nothing is expected, is what the
 * report says: for showing it, and nothing else.
 */
async function claimsOf(bytes: Bytes, options: SevSnpOptions): Promise<SevSnpClaims | undefined> {
  const verdict = await settled(
    verifySevSnp(bytes, {
      ...options,
      minimumTcb: (['Milan', 'Genoa', 'Turin'] as const).map((product) => ({ product, snp: 0 })),
      referenceValues: skipReferenceValues,
      reportData: skipReportData,
      products: ['Milan', 'Genoa', 'Turin'],
      debug: allowDebug,
      migration: allowMigration,
      provisionalFirmware: allowProvisionalFirmware,
      unknownBits: allowUnknownBits,
      guestPolicy: { cxlAllowed: anyValue },
      platformInfo: { aliasCheckComplete: anyValue },
      vmpl: [0, 1, 2, 3],
    }),
  )
  return verdict instanceof AttestationError ? undefined : verdict.claims
}

/** Refusals are outcomes, mistakes are not. */
async function settled<T>(promise: Promise<T>): Promise<T | AttestationError> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
}

function decode(bytes: Bytes): SevSnpEvidence | undefined {
  try {
    return decodeSevSnpEvidence(bytes)
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}
