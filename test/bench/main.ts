/**
 * The benchmark: prints tables in Markdown, ready for BENCHMARKS.md, and at last every bound as held
 * or missed. Times are ratios to the bare WebCrypto calls that the same verification needs, taken in
 * turns in the same process, because absolute times say more about the machine than about the
 * library; bounds are on ratios of processor time, which others on the machine disturb least.
 *
 * `npm run bench [-- SECTION…] [-- --quick] [-- --profile]`: all sections or those that are named,
 * shorter, with where the time goes. A section that fails is told, and the others go on.
 */
import { createBounds, machine, type Unit } from './bounds.ts'
import { budgetOf, bundle, entriesOf } from './bundles.ts'
import { channelParts, printChannel } from './channel.ts'
import { coldInChromium, coldInNode, type Cold, importsInNode } from './cold.ts'
import { measureFirstAnswers, measurePage } from './demo-page.ts'
import { printEdge } from './edge.ts'
import { ehbpTable, measureEhbp, worseOf } from './ehbp.ts'
import { firstTokenTable, measureFirstToken } from './first-token.ts'
import { measureFormats } from './formats.ts'
import { printImage } from './image.ts'
import { measureJavaScript } from './javascript.ts'
import { profileCold, profileWarm } from './profile.ts'
import { printRequest } from './request.ts'
import { secondOpinionTable } from './second-opinion.ts'
import { findSnpSubject, measureSnp } from './sev-snp.ts'
import { median, quantile, spread, table } from './statistics.ts'
import { findSubject } from './subject.ts'
import { findTdxSubject, measureTdx } from './tdx.ts'
import { tdxInRuntimes } from './tdx-runtimes.ts'
import { measureWarm, type Warm } from './warm.ts'

const quick = process.argv.includes('--quick')
const isProfiled = process.argv.includes('--profile')
const bounds = createBounds()
const { judge, skip } = bounds
const { name, work } = findSubject()

/** In the order of what takes longer. */
const sections: Readonly<Record<string, () => Promise<void>>> = {
  sizes: printSizes,
  imports: printImports,
  warm: printWarm,
  cold: printCold,
  runtimes: printRuntimes,
  second: printSecond,
  page: printPage,
  answers: printAnswers,
  token: printToken,
  request: () => printRequest(bounds, quick ? 0.1 : 1),
  ehbp: printEhbp,
  image: () => printImage(bounds, quick ? 64 : 1024),
  channel: () => printChannel(bounds, quick ? ['cost', 'load', 'streams'] : channelParts, quick ? 0.1 : 1),
  edge: () => printEdge(bounds, quick ? { seconds: 10, blocks: 3 } : { seconds: 60, blocks: 9 }),
}

const words = process.argv.slice(2)
const wanted = words.filter((word) => Object.hasOwn(sections, word))
const unknown = words.filter((word) => !wanted.includes(word) && word !== '--quick' && word !== '--profile')
if (unknown.length > 0) {
  const known = [...Object.keys(sections), '--quick', '--profile'].join(', ')
  process.stderr.write(`unknown: ${unknown.join(', ')}; known: ${known}\n`)
  process.exit(2)
}

