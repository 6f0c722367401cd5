/**
 * One verification of a quote, from bytes to everything that the page shows. The library decides;
 * this only collects.
 */
import {
  allowDebug,
  allowMigration,
  AppraisalError,
  AttestationError,
  type Check,
  type DcapTcb,
  decodeTdxEvidence,
  skipReferenceValues,
  skipReportData,
  type TdxEvidence,
  type TdxOptions,
  type TdxResult,
  verifyTdx,
} from '../../../../src/formats/intel/tdx/index.ts'
import { type ReplayedEventLog, replayEventLog } from '../../../../src/formats/intel/tdx/events/index.ts'
import {
  decodeSgxEvidence,
  type SgxEvidence,
  type SgxResult,
  verifySgx,
} from '../../../../src/formats/intel/sgx/index.ts'
import { printable } from '../../../../src/inspect/index.ts'
import type { Bytes } from '../../bytes.ts'
import type { Problem } from '../../policy.ts'
import { acceptable, type QuoteKind, quoteOptionsOf, type QuotePolicy } from './policy.ts'

export interface QuoteOutcome {
  readonly bytes: Bytes
  readonly policy: QuotePolicy
  /** Decoded, whether it could be verified or not; `undefined` when it could not even be read. */
  readonly evidence: TdxEvidence | SgxEvidence | undefined
  readonly result: TdxResult | SgxResult | undefined
  readonly error: AttestationError | undefined
  readonly checks: readonly Check[]
  /** The signatures hold, up to a root that the policy trusts. */
  readonly isAuthentic: boolean
  /** The state of the platform, of authentic quotes only. */
  readonly tcb: DcapTcb | undefined
  /** What the event log replays to. Anyone can write a log: the registers tell. */
  readonly replayed: ReplayedEventLog | undefined
  /** The moment that dates were checked at. */
  readonly now: Date
  readonly milliseconds: number
}

/**
 * @param clock read once, by the caller
 * @throws TypeError when the policy is none that the library accepts
 */
export async function quoteOutcomeOf(
  bytes: Bytes,
  policy: QuotePolicy,
  fixtureRoot: Bytes | undefined,
  clock: Date,
  replayed?: ReplayedEventLog,
): Promise<QuoteOutcome> {
  const now = policy.at === 'clock' ? clock : policy.at
  const options = quoteOptionsOf(policy, now, fixtureRoot)
  const evidence = decode(bytes, policy.kind)
  const startedAt = performance.now()
  const verdict = await settled(verify(bytes, policy.kind, options))
  const milliseconds = performance.now() - startedAt
  const error = verdict instanceof AttestationError ? verdict : undefined
  const result = verdict instanceof AttestationError ? undefined : verdict
  const isAuthentic = error === undefined || error instanceof AppraisalError
  return {
    bytes,
    policy,
    evidence,
    result,
    error,
    checks: verdict.checks.map(withoutAdvice),
    isAuthentic,
    tcb: result?.claims ?? (isAuthentic ? await stateOf(bytes, policy.kind, options, evidence) : undefined),
    replayed,
    now,
    milliseconds,
  }
}

/** The log, replayed; or what is wrong with it. */
export async function replay(log: QuotePolicy['log']): Promise<ReplayedEventLog | Problem | undefined> {
  if (log === undefined) return undefined
  const replayed = await settled(replayEventLog(log))
  if (!(replayed instanceof AttestationError)) return replayed
  return { field: 'log', text: `The event log was refused: ${printable(replayed.message).slice(0, 300)}` }
}

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
  const verdict = await settled(verify(bytes, kind, anything))
  return verdict instanceof AttestationError ? undefined : verdict.claims
}

function serviceTdsOf(evidence: QuoteOutcome['evidence']): readonly Uint8Array[] {
  if (evidence === undefined || !('mrTd' in evidence)) return []
  const { mrServiceTd, extension } = evidence
  return [mrServiceTd, extension?.initialServiceTdHash, extension?.currentServiceTdHash].filter(
    (hash) => hash !== undefined,
  )
}

const verify = (bytes: Bytes, kind: QuoteKind, options: TdxOptions): Promise<TdxResult | SgxResult> =>
  kind === 'tdx' ? verifyTdx(bytes, options) : verifySgx(bytes, options as never)

/** Refusals are outcomes, mistakes are not. */
async function settled<T>(promise: Promise<T>): Promise<T | AttestationError> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
}

function decode(bytes: Bytes, kind: QuoteKind): QuoteOutcome['evidence'] {
  try {
    return kind === 'tdx' ? decodeTdxEvidence(bytes) : decodeSgxEvidence(bytes)
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}

/** What to write in code is no answer for whoever clicks. */
const withoutAdvice = (check: Check): Check =>
  check.id === 'policy-tcb-status' ? { ...check, actual: check.actual?.replace(/; to accept it, .*/s, '') } : check
