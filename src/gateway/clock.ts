/**
 * Time as an argument. One clock measures how long keys live and how long senders take, and never
 * jumps. The other one says what time it is: requests are dated, and may be executed only near
 * their date.
 */
import { stopwatch } from '../core/record.ts'

/** A clock that does not jump with a timer on it, and the time of day. */
export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  readonly now: () => number
  /**
   * Calls `act` once after `milliseconds`, unless the function that is returned is called before.
   */
  readonly after: (milliseconds: number, act: () => void) => () => void
  /** Milliseconds since 1970. May jump, and be set back. */
  readonly wall: () => number
}

/** The clock of the runtime. */
export const runtimeClock: Clock = {
  now: stopwatch,
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds)
    return () => {
      clearTimeout(timer)
    }
  },
  wall: () => Date.now(),
}

/**
 * What `work` comes to, if that takes no longer than `milliseconds`. The work itself goes on;
 * its owner must stop it.
 * @throws what `late` returns, when it takes longer
 */
export async function within<T>(
  { after }: Clock,
  milliseconds: number,
  work: Promise<T>,
  late: () => Error,
): Promise<T> {
  let stop: () => void = () => undefined
  const deadline = new Promise<never>((_, reject) => {
    stop = after(milliseconds, () => {
      reject(late())
    })
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    stop()
  }
}
