/**
 * How a verification fails that the second opinion does not bear out.
 */
import type { Check } from '../core/check.ts'
import type { AttestationErrorCode } from '../core/codes.ts'
import { VerificationError } from '../core/errors.ts'

/**
 * What one implementation says of a piece of evidence. An opinion is no verdict and no result: it
 * cannot be told from an object that anyone wrote, and it says nothing of what only the other one
 * checked.
 */
export interface Opinion {
  /**
   * `accepts`, `refuses`, or `cannot say`: the libraries are missing, there is none of this format,
   * or it took too long.
   */
  readonly says: 'accepts' | 'refuses' | 'cannot say'
  readonly format: string
  /** The reason, where it does not accept. */
  readonly code: AttestationErrorCode | undefined
  readonly message: string | undefined
  /** What the evidence says, where it accepts. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  readonly checks: readonly Check[]
  readonly durationMs: number
}

/**
 * The evidence is refused although the verifier accepts it: the second opinion is another one, or
 * there is none. `code` is `second-opinion-disagrees` or `second-opinion-unavailable`. One of both
 * implementations is wrong: please report it with the evidence.
 */
export class SecondOpinionError extends VerificationError {
  /** What the verifier says, as plain data: no result. */
  readonly first: Opinion
  readonly second: Opinion

  /** @param opinions both, the verifier's first */
  constructor(
    code: 'second-opinion-disagrees' | 'second-opinion-unavailable',
    problem: string,
    [first, second]: readonly [first: Opinion, second: Opinion],
    options?: ErrorOptions,
  ) {
    super(code, problem, options)
    this.first = first
    this.second = second
  }
}
