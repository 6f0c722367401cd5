/**
 * What someone between this page and the enclave can do, and what a visitor should know about it.
 */
export interface ChannelAttack {
  readonly name: ChannelAttackName
  readonly title: string
  /** What the attacker does. */
  readonly words: string
  /**
   * Whether it can only begin after the enclave was proven: a sealed request is out there then, and
   * no one can read it.
   */
  readonly isLate: boolean
}

export type ChannelAttackName =
  | 'none'
  | 'swapped-key'
  | 'replayed'
  | 'other-build'
  | 'debug'
  | 'no-evidence'
  | 'redirect'
  | 'plaintext'
  | 'truncated'
  | 'tampered'
  | 'stalled'

const early = (name: ChannelAttackName, title: string, words: string): ChannelAttack => ({
  name,
  title,
  words,
  isLate: false,
})
const late = (name: ChannelAttackName, title: string, words: string): ChannelAttack => ({
  ...early(name, title, words),
  isLate: true,
})

export const channelAttacks: readonly ChannelAttack[] = [
  early('none', 'No one in between', 'The page talks to the enclave that it expects.'),
  early(
    'swapped-key',
    'Swap the key',
    'Passes the genuine evidence on, with a key of its own in the place of the enclave’s, to read everything.',
  ),
  early('replayed', 'Replay', 'Answers with genuine evidence that it recorded earlier.'),
  early(
    'other-build',
    'Relay to another enclave',
    'Runs a genuine enclave of its own, with other code, and sends the page there.',
  ),
  early('debug', 'Debug mode', 'Runs the right code, in an enclave whose memory the operator can read.'),
  early('no-evidence', 'Strip the check', 'Says that attestation is down today, and please to go on without it.'),
  late('redirect', 'Redirect', 'Lets the check succeed, then redirects the payment to another address.'),
  late('plaintext', 'Answer in the clear', 'Keeps the payment, and answers “paid” itself, without a seal.'),
  late(
    'truncated',
    'Cut the answer off',
    'Lets the first half of the answer through, and ends it there as if it were all.',
  ),
  late('tampered', 'Change the answer', 'Flips one bit of the sealed answer.'),
  late('stalled', 'Stall', 'Lets the answer begin, and then never sends another byte (slow loris).'),
]
