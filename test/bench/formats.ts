/**
 * Tokens of Arm and keys of phones, against the bare WebCrypto calls that the same verification
 * makes.
 */
import { outputOf } from './child.ts'
import type { Paired } from './statistics.ts'
import type { Warm } from './warm.ts'

/** What the process prints for one format. */
export interface FormatTimes {
  readonly what: string
  /** How many keys are imported, and signatures checked. */
  readonly keys: number
  readonly signatures: number
  readonly times: Paired
  readonly work: Paired
}

/** Of all formats that have none of their own. */
const bound = 1.25

export async function measureFormats(rounds: number): Promise<Warm[]> {
  const measured = await outputOf<FormatTimes[]>('formats-run.ts', rounds)
  return measured.map(({ what, keys, signatures, times, work }) => ({
    what: `${what}: ${count(keys, 'key')}, ${count(signatures, 'signature')}`,
    bound,
    times,
    work,
  }))
}

const count = (many: number, of: string): string => `${many} ${of}${many === 1 ? '' : 's'}`
