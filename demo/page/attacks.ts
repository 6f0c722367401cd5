/**
 * What the demo enclave can be asked to do. Shared by the page, which offers it, and the enclave,
 * which does it.
 */
export const attacks = [
  { name: 'none', title: 'Be honest', says: 'Answers this page’s nonce, runs the published build.', code: 'valid' },
  { name: 'wrong-pcr', title: 'Run other code', says: 'The operator has started another image.', code: 'policy-pcr' },
  { name: 'debug', title: 'Start in debug mode', says: 'The operator can look inside.', code: 'policy-debug' },
  {
    name: 'replayed-nonce',
    title: 'Replay an old answer',
    says: 'A relay sends the answer that someone else got.',
    code: 'policy-nonce',
  },
  {
    name: 'swapped-key',
    title: 'Swap the key',
    says: 'A relay puts in its own key and signs with it.',
    code: 'cose-signature',
  },
  {
    name: 'tampered-payload',
    title: 'Tamper with the content',
    says: 'One bit is changed on the way.',
    code: 'cose-signature',
  },
  {
    name: 'expired-leaf',
    title: 'Use an expired certificate',
    says: 'An answer from four hours ago, when its certificate was still valid.',
    code: 'cert-validity',
  },
  {
    name: 'drifting-clock',
    title: 'Let the clock drift',
    says: 'The clock of the enclave is ten minutes ahead.',
    code: 'clock-suspect',
  },
] as const

export type AttackName = (typeof attacks)[number]['name']
