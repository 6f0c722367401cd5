/**
 * One cold measurement, in whatever runtime: from the moment that everything but the library is
 * there to the first verdict.
 */
import type * as Nitro from '../../src/formats/aws/nitro/index.ts'
import type { Check, NitroOptions } from '../../src/formats/aws/nitro/index.ts'
import { callOf, floorOf, type Work } from './work.ts'

/** Milliseconds; bare calls import nothing. */
export interface FirstVerdict {
  readonly importMs: number
  readonly verdictMs: number
  /** Milliseconds from each check to the next, and from the last one to the end. */
  readonly gaps: readonly Gap[]
}

/**
 * A check, `undefined` for what follows the last one, and the milliseconds since the one before.
 */
export interface Gap {
  readonly check: Pick<Check, 'id' | 'stage'> | undefined
  readonly ms: number
}

/**
 * What one process or page measures: the bare calls, an empty module, the library from its import to
 * its first verdict, and the same where `warmUp` had been called while evidence was on its way.
 */
export type ColdKind = 'bare' | 'empty' | 'library' | 'warmed'

/** @param library where the bundled library is; a bundler does not follow an argument */
export async function firstVerdict(kind: string, work: Work, library: string): Promise<FirstVerdict> {
  if (kind === 'bare') {
    const floor = floorOf(work)
    const startedAt = performance.now()
    await floor()
    return { importMs: 0, verdictMs: performance.now() - startedAt, gaps: [] }
  }
  const { evidence, options } = callOf(work)
  const startedAt = performance.now()
  const { verifyNitro, warmUp } = (await import(library)) as Partial<typeof Nitro>
  const importMs = performance.now() - startedAt
  if (verifyNitro === undefined || warmUp === undefined) return { importMs, verdictMs: NaN, gaps: [] }
  if (kind === 'warmed') await warmUp()
  const verifiedAt = performance.now()
  const gaps = await gapsOf(verifyNitro, evidence, options)
  return { importMs, verdictMs: performance.now() - verifiedAt, gaps }
}

/** Verifies once and says when each check was made. */
export async function gapsOf(
  verifyNitro: typeof Nitro.verifyNitro,
  evidence: Uint8Array,
  options: NitroOptions,
): Promise<Gap[]> {
  const gaps: Gap[] = []
  let before = performance.now()
  const note = (check: Gap['check']): void => {
    const at = performance.now()
    gaps.push({ check, ms: at - before })
    before = at
  }
  await verifyNitro(evidence, {
    ...options,
    trace: ({ id, stage }) => {
      note({ id, stage })
    },
  })
  note(undefined)
  return gaps
}
