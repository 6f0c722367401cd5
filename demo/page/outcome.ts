/**
 * One verification, from bytes to everything that the page shows. The library decides; this only
 * collects.
 */
import type { AttestationResult, Check } from '../../src/index.ts'
import { AppraisalError, AttestationError } from '../../src/index.ts'
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
}

/** What the page lends a family for one verification. */
export interface Means {
  /** Read once, by the page. */
  readonly clock: Date
  /** One of the page's own files. */
  readonly load: (path: string) => Promise<Response>
}

/** A verifier, and what it is asked. */
export interface Question<Evidence, Options, Result> {
  readonly decode: (bytes: Bytes) => Evidence
  readonly verify: (bytes: Bytes, options: Options) => Promise<Result>
  readonly options: Options
}

type Verified<Evidence, Result> = Pick<
  Outcome<Policy, Evidence, Result>,
  'bytes' | 'evidence' | 'result' | 'error' | 'checks' | 'isAuthentic' | 'milliseconds'
>

/** @throws TypeError when the options are none that the library accepts */
export async function verified<Evidence, Options, Result extends AttestationResult>(
  bytes: Bytes,
  { decode, verify, options }: Question<Evidence, Options, Result>,
): Promise<Verified<Evidence, Result>> {
  const startedAt = performance.now()
  const verdict = await settled(verify(bytes, options))
  const milliseconds = performance.now() - startedAt
  const error = verdict instanceof AttestationError ? verdict : undefined
  return {
    bytes,
    evidence: decoded(() => decode(bytes)),
    result: verdict instanceof AttestationError ? undefined : verdict,
    error,
    checks: verdict.checks,
    isAuthentic: error === undefined || error instanceof AppraisalError,
    milliseconds,
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
