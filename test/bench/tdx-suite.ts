/**
 * A TDX verification against its bare WebCrypto calls, in whatever runtime: in place of the
 * portable suite, run by the same entries. Nothing is judged here.
 */
import {
  type DcapEndorsements,
  type EndorsementCache,
  skipReferenceValues,
  skipReportData,
  type TdxOptions,
  verifyTdx,
} from '../../src/formats/intel/tdx/index.ts'
import { type BareCheck, floorOf, fromBase64, p256 } from './work.ts'

/** What is measured, in a form that travels. Bytes are base64. */
export interface TdxWork {
  readonly evidence: string
  readonly endorsements: DcapEndorsements
  readonly now: string
  readonly trustAnchors: readonly string[] | undefined
  readonly bareChecks: readonly BareCheck[]
}

/**
 * Milliseconds of each block of {@link blockSize} runs; blocks of one index were taken one after
 * another.
 */
export interface TdxTimes {
  readonly bare: readonly number[]
  readonly library: readonly number[]
  readonly cached: readonly number[]
}

/** Clocks of browsers tick in milliseconds: one run is too short for them. */
export const blockSize = 25

/** What `verifyTdx` is called with. */
export function optionsOf({ endorsements, now, trustAnchors }: TdxWork): TdxOptions {
  return {
    endorsements,
    referenceValues: skipReferenceValues,
    reportData: skipReportData,
    now: new Date(now),
    ...(trustAnchors && { trustAnchors: trustAnchors.map(fromBase64) }),
  }
}

/**
 * What is timed: the bare calls with keys as points and as `spki`, the verification, and the same
 * with a warm cache.
 */
export function bodiesOf(work: TdxWork): Readonly<Record<keyof TdxTimes | 'spki', () => Promise<unknown>>> {
  const { evidence, bareChecks } = work
  const quote = fromBase64(evidence)
  const options = optionsOf(work)
  const endorsementCache: EndorsementCache = new Map()
  return {
    bare: floorOf({ bareChecks }, 'raw', p256),
    spki: floorOf({ bareChecks }, 'spki', p256),
    library: () => verifyTdx(quote, options),
    cached: () => verifyTdx(quote, { ...options, endorsementCache }),
  }
}

/** @param input with how many blocks of each kind are counted, after half as many that are not */
export async function runSuite(input: TdxWork & { readonly blocks: number }): Promise<TdxTimes> {
  const { blocks } = input
  const bodies = bodiesOf(input)
  const times = { bare: [], library: [], cached: [] } as Record<keyof TdxTimes, number[]>
  for (let block = -Math.ceil(blocks / 2); block < blocks; block++) {
    for (const kind of ['bare', 'library', 'cached'] as const) {
      const startedAt = await moment()
      for (let i = 0; i < blockSize; i++) await bodies[kind]()
      const took = (await moment()) - startedAt
      if (block >= 0) times[kind].push(took)
    }
  }
  return times
}

/** Workers see time pass only where they wait for something outside. */
async function moment(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 0))
  return performance.now()
}
