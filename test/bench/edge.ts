/**
 * For operators of servers and edge workers: verifications per second of one core, alone and 100 at
 * a time, with cold and warm `endorsementCache`, and what memory they take. Prints tables in
 * Markdown, ready for BENCHMARKS.md. Only growth is judged: the other figures say something about
 * the machine. Needs Linux, which tells the processor time and memory of other processes.
 */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { makeFolder, removeFolder } from '../portable/cleanup.ts'
import { type Bounds, machine } from './bounds.ts'
import { type EdgeProcess, edgeRuntimes } from './edge-process.ts'
import type { EdgePhase, EdgeWork } from './edge-suite.ts'
import { spread, table } from './statistics.ts'
import { findSubject } from './subject.ts'
import { findTdxSubject } from './tdx.ts'

export interface EdgeLength {
  /** How long memory is watched in each runtime. */
  readonly seconds: number
  /** How often each rate is taken. */
  readonly blocks: number
}

type Kind = Omit<EdgePhase, 'times'>

/** What one runtime did. */
interface Found {
  readonly rates: readonly { readonly kind: Kind; readonly perCoreSecond: readonly number[] }[]
  /** Bytes above what was resident, of the first 100 that are under way at once, for each. */
  readonly perVerification: Readonly<Record<EdgePhase['format'], number>>
  /** Bytes that are resident after each fifth of the time. */
  readonly resident: readonly number[]
  /** After two fifths. */
  readonly verifications: number
}

const mib = 1_048_576
/** Verifications of a block: the clock of processors ticks in hundredths of a second. */
const blockSize = { cold: 400, warm: 1600 }
const many = 100
const formats = ['nitro', 'tdx'] as const
const kinds: readonly Kind[] = formats.flatMap((format) =>
  (['cold', 'warm'] as const).flatMap((cache) => [1, many].map((atOnce) => ({ format, cache, atOnce }))),
)
const names = { nitro: '`verifyNitro`', tdx: '`verifyTdx`' }

export async function printEdge({ judge, skip }: Bounds, length: EdgeLength): Promise<void> {
  const [nitro, tdx] = [findSubject(), findTdxSubject()]
  const load = (loadavg()[0] as number).toFixed(1)
  console.log(`\`${nitro.name}\` and \`${tdx.name}\`, ${machine()},`)
  console.log(`under a load of ${load}. Processor time of all threads; medians, quartiles in brackets.`)
  console.log('Cold: each verification has a new cache. Warm: one cache for all.\n')
  const found: (readonly [name: string, Found | undefined])[] = []
  const folder = await makeFolder()
  try {
    for (const { name, find, use } of edgeRuntimes) {
      const program = find()
      const work: EdgeWork = { nitro: nitro.work, tdx: tdx.work }
      const measure = (running: EdgeProcess): Promise<Found> => measureEdge(running, work, length)
      found.push([name, program === undefined ? undefined : await use(program, join(folder, name), measure)])
    }
  } finally {
    await removeFolder(folder)
  }

  console.log('### Verifications per second of one core\n')
  console.log(
    table(
      ['', '`endorsementCache`', 'at once', ...found.map(([name]) => name)],
      kinds.map(({ format, cache, atOnce }, i) => [
        names[format],
        cache,
        `${atOnce}`,
        ...found.map(([, measured]) => (measured ? spread(measured.rates[i]?.perCoreSecond ?? [], 0) : 'not found')),
      ]),
    ),
  )
  console.log(
    `\n### Memory that is resident: ${many} at once, and ${length.seconds} seconds of all of the above in turns\n`,
  )
  console.log(
    table(
      [
        '',
        `one of the first ${many} \`verifyNitro\`, KiB`,
        `one of the first ${many} \`verifyTdx\`, KiB`,
        'resident after each fifth of the time, MiB',
        'growth after two fifths, MiB',
        'verifications meanwhile',
        'growth for each, bytes',
      ],
      found.map(([name, measured]) => (measured ? memoryRow(name, measured) : [`${name}: not found`])),
    ),
  )
  for (const [name, measured] of found) {
    const what = `${name}: growth of its memory in ${length.seconds} seconds of verifications`
    if (measured === undefined) skip(what, 'not found')
    else judge(what, growthOf(measured.resident) / mib, 4, { unit: ' MiB' })
  }
}

/** Without the first two: until then, the compiler is at work. */
const growthOf = (resident: readonly number[]): number =>
  Math.min(...resident.slice(-2)) - Math.max(...resident.slice(0, 2))

function memoryRow(name: string, { perVerification, resident, verifications }: Found): string[] {
  const growth = growthOf(resident)
  return [
    name,
    ...formats.map((format) => (perVerification[format] / 1024).toFixed(0)),
    resident.map((bytes) => (bytes / mib).toFixed(0)).join(' '),
    (growth / mib).toFixed(1),
    `${verifications}`,
    growth > 0 ? (growth / verifications).toFixed(1) : 'none',
  ]
}

async function measureEdge(running: EdgeProcess, work: EdgeWork, { seconds, blocks }: EdgeLength): Promise<Found> {
  await running.tell(work)
  // Until the compiler has seen enough of everything, one after another.
  for (const kind of kinds) if (kind.atOnce === 1) await running.tell({ ...kind, times: 2 * blockSize.cold })

  const perVerification = { nitro: 0, tdx: 0 }
  for (const format of formats) {
    running.forgetHighest()
    const before = running.resident()
    await running.tell({ format, cache: 'cold', atOnce: many, times: 1 } satisfies EdgePhase)
    perVerification[format] = Math.max(0, running.highest() - before) / many
  }

  const rates = kinds.map((kind) => ({ kind, perCoreSecond: [] as number[] }))
  for (let block = 0; block < blocks; block++) {
    for (const { kind, perCoreSecond } of rates) {
      const before = running.processorSeconds()
      const count = blockSize[kind.cache]
      await running.tell({ ...kind, times: count / kind.atOnce })
      perCoreSecond.push(count / (running.processorSeconds() - before))
    }
  }

  const resident: number[] = []
  let verifications = 0
  for (let fifth = 0; fifth < 5; fifth++) {
    const until = performance.now() + (seconds * 1000) / 5
    do {
      for (const kind of kinds) await running.tell({ ...kind, times: many / kind.atOnce })
      if (fifth > 1) verifications += many * kinds.length
    } while (performance.now() < until)
    resident.push(running.resident())
  }
  return { rates, perVerification, resident, verifications }
}
