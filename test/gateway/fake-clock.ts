/**
 * A clock that stands still until a test moves it.
 */
import type { Clock } from '../../src/gateway/index.ts'

export interface FakeClock extends Clock {
  /** Moves on, and rings what is due on the way. */
  readonly advance: (milliseconds: number) => void
  /** How many timers are set. */
  readonly pending: () => number
}

export function createFakeClock(): FakeClock {
  let now = 1_000_000
  const timers = new Set<{ readonly at: number; readonly act: () => void }>()
  return {
    now: () => now,
    after(milliseconds, act) {
      const timer = { at: now + milliseconds, act }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        now = next.at
        timers.delete(next)
        next.act()
      }
      now = end
    },
    pending: () => timers.size,
  }
}
