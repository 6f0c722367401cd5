/**
 * What the relay between this page and the provider can do, and what a visitor should know about
 * it.
 */
export interface RelayAttack {
  readonly name: RelayAttackName
  readonly title: string
  readonly words: string
  /**
   * Whether it can only begin after the provider was proven: a sealed prompt is out there then, and
   * no one else can read it.
   */
  readonly isLate: boolean
}

export type RelayAttackName =
  | 'none'
  | 'relayed-quote'
  | 'swapped-config'
  | 'stale-report'
  | 'other-compose'
  | 'other-gpus'
  | 'in-the-clear'
  | 'cut-off'

const early = (name: RelayAttackName, title: string, words: string): RelayAttack => ({
  name,
  title,
  words,
  isLate: false,
})
const late = (name: RelayAttackName, title: string, words: string): RelayAttack => ({
  ...early(name, title, words),
  isLate: true,
})

export const relayAttacks: readonly RelayAttack[] = [
  early('none', 'Nothing', 'It passes everything on.'),
  early(
    'relayed-quote',
    'Relays a genuine quote',
    'Passes the quote of the genuine machine on, and keys of its own beside it.',
  ),
  early(
    'swapped-config',
    'Swaps the key configuration',
    'Leaves the whole report as it is, but for the key that prompts are sealed to.',
  ),
  early(
    'stale-report',
    'Serves a stale report',
    'Answers with a genuine report that it recorded, and writes the fresh nonce beside the quote.',
  ),
  early(
    'other-compose',
    'Runs another application',
    'Has a genuine machine of its own, whose application writes prompts down.',
  ),
  early(
    'other-gpus',
    'Takes GPUs from elsewhere',
    'Puts evidence of genuine GPUs into the report that answered another nonce.',
  ),
  late('in-the-clear', 'Answers in the clear', 'Keeps the sealed prompt, and answers in the place of the model.'),
  late('cut-off', 'Cuts the answer off', 'Lets the first words through, and ends there as if they were all.'),
]