console.log(`\`${name}\`, Node ${process.versions.node}, ${machine()}.`)
console.log('Medians of paired ratios; quartiles in brackets.')
for (const [section, print] of Object.entries(sections)) {
  if (wanted.length > 0 && !wanted.includes(section)) continue
  try {
    await print()
  } catch (error) {
    console.log(
      `\nThe section ${section} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
    skip(`section ${section}`, 'it failed')
  }
}
bounds.print()

async function printSizes(): Promise<void> {
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
  for (const { entry, gzipBytes } of sizes) judge(`bytes of \`${entry.name}\``, gzipBytes, budgetOf(entry))
}

async function printImports(): Promise<void> {
  console.log('\n### `import` of published entries in a fresh Node process\n')
  const nitro = 'formats/aws/nitro/index.js'
  const tdx = 'formats/intel/tdx/index.js'
  const times = await importsInNode(['an empty module', nitro, tdx, 'formats/sev-snp.js'], quick ? 7 : 25)
  console.log(
    table(
      ['', 'ms', 'ms of processor time'],
      Object.entries(times).map(([entry, { time, cost }]) => [entry, spread(time, 1), spread(cost, 1)]),
    ),
  )
  const unit: Unit = { unit: ' ms' }
  judge('import of `veritee/nitro` in a fresh Node process', median(times[nitro]?.cost ?? []), 6, unit)
  judge('import of `veritee/tdx` in a fresh Node process', median(times[tdx]?.cost ?? []), 10, unit)
}

async function printWarm(): Promise<void> {
  const rounds = quick ? 60 : 600
  console.log('\n### Warm, over the bare WebCrypto calls\n')
  console.log(warmTable(await measureWarm(work, rounds)))

  const tdx = findTdxSubject()
  console.log(`\n### The same for a TDX quote with its collateral, \`${tdx.name}\`\n`)
  console.log(warmTable(await measureTdx(tdx, rounds)))

  const snp = findSnpSubject()
  console.log(`\n### The same for a report of SEV-SNP with its endorsements, \`${snp.name}\`\n`)
  console.log(warmTable(await measureSnp(snp, rounds)))

  console.log('\n### The same for tokens of Arm and keys of phones: fixtures, over the calls that each makes itself\n')
  console.log(warmTable(await measureFormats(rounds)))

  const { microseconds, calibration } = await measureJavaScript(work, quick ? 3000 : 10_000)
  console.log('\n### The JavaScript of one `verifyNitro`, WebCrypto answered from memory\n')
  const share = microseconds / calibration
  console.log(`${microseconds.toFixed(1)} µs (the faster tenth), ${share.toFixed(2)} times the calibration loop.`)
  // 95 µs where the loop takes 57.
  judge('JavaScript of one `verifyNitro`, over the calibration loop', share, 1.67)
  if (isProfiled) console.log(`\n${await profileWarm(work, rounds)}`)
}

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

async function printCold(): Promise<void> {
  console.log('\n### Cold: the first verdict of a process or a page, over bare calls\n')
  const runs = quick ? 5 : 15
  const cold = [await coldInNode(work, runs), await coldInChromium(work, runs)]
  console.log(
    table(
      ['', 'bare calls, ms', 'empty module, ms', 'import, ms', 'first verdict, ms', 'ratio', 'after `warmUp`', 'bound'],
      cold.map(coldRow),
    ),
  )
  if (isProfiled) for (const measured of cold) console.log(profileCold(measured))
}

function coldRow(measured: Cold): string[] {
  const page = 'in a fresh Chromium page'
  if (!measured.found) {
    skip(`first verdict and import ${page}`, `${measured.runtime}: not found`)
    return [`${measured.runtime}: not found`, '', '', '', '', '', '', '']
  }
  const { runtime, runs: all } = measured
  const verdicts = (kind: keyof typeof all): number[] => all[kind].map(({ verdictMs }) => verdictMs)
  const imports = (kind: keyof typeof all): number[] => all[kind].map(({ importMs }) => importMs)
  const floor = median(verdicts('bare'))
  const imported = [...imports('library'), ...imports('warmed')]
  const ratio = (kind: keyof typeof all): number => median(verdicts(kind)) / floor
  if (runtime.startsWith('Chromium')) {
    judge(`first verdict ${page}, import excluded, over the bare calls`, ratio('library'), 3.5)
    judge('the same after `warmUp`', ratio('warmed'), 3.5)
    judge(`import ${page}, over an empty module`, median(imported) - median(imports('empty')), 4, { unit: ' ms' })
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

async function printRuntimes(): Promise<void> {
  console.log('\n### `verifyTdx` in seven runtimes, over the bare calls with keys as points\n')
  const rows = await tdxInRuntimes(findTdxSubject(), quick ? 4 : 40)
  console.log(table(['', 'bare calls, ms', 'ratio', 'warm `endorsementCache`'], rows))
}

async function printSecond(): Promise<void> {
  console.log('\n### A second opinion: fixtures, processor time of a process that has loaded the libraries\n')
  console.log(await secondOpinionTable(quick ? 10 : 100))
}

async function printPage(): Promise<void> {
  console.log('\n### The demo page in Chromium, warm, from input to verdict\n')
  const page = await measurePage(Buffer.from(work.evidence, 'base64'), quick ? 20 : 100)
  const what = 'the demo page, from input to verdict, 95th percentile'
  if (page === undefined) {
    skip(what, 'Chromium: not found')
    return
  }
  const slowest = quantile(page.verdict, 0.95)
  judge(what, slowest, 50, { unit: ' ms' })
  console.log(
    table(
      ['', 'median and quartiles, ms', '95th percentile, ms'],
      [
        ['verdict in the document', spread(page.verdict, 1), slowest.toFixed(1)],
        ['on the screen', spread(page.painted, 1), quantile(page.painted, 0.95).toFixed(1)],
      ],
    ),
  )
}

async function printAnswers(): Promise<void> {
  console.log('\n### The first answer of the demo page to a file of 1 GiB, in Chromium\n')
  const answers = await measureFirstAnswers(quick ? 5 : 30)
  const what = { image: 'an image: progress and cancel', other: 'anything else: what it is not' }
  if (answers === undefined) {
    skip('the first answer of the demo page to a file of 1 GiB', 'Chromium: not found')
    return
  }
  const rows = (['image', 'other'] as const).map((kind) => {
    const slowest = quantile(answers[kind], 0.95)
    judge(`first answer of the demo page to 1 GiB, ${what[kind]}, 95th percentile`, slowest, 100, { unit: ' ms' })
    return [what[kind], spread(answers[kind], 1), slowest.toFixed(1)]
  })
  console.log(table(['', 'median and quartiles, ms', '95th percentile, ms'], rows))
}

async function printToken(): Promise<void> {
  console.log(
    '\n### First token of a model, over plain `fetch`; the model answers at once, on the loopback interface\n',
  )
  console.log(firstTokenTable(await measureFirstToken(quick ? 40 : 400)))
}

async function printEhbp(): Promise<void> {
  console.log('\n### The sealed request beside the npm package `ehbp`: same handler, loopback interface, in turns\n')
  const rows = await measureEhbp(quick ? 0.1 : 1)
  console.log(ehbpTable(rows))
  for (const row of rows) if (row.bound !== undefined) judge(`${row.what}, over \`ehbp\``, worseOf(row), row.bound)
}
