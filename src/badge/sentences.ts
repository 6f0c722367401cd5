/**
 * What a person should know of a refusal: one sentence for its code. Codes that say the same to a
 * person share one.
 */

const notAuthentic = 'This is not the machine that it says it is.'
const otherBuild = 'The machine is genuine, and runs something else than this page expects.'
const notForUs = 'This proof was not made for this page, now: it may be an old one, or another machine’s.'
const outdated = 'The machine is genuine, and its hardware or firmware is in a state that this page does not accept.'
const clock = 'A certificate is out of date, or a clock is wrong: perhaps that of this device.'
const noProof = 'The service did not answer with a proof.'
const brokenSeal = 'What came back was not sealed by the proven machine, or it was cut off.'

/** Whole codes first; then beginnings, in this order. */
const table: readonly (readonly [code: string, sentence: string])[] = [
  ['unsupported', 'This browser lacks the cryptography that is needed.'],
  ['client-evidence', noProof],
  ['client-transport', 'The service cannot be reached.'],
  ['client-timeout', 'The service took too long.'],
  ['client-closed', 'The session has ended.'],
  ['client-response', brokenSeal],
  ['clock-suspect', clock],
  ['cert-validity', clock],
  ['policy-nonce', notForUs],
  ['policy-freshness', notForUs],
  ['policy-report-data', notForUs],
  ['policy-user-data', notForUs],
  ['policy-public-key', notForUs],
  ['report-nonce', notForUs],
  ['report-binding', notForUs],
  ['policy-debug', 'The machine is open for debugging: its operator can read what it is sent.'],
  ['policy-tcb-', outdated],
  ['policy-platform', outdated],
  ['policy-firmware', outdated],
  ['policy-gpu', 'The machine is genuine, and the proof of its graphics processors is not the one that was asked for.'],
  ['policy-', otherBuild],
  ['ohttp-', brokenSeal],
  ['crl-', 'What the vendor says of this machine is missing or out of date.'],
  ['client-', noProof],
]

/** The sentence for a code; for codes of later releases one that is always right. */
export function sentenceFor(code: string): string {
  const whole = table.find(([known]) => known === code)
  const beginning = table.find(([known]) => known.endsWith('-') && code.startsWith(known))
  return (whole ?? beginning)?.[1] ?? notAuthentic
}
