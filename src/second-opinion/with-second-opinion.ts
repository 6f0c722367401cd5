/**
 * A verifier that accepts only what a second, independent implementation accepts as well, and reads
 * alike.
 */
import type { Check } from '../core/check.ts'
import type { AttestationResult } from '../core/result.ts'
import { elapsed, wallClock } from './clock.ts'
import { findDifference, type Difference } from './compare.ts'
import { type Opinion, SecondOpinionError } from './error.ts'
import { type Formed, formOpinion } from './form.ts'
import type { Options } from './question.ts'
import { snapshotOf } from './snapshot.ts'
import { isSymbol } from './symbols.ts'

/** How {@link withSecondOpinion} works. */
export interface SecondOpinionSettings {
  /**
   * How long to wait for it, in seconds: 1 to 600. Default 30. The first use includes loading its
   * libraries.
   */
  readonly patienceSeconds?: number
  /**
   * Called with both opinions whenever both were formed, before the verdict: to show them, never to
   * decide by them. What it throws, the verifier throws.
   */
  readonly onOpinions?: (first: Opinion, second: Opinion) => void
}

/**
 * What the library says *about* claims, and evidence does not: AMD's bulletins held against a
 * report, and a list of what no report covers. A second copy of the same words would prove nothing.
 */
const commentary: readonly string[] = ['advisories', 'notCovered']

/**
 * How far a result's clock may be from ours when clocks are not set meanwhile: they are read within
 * the same call.
 */
const clockTolerance = 1000

/**
 * Wraps a verifier of this library: the same evidence, the same options, the same result, the same
 * errors. When the verifier accepts, the second opinion reads the same bytes with `cbor-x`,
 * `asn1js`, `pkijs` and `@peculiar/x509`, checks chain, revocation, documents and signatures again,
 * and compares every claim. It can only refuse: what the verifier refuses stays refused, without
 * asking it.
 *
 * Proves, beside what the verifier proves: that one slip in one of both implementations was not
 * enough. Does not prove that both are right. Both trust the same WebCrypto, and both believe the
 * same options.
 *
 * @param verify a verifier of `veritee/nitro`, `nitro-tpm`, `tdx`, `sgx` or `sev-snp`, or
 *   `verifyEvidence`
 * @returns a verifier that also throws {@link SecondOpinionError}: `second-opinion-disagrees`, or
 *   `second-opinion-unavailable` where none could be formed
 * @throws TypeError when `verify` is no function, or a setting is wrong
 * @example
 * ```ts
 * const verify = withSecondOpinion(verifyNitro)
 * const { publicKey } = await verify(evidence, { referenceValues: { PCR0: '287b2…' }, freshness: { nonce } })
 * ```
 */
export function withSecondOpinion<Evidence, VerifierOptions extends object, Result extends AttestationResult>(
  verify: (evidence: Evidence, options: VerifierOptions) => Promise<Result>,
  settings: SecondOpinionSettings = {},
): (evidence: Evidence, options: VerifierOptions) => Promise<Result> {
  if (typeof verify !== 'function') throw new TypeError('withSecondOpinion takes a verifier')
  const { patienceSeconds = 30, onOpinions } = settings
  if (!(Number.isFinite(patienceSeconds) && patienceSeconds >= 1 && patienceSeconds <= 600))
    throw new TypeError('patienceSeconds must be 1 to 600')
  if (onOpinions !== undefined && typeof onOpinions !== 'function') throw new TypeError('onOpinions must be a function')

  return async (evidence, options) => {
    // 0. The question, once: what callers change later reaches neither.
    const bytes = snapshotOf(evidence) as Evidence
    const asked = snapshotOf(options) as VerifierOptions
    if (Object(asked) !== asked) throw new TypeError('options must be an object')

    // 1. The verifier. What it refuses costs nothing more: the libraries see only what it has read
    // strictly and found authentic.
    const [before, startedAt] = [wallClock(), elapsed()]
    const result = await verify(bytes, asked)
    const first = opinionOf(result, elapsed() - startedAt)
    const after = wallClock()

    // 2. The second opinion, on the same bytes at the same time.
    const own = optionsFor(result.format, asked)
    const now = timeOf(result, own, { before, after })
    const secondStartedAt = elapsed()
    const formed = await formOpinion(result.format, bytes, { options: own, now: now ?? 0 }, patienceSeconds * 1000)
    onOpinions?.(first, formed.opinion)

    // 3. They must agree. The result is the verifier's: nothing else makes one.
    const problem = now === undefined ? 'the verifier took another time for now' : problemOf(result, formed, now)
    const { says } = formed.opinion
    const code = says === 'cannot say' ? 'second-opinion-unavailable' : 'second-opinion-disagrees'
    const check = checkOf(code, problem, secondStartedAt)
    traceOf(own)?.(check)
    if (problem === undefined) return result
    const error = new SecondOpinionError(
      code,
      problem,
      [first, formed.opinion],
      formed.cause === undefined ? {} : { cause: formed.cause },
    )
    throw Object.assign(error, { checks: Object.freeze([...result.checks, check]) })
  }
}

