/**
 * How long a peer may keep the gateway waiting. Only waiting for the peer counts: while the app
 * makes it wait, a peer loses nothing.
 */
import { VerificationError } from '../core/errors.ts'
import type { Clock } from './clock.ts'

/** What a peer must keep to. */
export interface Pace {
  /** The longest wait, and the period over which the rate is measured. */
  readonly graceMs: number
  /** In any such period of waiting, this many bytes for each second must move. */
  readonly bytesPerSecond: number
}

/** A pace, and the clock that it is measured with. */
export interface Timing {
  readonly pace: Pace
  readonly clock: Clock
}

/** What is left of the period, in milliseconds: waiting uses it up, bytes win it back. */
export interface Patience {
  /** 0 or less: no more waiting. */
  readonly left: () => number
  readonly waited: (milliseconds: number) => void
  readonly moved: (bytes: number) => void
}

/** Never more than one period is left: a fast start does not buy a slow end. */
export function createPatience({ graceMs, bytesPerSecond }: Pace): Patience {
  let left = graceMs
  return {
    left: () => left,
    waited(milliseconds) {
      left -= milliseconds
    },
    moved(bytes) {
      left = Math.min(graceMs, left + (bytes / bytesPerSecond) * 1000)
    },
  }
}

/** The error of a sender who was waited for. */
export function tooSlow(): VerificationError {
  return new VerificationError('gateway-slow', 'the sender kept the gateway waiting for too long')
}
