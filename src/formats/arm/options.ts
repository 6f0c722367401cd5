/**
 * The options that tokens share. Tokens have no date: freshness is a nonce, or nothing.
 */
import { type NonceFreshness, readNonce } from '../../appraisal/expectations.ts'
import type { Check } from '../../core/check.ts'
import { itemsOf, requireOption } from '../../core/options.ts'
import { readTime } from '../../core/time.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { type Anchors, readAnchors } from './anchors.ts'
import type { AcceptableLifecycle, LifecycleState } from './lifecycle.ts'
import type { dangerouslyAllowTestKeys } from './test-keys.ts'

/** How the caller knows that a token was made for it: by the nonce that it chose. */
export type TokenFreshness = NonceFreshness

/** Options of verifiers of tokens. */
export interface TokenOptions {
  /**
   * The nonce, of exactly the bytes that the token must carry. A token has no date: without a nonce
   * it may be of any age, and `skipFreshness` says so.
   */
  readonly freshness: TokenFreshness
  /** States of the platform that are accepted beside `secured`. Default: none. */
  readonly acceptedLifecycles?: readonly AcceptableLifecycle[]
  /**
   * A published test key among the trust anchors is a `TypeError` unless this is the symbol
   * `dangerouslyAllowTestKeys`. Default: refused.
   */
  readonly testKeys?: typeof dangerouslyAllowTestKeys
  /**
   * The time to verify at. Default: the clock, read once. It only decides what of the caller's own
   * has expired.
   */
  readonly now?: Date
  /**
   * Called with every check as soon as it was made. What it throws, the verifier throws. Default:
   * none.
   */
  readonly trace?: (check: Check) => void
}

/** {@link TokenOptions} with trust anchors, checked and copied. */
export interface TokenPolicy {
  readonly anchors: Anchors
  /** `undefined` when the caller skips it. */
  readonly nonce: Bytes | undefined
  readonly lifecycles: readonly LifecycleState[]
  /** Unix milliseconds. */
  readonly now: number
  readonly trace: ((check: Check) => void) | undefined
}

/** The names of options that all verifiers of tokens take. */
export const tokenOptionNames = [
  'trustAnchors',
  'referenceValues',
  'freshness',
  'acceptedLifecycles',
  'testKeys',
  'now',
  'trace',
] as const

const acceptable: readonly AcceptableLifecycle[] = [
  'non-rot-debug',
  'recoverable-rot-debug',
  'provisioning',
  'assembly-and-test',
]

/** A day: what a token says is not believed for longer, for nothing in it expires. */
const longestMs = 86_400_000

/**
 * @param own a snapshot of the caller's options
 * @param form the sizes that a nonce may have, and whether a trust anchor may be a secret
 * @throws TypeError
 */
export function readTokenOptions(
  own: Partial<TokenOptions> & { readonly trustAnchors?: unknown },
  { nonceSizes, takesSecrets }: { readonly nonceSizes: readonly number[]; readonly takesSecrets: boolean },
): TokenPolicy {
  const { trustAnchors, freshness, acceptedLifecycles, testKeys, now, trace } = own
  requireOption('trace', 'a function', trace === undefined || typeof trace === 'function')
  requireOption('now', 'a Date: a token has no date of its own', now === undefined || now instanceof Date)
  const accepted = itemsOf(acceptedLifecycles) as readonly AcceptableLifecycle[]
  const isList = acceptedLifecycles === undefined || Array.isArray(acceptedLifecycles)
  requireOption(
    'acceptedLifecycles',
    `a list of ${acceptable.join(', ')}`,
    isList && accepted.every((state) => acceptable.includes(state)),
  )
  return {
    anchors: readAnchors(trustAnchors, testKeys, takesSecrets),
    nonce: readNonce(freshness, nonceSizes.join(' or '), (size) => nonceSizes.includes(size)),
    lifecycles: ['secured', ...accepted],
    now: readTime(now),
    trace,
  }
}

/** What the check of a nonce says that was skipped. */
export const undated = 'freshness skipped: a token has no date'

/** When to attest again: a day from now, or when the first of these expires. */
export function validUntilOf(
  { now }: Pick<TokenPolicy, 'now'>,
  ...expiring: readonly ({ readonly validUntil: number } | undefined)[]
): number {
  return Math.min(now + longestMs, ...expiring.map((own) => own?.validUntil ?? Infinity))
}
