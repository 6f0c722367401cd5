/**
 * Schedules. Whatever could happen in more than one way is a choice, by number; 0 is what happens
 * when nothing goes wrong. A schedule is its list of choices, without the zeros at its end, and can
 * be run again from that list.
 */

/** One choice that was made. */
export interface Choice {
  readonly taken: number
  readonly options: number
}

export type Choose = (options: number) => number

/** Follows `given`, then `otherwise`, and notes every choice in `made`. */
export function follow(given: readonly number[], otherwise: Choose): { readonly choose: Choose; made: Choice[] } {
  const made: Choice[] = []
  return {
    made,
    choose(options) {
      const taken = Math.min(given[made.length] ?? otherwise(options), options - 1)
      made.push({ taken, options })
      return taken
    },
  }
}

/** Without the zeros at its end. */
export function listOf(made: readonly Choice[]): number[] {
  const list = made.map(({ taken }) => taken)
  while (list.at(-1) === 0) list.pop()
  return list
}

/**
 * Every schedule that deviates from zero at most `bound` times, each once. Those with fewer
 * deviations come first.
 * @param run runs the schedule of these choices, with zeros after them; all that it made
 */
export async function exhaust(
  bound: number,
  run: (given: readonly number[]) => Promise<readonly Choice[]>,
): Promise<void> {
  let waiting: (readonly number[])[] = [[]]
  for (let deviations = 0; deviations <= bound; deviations++) {
    const next: (readonly number[])[] = []
    for (const given of waiting) {
      const made = await run(given)
      if (deviations === bound) continue
      for (let at = given.length; at < made.length; at++) {
        const before = made.slice(0, at).map(({ taken }) => taken)
        for (let taken = 1; taken < (made[at] as Choice).options; taken++) next.push([...before, taken])
      }
    }
    waiting = next
  }
}

/**
 * A generator of pseudo-random choices (xorshift32): `calm` is the share of zeros, beside those
 * that chance gives.
 */
export function randomly(seed: number, calm: number): Choose {
  let state = (seed * 2_654_435_761) >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 4_294_967_296
  }
  for (let warm = 0; warm < 8; warm++) next()
  return (options) => (next() < calm ? 0 : Math.floor(next() * options))
}