function opinionOf({ format, claims, checks }: AttestationResult, durationMs: number): Opinion {
  const copy = Object.freeze({ ...(claims as Record<string, unknown>) })
  return Object.freeze({
    says: 'accepts',
    format,
    code: undefined,
    message: undefined,
    claims: copy,
    checks,
    durationMs,
  })
}

/** The options of one format: `verifyEvidence` has them under its name. */
function optionsFor(format: string, options: object): Options {
  const own = Object.hasOwn(options, format) ? (options as Options)[format] : options
  return (typeof own === 'object' && own !== null ? own : {}) as Options
}

function traceOf({ trace }: Options): ((check: Check) => void) | undefined {
  return typeof trace === 'function' ? (trace as (check: Check) => void) : undefined
}

/**
 * The time at which the verifier judged, Unix milliseconds; `undefined` where it is neither the
 * caller's nor the clock's. In an archive it is the evidence's own, which the second opinion reads
 * for itself.
 */
function timeOf(
  { verifiedAt }: AttestationResult,
  { now }: Options,
  { before, after }: { readonly before: number; readonly after: number },
): number | undefined {
  const time = verifiedAt.getTime()
  if (isSymbol(now, 'atEvidenceTime')) return time
  if (now !== undefined) return now instanceof Date && now.getTime() === time ? time : undefined
  return time >= before - clockTolerance && time <= after + clockTolerance ? time : undefined
}

/** Why both do not agree; `undefined` where they do. */
function problemOf(result: AttestationResult, { opinion, answer }: Formed, now: number): string | undefined {
  if (answer === undefined)
    return opinion.says === 'cannot say'
      ? `the second opinion: ${opinion.message}`
      : `the second opinion refuses what the verifier accepts (${opinion.code ?? 'no code'}): ${opinion.message}`
  const { claims, matched, publicKey, validUntil, timestamp } = answer
  const isArchive = result.timeSource === 'evidence'
  const difference =
    findDifference(without(result.claims, commentary), claims, 'claims') ??
    findDifference(
      {
        validUntil: result.validUntil.getTime(),
        matched: result.matched,
        publicKey: result.publicKey,
        attestedAt: result.attestedAt?.getTime(),
        clockOffsetSeconds: result.clockOffsetSeconds,
        verifiedAt: result.verifiedAt.getTime(),
      },
      {
        validUntil,
        matched,
        publicKey,
        attestedAt: timestamp,
        clockOffsetSeconds: isArchive || timestamp === undefined ? undefined : (timestamp - now) / 1000,
        verifiedAt: isArchive ? timestamp : now,
      },
      'result',
    )
  return difference && described(difference)
}

function without(claims: unknown, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims as object).filter(([name]) => !names.includes(name)))
}

/** The identity of a machine belongs into no message. */
const unsaid = /ppid|instanceId|chipId|pckSerialNumber|reportId|bootSeed|uniqueId|others/i

function described({ path, first, second }: Difference): string {
  return unsaid.test(path)
    ? `the two opinions differ in ${path}`
    : `the two opinions differ in ${path}: the verifier reads ${shortened(first)}, the second opinion ${shortened(second)}`
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

function checkOf(id: Check['id'], problem: string | undefined, startedAt: number): Check {
  return Object.freeze({
    id,
    stage: 'verify',
    outcome: problem === undefined ? 'pass' : 'fail',
    summary: problem ?? 'a second opinion agrees',
    expected: undefined,
    actual: undefined,
    startedAt,
    durationMs: elapsed() - startedAt,
  })
}
