/**
 * The two clocks of the second opinion: the wall's, for verifiers that read it themselves, and one
 * that does not jump.
 */

/** Unix milliseconds. */
export const wallClock = (): number => Date.now()

/** Milliseconds, for durations. */
export const elapsed = (): number => performance.now()
