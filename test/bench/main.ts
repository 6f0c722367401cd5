/**
 * The benchmark: prints tables in Markdown, ready for BENCHMARKS.md, and at last every bound as held
 * or missed. Times are ratios to the bare WebCrypto calls that the same verification needs, taken in
 * turns in the same process, because absolute times say more about the machine than about the
 * library; bounds are on ratios of processor time, which others on the machine disturb least.
 */
import { cpus, loadavg } from 'node:os'
import { budgetOf, bundle, entriesOf } from './bundles.ts'
import { coldInChromium, coldInNode, type Cold, importsInNode } from './cold.ts'
import { measureFirstAnswers, measurePage } from './demo-page.ts'
import { ehbpTable, measureEhbp, worseOf } from './ehbp.ts'
import { firstTokenTable, measureFirstToken } from './first-token.ts'
import { measureJavaScript } from './javascript.ts'
import { profileCold, profileWarm } from './profile.ts'
import { findSnpSubject, measureSnp } from './sev-snp.ts'
import { median, quantile, spread, table } from './statistics.ts'
import { findSubject } from './subject.ts'
import { findTdxSubject, measureTdx } from './tdx.ts'
import { tdxInRuntimes } from './tdx-runtimes.ts'
import { measureWarm, type Warm } from './warm.ts'

/** Every bound, what was found, and whether it holds. */
const bounds: string[][] = []
function judge(what: string, found: number, bound: number, unit = ''): void {
  bounds.push([what, `${found.toFixed(2)}${unit}`, `${bound}${unit}`, found <= bound ? 'held' : 'MISSED'])
}
function printBounds(): void {
  const load = (loadavg()[0] as number).toFixed(1)
  console.log(`\n### Bounds, on ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'} under a load of ${load}\n`)
  console.log(table(['', 'found', 'at most', ''], bounds))
}

const quick = process.argv.includes('--quick')
const { name, work } = findSubject()
console.log(`\`${name}\`, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}.`)
console.log('Medians of paired ratios; quartiles in brackets.\n')

console.log('### Warm, over the bare WebCrypto calls\n')
console.log(warmTable(await measureWarm(work, quick ? 60 : 600)))

const tdx = findTdxSubject()
console.log(`\n### The same for a TDX quote with its collateral, \`${tdx.name}\`\n`)
console.log(warmTable(await measureTdx(tdx, quick ? 60 : 600)))

const snp = findSnpSubject()
console.log(`\n### The same for a report of SEV-SNP with its endorsements, \`${snp.name}\`\n`)
console.log(warmTable(await measureSnp(snp, quick ? 60 : 600)))

const { microseconds, calibration } = await measureJavaScript(work, quick ? 3000 : 10_000)
console.log(`\n### The JavaScript of one \`verifyNitro\`, WebCrypto answered from memory\n`)
const share = microseconds / calibration
console.log(`${microseconds.toFixed(1)} µs (the faster tenth), ${share.toFixed(2)} times the calibration loop.`)
// 95 µs where the loop takes 57.
judge('JavaScript of one `verifyNitro`, over the calibration loop', share, 1.67)
if (process.argv.includes('--warm')) {
  printBounds()
  process.exit()
}

console.log('\n### `verifyTdx` in seven runtimes, over the bare calls with keys as points\n')
console.log(table(['', 'bare calls, ms', 'ratio', 'warm `endorsementCache`'], await tdxInRuntimes(tdx, quick ? 4 : 40)))
if (process.argv.includes('--runtimes')) process.exit()

function warmTable(warm: readonly Warm[]): string {
  return table(
    ['', 'ratio', 'bound', 'ratio of processor time', 'verifications per second'],
    warm.map(({ what, bound, times, work: cost }) => {
      if (bound !== undefined) judge(`${what}, over the bare calls`, median(cost.ratios), bound)
      return [
        what,
        spread(times.ratios),
        bound === undefined ? '' : `${bound}`,
        spread(cost.ratios),
        Math.round(1000 / median(times.b)).toString(),
      ]
    }),
  )
}

