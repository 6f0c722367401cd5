/**
 * The security lifecycle of a platform: RFC 9783 section 4.3.1 and the same table in the CCA token.
 * The state is in bits 15 to 8; the platform's maker uses the bits below as it likes.
 */
import type { CheckRecorder } from '../../core/record.ts'
import { integerOf, type ReadClaim, wrongValue } from './claims.ts'

/**
 * `non-rot-debug` and `recoverable-rot-debug`: parts of the platform can be debugged, outside and
 * inside its root of trust.
 */
export type LifecycleState =
  | 'unknown'
  | 'assembly-and-test'
  | 'provisioning'
  | 'secured'
  | 'non-rot-debug'
  | 'recoverable-rot-debug'
  | 'decommissioned'

/** The states that callers may accept beside `secured`. */
export type AcceptableLifecycle = 'non-rot-debug' | 'recoverable-rot-debug' | 'provisioning' | 'assembly-and-test'

/** A state as a number and by its name. */
export interface Lifecycle {
  readonly lifecycle: number
  readonly lifecycleState: LifecycleState
}

const states = [
  'unknown',
  'assembly-and-test',
  'provisioning',
  'secured',
  'non-rot-debug',
  'recoverable-rot-debug',
  'decommissioned',
] as const satisfies readonly LifecycleState[]

/** The whole integer counts: 0x13000 is not 0x3000. */
export const readLifecycle: ReadClaim<Lifecycle> = (value, subject) => {
  const lifecycle = integerOf(0, 0xffff)(value, subject)
  // 0x00 to 0x60, in steps of 0x10.
  const state = states[(lifecycle >> 8) / 16]
  if (state === undefined) throw wrongValue(subject, 'a state of the table', `0x${lifecycle.toString(16)}`)
  return { lifecycle, lifecycleState: state }
}

/** Fails with `policy-lifecycle`. */
export function appraiseLifecycle(
  { lifecycle, lifecycleState }: Lifecycle,
  accepted: readonly LifecycleState[],
  checks: CheckRecorder,
): void {
  checks.appraises('policy-lifecycle', 'security lifecycle', {
    holds: accepted.includes(lifecycleState),
    expected: accepted.join(' or '),
    found: `${lifecycleState} (0x${lifecycle.toString(16).padStart(4, '0')})`,
  })
}
