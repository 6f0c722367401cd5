/**
 * One verification of a quote.
 */
import {
  allowDebug,
  allowMigration,
  type DcapTcb,
  decodeTdxEvidence,
  skipReferenceValues,
  skipReportData,
  type TdxEvidence,
  type TdxOptions,
  type TdxResult,
  verifyTdx,
} from '../../../../src/formats/intel/tdx/index.ts'
import {
  decodeSgxEvidence,
  type SgxEvidence,
  type SgxResult,
  verifySgx,
} from '../../../../src/formats/intel/sgx/index.ts'
import { AttestationError, type Check } from '../../../../src/index.ts'
import type { Bytes } from '../../bytes.ts'
import { loadBytes, type Means, type Outcome, settled, verified } from '../../outcome.ts'
import { acceptable, type QuoteKind, quoteOptionsOf, type QuotePolicy } from './policy.ts'

export interface QuoteOutcome extends Outcome<QuotePolicy, TdxEvidence | SgxEvidence, TdxResult | SgxResult> {
  /** The state of the platform, of authentic quotes only. */
  readonly tcb: DcapTcb | undefined
  readonly fixtureRoot: Bytes | undefined
}

/** @throws TypeError when the policy is none that the library accepts */
export async function quoteOutcomeOf(bytes: Bytes, policy: QuotePolicy, { clock, load }: Means): Promise<QuoteOutcome> {
  const { kind } = policy
  const now = policy.at === 'clock' ? clock : policy.at
  // Each kind of quote has a fixture root of its own.
  const fixtureRoot = policy.root === 'fixture' ? await loadBytes(`samples/${kind}-root.der`, load) : undefined
  const options = quoteOptionsOf(policy, now, fixtureRoot)
  const outcome = await verified<TdxEvidence | SgxEvidence, TdxOptions, TdxResult | SgxResult>(bytes, {
    decode: kind === 'tdx' ? decodeTdxEvidence : decodeSgxEvidence,
    verify: verifierOf(kind),
    options,
  })
  const { result, isAuthentic, evidence, checks } = outcome
  return {
    ...outcome,
    policy,
    fixtureRoot,
    now,
    checks: checks.map(withoutAdvice),
    tcb: result?.claims ?? (isAuthentic ? await stateOf(bytes, kind, options, evidence) : undefined),
  }
}

const verifierOf = (kind: QuoteKind): ((bytes: Bytes, options: TdxOptions) => Promise<TdxResult | SgxResult>) =>
  kind === 'tdx' ? verifyTdx : (bytes, options) => verifySgx(bytes, options as never)

/**
 * A refusal has no claims. What is left of the question, when nothing is expected, is the state of
 * the platform: for showing it, and nothing else.
 */
async function stateOf(
  bytes: Bytes,
  kind: QuoteKind,
  options: TdxOptions,
  evidence: QuoteOutcome['evidence'],
): Promise<DcapTcb | undefined> {
  const anything: TdxOptions = {
    ...options,
    referenceValues: skipReferenceValues,
    reportData: skipReportData,
    acceptedTcbStatuses: acceptable,
    debug: allowDebug,
    ...(kind === 'tdx' && { migration: allowMigration, serviceTds: serviceTdsOf(evidence) }),
  }
  const verdict = await settled(verifierOf(kind)(bytes, anything))
  return verdict instanceof AttestationError ? undefined : verdict.claims
}

function serviceTdsOf(evidence: QuoteOutcome['evidence']): readonly Uint8Array[] {
  if (evidence === undefined || !('mrTd' in evidence)) return []
  const { mrServiceTd, extension } = evidence
  return [mrServiceTd, extension?.initialServiceTdHash, extension?.currentServiceTdHash].filter(
    (hash) => hash !== undefined,
  )
}

/** What to write in code is no answer for a click. */
const withoutAdvice = (check: Check): Check =>
  check.id === 'policy-tcb-status' ? { ...check, actual: check.actual?.replace(/; to accept it, .*/s, '') } : check
