/**
 * Clocks that stand still until a test moves them.
 */
import type { Clock } from '../../src/gateway/index.ts'

export interface FakeClock extends Clock {
  /** Moves both clocks on, and rings what is due on the way. */
  readonly advance: (milliseconds: number) => void
  /** Sets the time of day only, as an operator or a time service may. */
  readonly setWall: (milliseconds: number) => void
  /** How many timers are set. */
  readonly pending: () => number
}

/** @param day what time it is at first, in milliseconds since 1970 */
export function createFakeClock(day: number = Date.parse('2026-06-01T00:00:00Z')): FakeClock {
  let now = 1_000_000
  let wallAhead = day - now
  const timers = new Set<{ readonly at: number; readonly act: () => void }>()
  return {
    now: () => now,
    wall: () => now + wallAhead,
    setWall(milliseconds) {
      wallAhead = milliseconds - now
    },
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
