/**
 * One verification, from bytes to everything that the page shows. The library decides; this only
 * collects.
 */
import type { AttestationResult, Check } from '../../src/index.ts'
import { AppraisalError, AttestationError } from '../../src/index.ts'
import type { Opinion } from '../../src/second-opinion/index.ts'
import type { Bytes } from './bytes.ts'
import type { Policy } from './policy.ts'

/** What every family hands on to its verdict and its views. */
export interface Outcome<P extends Policy = Policy, Evidence = unknown, Result = AttestationResult> {
  readonly bytes: Bytes
  readonly policy: P
  /** Decoded, whether it could be verified or not; `undefined` when it could not even be read. */
  readonly evidence: Evidence | undefined
  readonly result: Result | undefined
  readonly error: AttestationError | undefined
  readonly checks: readonly Check[]
  /**
   * The signatures hold, up to a root that the policy trusts: what the evidence says is the word of
   * that root.
   */
  readonly isAuthentic: boolean
  /** The moment that dates were checked at. */
  readonly now: Date
  /** How long the verification took. */
  readonly milliseconds: number
  /** What both implementations say, where a second one was asked. */
  readonly opinions?: Opinions | undefined
}

/** Both opinions, the verifier's first. */
export interface Opinions {
  readonly first: Opinion
  readonly second: Opinion
}

/** The second opinion, once it is loaded. */
export type SecondOpinion = typeof import('../../src/second-opinion/index.ts')

/** What the page lends a family for one verification. */
export interface Means {
  /** Read once, by the page. */
  readonly clock: Date
  /** One of the page's own files. */
  readonly load: (path: string) => Promise<Response>
  /** Where it was asked for. */
  readonly opinion?: SecondOpinion | undefined
}

/** A verifier, and what it is asked. */
export interface Question<Evidence, Options extends object, Result> {
  /** As results name it. */
  readonly format: string
  readonly decode: (bytes: Bytes) => Evidence
  readonly verify: (bytes: Bytes, options: Options) => Promise<Result>
  readonly options: Options
}

type Verified<Evidence, Result> = Pick<
  Outcome<Policy, Evidence, Result>,
  'bytes' | 'evidence' | 'result' | 'error' | 'checks' | 'isAuthentic' | 'milliseconds' | 'opinions'
>

/**
 * @param opinion where a second one is asked, nothing is accepted without it
 * @throws TypeError when the options are none that the library accepts
 */
export async function verified<Evidence, Options extends object, Result extends AttestationResult>(
  bytes: Bytes,
  question: Question<Evidence, Options, Result>,
  opinion?: SecondOpinion,
): Promise<Verified<Evidence, Result>> {
  const { decode, options } = question
  let opinions: Opinions | undefined
  const verify = opinion?.withSecondOpinion(question.verify, {
    patienceSeconds: 600,
    onOpinions: (first, second) => {
      opinions = { first, second }
    },
  })
  const startedAt = performance.now()
  const verdict = await settled((verify ?? question.verify)(bytes, options))
  const milliseconds = performance.now() - startedAt
  const error = verdict instanceof AttestationError ? verdict : undefined
  if (opinion !== undefined && error !== undefined && opinions === undefined)
    opinions = await opinionsOnRefusal(opinion, error, { ...question, bytes, milliseconds })
  return {
    bytes,
    evidence: decoded(() => decode(bytes)),
    result: verdict instanceof AttestationError ? undefined : verdict,
    error,
    checks: verdict.checks,
    isAuthentic: error === undefined || error instanceof AppraisalError,
    milliseconds: opinions?.first.durationMs ?? milliseconds,
    opinions,
  }
}

/** What the verifier refuses, the other is not asked: here it is, for showing both. */
async function opinionsOnRefusal(
  { askSecondOpinion }: SecondOpinion,
  { code, message, checks }: AttestationError,
  asked: { readonly format: string; readonly bytes: Bytes; readonly options: object; readonly milliseconds: number },
): Promise<Opinions> {
  const { format, bytes, options, milliseconds } = asked
  const first = { says: 'refuses', format, code, message, claims: undefined, checks, durationMs: milliseconds } as const
  return { first, second: await askSecondOpinion({ format, evidence: bytes, options }) }
}

/** Evidence that nothing was asked of yet, since something is missing that only has to be fetched. */
export function undecided<Evidence>(bytes: Bytes, decode: (bytes: Bytes) => Evidence): Verified<Evidence, never> {
  const nothing = { result: undefined, checks: [], isAuthentic: false, milliseconds: 0 }
  try {
    return { ...nothing, bytes, evidence: decode(bytes), error: undefined }
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return { ...nothing, bytes, evidence: undefined, error, checks: error.checks }
  }
}

/** Refusals are outcomes, mistakes are not. */
export async function settled<T>(promise: Promise<T>): Promise<T | AttestationError> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof AttestationError) return undefined
    throw error
  }
}

const loaded = new Map<string, Promise<Bytes>>()

/** A file of the page, loaded once. */
export function loadBytes(path: string, load: Means['load']): Promise<Bytes> {
  const before = loaded.get(path)
  if (before !== undefined) return before
  const bytes = load(path).then(async (response) => new Uint8Array(await response.arrayBuffer()))
  loaded.set(path, bytes)
  bytes.catch(() => loaded.delete(path))
  return bytes
}
