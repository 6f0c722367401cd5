/**
 * How long the tests wait for what may hang. What they wait for takes seconds on an idle machine,
 * and far longer where other programs have the processors: a machine that is only slow must never
 * make a test red. So there is one limit, far away, and it ends nothing but hangs.
 */

/** Milliseconds: the limit of a single wait. */
export const patienceMs = 3_600_000
