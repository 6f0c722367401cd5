/**
 * What the page that sends must show, wherever its enclave runs.
 */

/** What the page shows after one run. */
export interface SendRow {
  readonly name: string
  readonly verdict: string
  readonly code: string
  readonly answer: string
  readonly clear: string
  readonly sealed: number
  readonly crossings: number
}

export const card = '4242424242424242'
export const whole = 'I read 16 digits, the last of them 4242. Nobody else did. Payment accepted.'
/** The code that the page must show, by attack. */
export const codes: Readonly<Record<string, string>> = {
  none: '',
  'swapped-key': 'cose-signature',
  replayed: 'policy-nonce',
  'other-build': 'policy-pcr',
  debug: 'policy-debug',
  'no-evidence': 'client-evidence',
  redirect: 'client-transport',
  plaintext: 'client-response',
  truncated: 'ohttp-incomplete',
  tampered: 'ohttp-open',
  stalled: 'client-timeout',
}
