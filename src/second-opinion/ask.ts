/**
 * The second opinion by itself, for pages and tests that show it beside the verifier's.
 */
import { wallClock } from './clock.ts'
import type { Opinion } from './error.ts'
import { formOpinion } from './form.ts'
import type { Options } from './question.ts'
import { snapshotOf } from './snapshot.ts'
import { rows } from './table.ts'

/** What is asked: evidence of a format, and the options of its verifier. */
export interface SecondOpinionQuestion {
  /** As results name it: `nitro`, `sev-snp`. */
  readonly format: string
  readonly evidence: Uint8Array
  /** Those of the format's verifier. Only a verifier finds mistakes in them. */
  readonly options: object
}

/**
 * Forms the second opinion alone. **It decides nothing**: it finds no mistakes in options, and
 * returns no result. For showing both side by side, and for tests; to verify, use
 * `withSecondOpinion`.
 * @returns always an opinion, of malformed evidence too
 * @example
 * ```ts
 * const { says, message } = await askSecondOpinion({ format: 'nitro', evidence, options })
 * ```
 */
export async function askSecondOpinion({ format, evidence, options }: SecondOpinionQuestion): Promise<Opinion> {
  const own = snapshotOf(options) as Options
  const now = own['now'] instanceof Date ? own['now'].getTime() : wallClock()
  const { opinion } = await formOpinion(format, evidence, { options: own, now }, 30_000)
  return opinion
}

/** The formats of which there is a second opinion, as results name them. */
export function secondOpinionFormats(): readonly string[] {
  return rows().map(({ format }) => format)
}
