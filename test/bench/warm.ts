/**
 * Warm: the same process, everything loaded and compiled, floor and library in turns.
 */
import { type EndorsementCache, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { type Paired, paired, worked } from './statistics.ts'
import { callOf, floorOf, type Work } from './work.ts'

/** One line of the table. */
export interface Warm {
  readonly what: string
  /** Of the design; none where a line only shows how noisy the machine is. */
  readonly bound: number | undefined
  readonly times: Paired
  /**
   * Processor time instead of time: what is left of the ratio when the machine is busy with
   * something else.
   */
  readonly work: Paired
}

export async function measureWarm(work: Work, rounds: number): Promise<Warm[]> {
  const floor = floorOf(work)
  const { evidence, options } = callOf(work)
  const endorsementCache: EndorsementCache = new Map()
  const lines: readonly (readonly [what: string, bound: number | undefined, body: () => Promise<unknown>])[] = [
    ['the bare calls themselves (noise)', undefined, floor],
    ['the bare calls, keys as `spki`', undefined, floorOf(work, 'spki')],
    ['`verifyNitro`', 1.12, () => verifyNitro(evidence, options)],
    ['`verifyNitro`, warm `endorsementCache`', 0.5, () => verifyNitro(evidence, { ...options, endorsementCache })],
  ]
  // Until the compiler has seen enough of everything.
  for (const [, , body] of lines) await paired(Math.ceil(rounds / 4), floor, body)
  const measured: Warm[] = []
  for (const [what, bound, body] of lines) {
    const times = await paired(rounds, floor, body)
    measured.push({ what, bound, times, work: await paired(rounds, floor, body, worked) })
  }
  return measured
}