console.log('\n### Cold: the first verdict of a process or a page, over bare calls\n')
const runs = quick ? 5 : 15
const cold = [await coldInNode(work, runs), await coldInChromium(work, runs)]
console.log(
  table(
    ['', 'bare calls, ms', 'empty module, ms', 'import, ms', 'first verdict, ms', 'ratio', 'after `warmUp`', 'bound'],
    cold.map(coldRow),
  ),
)

function coldRow(measured: Cold): string[] {
  if (!measured.found) return [`${measured.runtime}: not found`, '', '', '', '', '', '', '']
  const { runtime, runs: all } = measured
  const verdicts = (kind: keyof typeof all): number[] => all[kind].map(({ verdictMs }) => verdictMs)
  const imports = (kind: keyof typeof all): number[] => all[kind].map(({ importMs }) => importMs)
  const floor = median(verdicts('bare'))
  const imported = [...imports('library'), ...imports('warmed')]
  const ratio = (kind: keyof typeof all): number => median(verdicts(kind)) / floor
  if (runtime.startsWith('Chromium')) {
    judge(`first verdict in a fresh ${runtime}, import excluded, after \`warmUp\``, ratio('warmed'), 3.5)
    judge(`import in a fresh ${runtime}, over an empty module`, median(imported) - median(imports('empty')), 4, ' ms')
  }
  return [
    `fresh ${runtime}, ${all.bare.length} runs each`,
    spread(verdicts('bare'), 1),
    spread(imports('empty'), 1),
    spread(imported, 1),
    spread(verdicts('library'), 1),
    ratio('library').toFixed(2),
    ratio('warmed').toFixed(2),
    '3.5',
  ]
}

for (const [entry, times] of Object.entries(
  await importsInNode(['formats/aws/nitro/index.js', 'formats/intel/tdx/index.js'], runs),
))
  judge(`import of dist/${entry} in a fresh Node process`, median(times), entry.includes('aws') ? 6 : 10, ' ms')

console.log('\n### Size, minified by esbuild, gzip -9\n')
const sizes = await Promise.all(entriesOf().map(async (entry) => ({ entry, ...(await bundle(entry.source)) })))
console.log(
  table(
    ['entry point', 'minified, bytes', 'gzip, bytes', 'bound'],
    sizes.map(({ entry, minifiedBytes, gzipBytes }) => [
      `\`${entry.name}\``,
      `${minifiedBytes}`,
      `${gzipBytes}`,
      `${budgetOf(entry)}`,
    ]),
  ),
)

console.log('\n### The demo page in Chromium, warm, from input to verdict\n')
const page = await measurePage(Buffer.from(work.evidence, 'base64'), quick ? 20 : 100)
console.log(
  page === undefined
    ? 'Chromium: not found'
    : table(
        ['', 'median and quartiles, ms', '95th percentile, ms', 'bound'],
        [
          ['verdict in the document', spread(page.verdict, 1), quantile(page.verdict, 0.95).toFixed(1), '50'],
          ['on the screen', spread(page.painted, 1), quantile(page.painted, 0.95).toFixed(1), ''],
        ],
      ),
)

console.log('\n### The first answer of the demo page to a file of 1 GiB, in Chromium\n')
const answers = await measureFirstAnswers(quick ? 5 : 30)
console.log(
  answers === undefined
    ? 'Chromium: not found'
    : table(
        ['', 'median and quartiles, ms', '95th percentile, ms', 'bound'],
        [
          ['an image: progress and cancel', spread(answers.image, 1), quantile(answers.image, 0.95).toFixed(1), '100'],
          ['anything else: what it is not', spread(answers.other, 1), quantile(answers.other, 0.95).toFixed(1), '100'],
        ],
      ),
)

console.log('\n### First token of a model, over plain `fetch`; the model answers at once, on the loopback interface\n')
console.log(firstTokenTable(await measureFirstToken(quick ? 40 : 400)))

if (!quick) {
  console.log('\n### The sealed request beside the npm package `ehbp`: same handler, loopback interface, in turns\n')
  const rows = await measureEhbp()
  console.log(ehbpTable(rows))
  for (const row of rows) if (row.bound !== undefined) judge(`${row.what}, over \`ehbp\``, worseOf(row), row.bound)
}

if (process.argv.includes('--profile')) {
  console.log(`\n${await profileWarm(work, quick ? 60 : 600)}`)
  for (const measured of cold) console.log(profileCold(measured))
}
printBounds()
