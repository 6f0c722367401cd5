/**
 * Verifications in whatever runtime, a phase at a time. Counts and tells nothing but that it is
 * done: time, processor time and memory are read from outside, alike for all runtimes.
 */
import { type EndorsementCache, verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import { verifyTdx } from '../../src/formats/intel/tdx/index.ts'
import { optionsOf, type TdxWork } from './tdx-suite.ts'
import { callOf, fromBase64, type Work } from './work.ts'

/** What is verified, in a form that travels. */
export interface EdgeWork {
  readonly nitro: Work
  readonly tdx: TdxWork
}

export interface EdgePhase {
  readonly format: keyof EdgeWork
  /**
   * Of the `endorsementCache`: a new one for each verification, as for a platform that is seen for
   * the first time, or one for all.
   */
  readonly cache: 'cold' | 'warm'
  /** How many are under way at once. */
  readonly atOnce: number
  /** How often that many are started. */
  readonly times: number
}

const emptyCache = (): EndorsementCache => new Map()

type Verify = (endorsementCache: EndorsementCache) => Promise<unknown>

/** @returns runs a phase, and resolves when its last verification has ended */
export function createEdge({ nitro, tdx }: EdgeWork): (phase: EdgePhase) => Promise<void> {
  const { evidence, options } = callOf(nitro)
  const quote = fromBase64(tdx.evidence)
  const tdxOptions = optionsOf(tdx)
  const verify: Readonly<Record<keyof EdgeWork, Verify>> = {
    nitro: (endorsementCache) => verifyNitro(evidence, { ...options, endorsementCache }),
    tdx: (endorsementCache) => verifyTdx(quote, { ...tdxOptions, endorsementCache }),
  }
  const warm: Readonly<Record<keyof EdgeWork, EndorsementCache>> = { nitro: emptyCache(), tdx: emptyCache() }
  return async ({ format, cache, atOnce, times }) => {
    for (let i = 0; i < times; i++) {
      const one = (): Promise<unknown> => verify[format](cache === 'warm' ? warm[format] : emptyCache())
      await Promise.all(Array.from({ length: atOnce }, one))
    }
  }
}
