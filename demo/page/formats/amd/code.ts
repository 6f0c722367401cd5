/**
 * The verification of a report as code: for `import`, and for the command line.
 */
import { toHex } from '../../bytes.ts'
import {
  buildFiles,
  commandOf,
  commonFlags,
  commonOptions,
  createWriter,
  endorsementsFile,
  evidenceFile,
  moduleOf,
  type OptionLine,
} from '../../code.ts'
import type { ReportOutcome } from './outcome.ts'
import type { Allowance, ReportPolicy } from './policy.ts'

/** What must be repeated. */
export interface ReportRequest {
  readonly policy: ReportPolicy
  /** The moment that dates were checked at. */
  readonly now: Date
  /** The trusted roots, where they are not the pinned ones. */
  readonly roots: readonly string[]
  /** For a row of the minimum; Genoa where it is not known. */
  readonly product: string
}

export const requestOf = ({ policy, now, roots, claims, evidence }: ReportOutcome): ReportRequest => ({
  policy,
  now,
  roots: roots.map(([name]) => name),
  product: claims?.product ?? evidence?.product ?? 'Genoa',
})

/** An ES module for Node that verifies `evidence.bin` with `endorsements.json` beside it. */
export function reportImportCode({ policy, now, roots, product }: ReportRequest): string {
  const { builds, reportData, minimumTcb, allowed } = policy
  const writer = createWriter('verifySevSnp')
  const { symbol } = writer
  const parts = Object.entries(minimumTcb ?? {}).map(([part, value]) => `${part}: ${value}`)
  const when = (allowance: Allowance, name: string, value: () => string): readonly OptionLine[] =>
    allowed.includes(allowance) ? [[name, value()]] : []
  return moduleOf(writer, policy, {
    entry: 'veritee/sev-snp',
    verifier: 'verifySevSnp',
    options: [
      ['endorsements', 'endorsements'],
      ['referenceValues', writer.builds(builds)],
      ['reportData', reportData === undefined ? symbol('skipReportData') : writer.hex(reportData)],
      ...when('Milan', 'products', () => "['Genoa', 'Turin', 'Milan']"),
      ...(minimumTcb === undefined ? [] : [['minimumTcb', `{ product: '${product}', ${parts.join(', ')} }`] as const]),
      ...when('alias', 'platformInfo', () => `{ aliasCheckComplete: ${symbol('anyValue')} }`),
      ...when('provisional', 'provisionalFirmware', () => symbol('allowProvisionalFirmware')),
      ...when('migration', 'migration', () => symbol('allowMigration')),
      ...when('vmpl', 'vmpl', () => '[0, 1, 2, 3]'),
      ...commonOptions(policy, now, roots, writer),
    ],
    before: [
      '// What AMD says of the key: fetchAmdEndorsements of veritee/endorsements asks for it.',
      `const endorsements = JSON.parse(await readFile('${endorsementsFile}', 'utf8'))`,
    ],
    takes: '{ claims }',
    shows: ['console.log(claims.product, claims.reportedTcb, claims.advisories)'],
  })
}

const flagsOf: Readonly<Record<Allowance, string>> = {
  Milan: '--processor Genoa --processor Turin --processor Milan',
  alias: '--platform-info aliasCheckComplete=any',
  provisional: '--allow-provisional-firmware',
  migration: '--allow-migration',
  vmpl: '--vmpl 0 --vmpl 1 --vmpl 2 --vmpl 3',
}

/** A command for a POSIX shell. */
export function reportCommandLine({ policy, now, roots, product }: ReportRequest): string {
  const { endorsements, builds, reportData, minimumTcb, allowed } = policy
  const { write, flags } = buildFiles(builds)
  const parts = Object.entries(minimumTcb ?? {}).map(([part, value]) => `${part}=${value}`)
  return commandOf(
    'sev-snp',
    [
      `--endorsements ${endorsementsFile}`,
      ...flags,
      reportData === undefined ? '--skip-report-data' : `--report-data ${toHex(reportData)}`,
      ...(minimumTcb === undefined ? [] : [`--minimum-tcb ${[product, ...parts].join(',')}`]),
      ...allowed.map((allowance) => flagsOf[allowance]),
      ...commonFlags(policy, now, roots),
    ],
    [
      ...(endorsements === undefined ? [`npx veritee endorsements ${evidenceFile} -o ${endorsementsFile}`] : []),
      ...write,
    ],
  )
}
