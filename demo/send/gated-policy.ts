/**
 * What the page and the worker of the gate agree on.
 */
export const gatedPolicy = {
  /** Exists nowhere: what slips past the worker reaches no server. */
  name: 'https://payments.invalid',
  /** Raised with each change of what the worker accepts. */
  policyVersion: 1,
} as const

/** A page in use would take a few weeks; this one has to work for whoever finds it. */
export const gatedUntil = '2035-01-01'
