/**
 * Where the time above the floor goes. `trace` is called after each check: the time between two
 * calls is what the later check took, with everything that led to it, so that the parts add up to
 * the whole.
 */
import { verifyNitro } from '../../src/formats/aws/nitro/index.ts'
import type { Cold } from './cold.ts'
import { type Gap, gapsOf } from './cold-run.ts'
import { median, spread, table, timed } from './statistics.ts'
import { callOf, floorOf, type Work } from './work.ts'

type Made = NonNullable<Gap['check']>

const parts: readonly (readonly [part: string, holds: (check: Made) => boolean])[] = [
  ['decode: copies, options, COSE, CBOR, fields', ({ stage }) => stage === 'decode'],
  ['path: digest of the root, a round trip to WebCrypto', ({ id }) => id === 'root-mismatch'],
  ['path: reading the certificates', ({ id }) => id === 'cert-parse'],
  ['signatures: all keys and signatures at once', ({ id }) => id === 'cert-chain-signature' || id === 'cose-signature'],
  ['path: rules and dates', ({ stage }) => stage === 'verify'],
  ['appraisal', ({ stage }) => stage === 'appraise'],
]
const partOf = ({ check }: Gap): string =>
  check === undefined ? 'result' : (parts.find(([, holds]) => holds(check))?.[0] ?? '')
const nameOf = ({ check }: Gap): string => (check === undefined ? 'result' : `${check.stage} \`${check.id}\``)

/** Warm, by parts and check by check. */
export async function profileWarm(work: Work, rounds: number): Promise<string> {
  const { evidence, options } = callOf(work)
  const floor = floorOf(work)
  const bare: number[] = []
  const runs: Gap[][] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await timed(floor))
    runs.push(await gapsOf(verifyNitro, evidence, options))
  }
  return [
    '### Profile: a warm verification\n',
    breakdown(bare, runs, partOf),
    '\n### Profile: a warm verification, check by check\n',
    breakdown(bare, runs, nameOf),
  ].join('\n')
}

/** First verifications, by parts. */
export function profileCold(cold: Cold): string {
  if (!cold.found) return ''
  const { bare, library } = cold.runs
  const rows = breakdown(
    bare.map(({ verdictMs }) => verdictMs),
    library.map(({ gaps }) => gaps),
    partOf,
  )
  return `\n### Profile: the first verification in a fresh ${cold.runtime}\n\n${rows}`
}

function breakdown(bare: readonly number[], runs: readonly (readonly Gap[])[], nameIn: (gap: Gap) => string): string {
  const times = new Map<string, number[]>()
  for (const gaps of runs) {
    const sums = new Map<string, number>()
    for (const gap of gaps) sums.set(nameIn(gap), (sums.get(nameIn(gap)) ?? 0) + gap.ms)
    for (const [name, sum] of sums) times.set(name, [...(times.get(name) ?? []), sum])
  }
  const whole = runs.map((gaps) => gaps.reduce((sum, { ms }) => sum + ms, 0))
  const rows: [string, readonly number[]][] = [
    ['**floor: the bare calls**', bare],
    ['**`verifyNitro`**', whole],
    ...times,
  ]
  return table(
    ['', 'ms', 'of the floor'],
    rows.map(([name, values]) => [name, spread(values, 3), `${((100 * median(values)) / median(bare)).toFixed(1)} %`]),
  )
}
