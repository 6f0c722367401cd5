/**
 * The benchmark: prints tables in Markdown, ready for the README. Times are ratios to the bare
 * WebCrypto calls that the same verification needs, taken in turns in the same process, because
 * absolute times say more about the machine than about the library.
 */
import { cpus } from 'node:os'
import { budgets, bundle, entriesOf } from './bundles.ts'
import { coldInChromium, coldInNode, type Cold } from './cold.ts'
import { measurePage } from './demo-page.ts'
import { firstTokenTable, measureFirstToken } from './first-token.ts'
import { profileCold, profileWarm } from './profile.ts'
import { findSnpSubject, measureSnp } from './sev-snp.ts'
import { median, quantile, spread, table } from './statistics.ts'
import { findSubject } from './subject.ts'
import { findTdxSubject, measureTdx } from './tdx.ts'
import { tdxInRuntimes } from './tdx-runtimes.ts'
import { measureWarm, type Warm } from './warm.ts'

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
if (process.argv.includes('--warm')) process.exit()

console.log('\n### `verifyTdx` in seven runtimes, over the bare calls with keys as points\n')
console.log(table(['', 'bare calls, ms', 'ratio', 'warm `endorsementCache`'], await tdxInRuntimes(tdx, quick ? 4 : 40)))
if (process.argv.includes('--runtimes')) process.exit()

function warmTable(warm: readonly Warm[]): string {
  return table(
    ['', 'ratio', 'bound', 'ratio of processor time', 'verifications per second'],
    warm.map(({ what, bound, times, work: cost }) => [
      what,
      spread(times.ratios),
      bound === undefined ? '' : `${bound}`,
      spread(cost.ratios),
      Math.round(1000 / median(times.b)).toString(),
    ]),
  )
}

console.log('\n### Cold, from `import` to the first verdict, over bare calls without any import\n')
const runs = quick ? 5 : 15
const cold = [await coldInNode(work, runs), await coldInChromium(work, runs)]
console.log(
  table(
    ['', 'ratio', 'bound', 'bare calls, ms', 'library, ms', 'of which import, ms', 'ratio without import'],
    cold.map(coldRow),
  ),
)

function coldRow(measured: Cold): string[] {
  if (!measured.found) return [`${measured.runtime}: not found`, '', '', '', '', '', '']
  const { runtime, bound, bare, library } = measured
  const floor = median(bare)
  const total = library.map(({ importMs, verdictMs }) => importMs + verdictMs)
  return [
    `fresh ${runtime}, ${bare.length} runs each`,
    (median(total) / floor).toFixed(2),
    bound === undefined ? '' : `${bound}`,
    spread(bare, 1),
    spread(total, 1),
    spread(
      library.map(({ importMs }) => importMs),
      1,
    ),
    (median(library.map(({ verdictMs }) => verdictMs)) / floor).toFixed(2),
  ]
}

console.log('\n### Size, minified by esbuild, gzip -9\n')
const sizes = await Promise.all(
  entriesOf().map(async ({ name: entry, source }) => ({ entry, ...(await bundle(source)) })),
)
console.log(
  table(
    ['entry point', 'minified, bytes', 'gzip, bytes', 'bound'],
    sizes.map(({ entry, minifiedBytes, gzipBytes }) => [
      `\`${entry}\``,
      `${minifiedBytes}`,
      `${gzipBytes}`,
      `${budgets[entry] ?? 'none'}`,
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

console.log('\n### First token of a model, over plain `fetch`; the model answers at once, on the loopback interface\n')
console.log(firstTokenTable(await measureFirstToken(quick ? 40 : 400)))

if (process.argv.includes('--profile')) {
  console.log(`\n${await profileWarm(work, quick ? 60 : 600)}`)
  for (const measured of cold) console.log(profileCold(measured))
}
