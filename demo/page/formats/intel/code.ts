/**
 * The verification of a quote as code: for `import`, and for the command line.
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
  rootFile,
} from '../../code.ts'
import type { QuotePolicy } from './policy.ts'

/** What must be repeated. */
export interface QuoteRequest {
  readonly policy: QuotePolicy
  /** The moment that dates were checked at. */
  readonly now: Date
}

export const logFile = ({ log }: QuotePolicy): string => (typeof log === 'string' ? 'event-log.json' : 'event-log.bin')

const rootsOf = ({ root }: QuotePolicy): readonly string[] => (root === 'pinned' ? [] : [rootFile])

/** An ES module for Node that verifies `evidence.bin` with `endorsements.json` beside it. */
export function quoteImportCode({ policy, now }: QuoteRequest): string {
  const { kind, builds, reportData, accepted, log } = policy
  const verifier = kind === 'tdx' ? 'verifyTdx' : 'verifySgx'
  const writer = createWriter(verifier)
  return moduleOf(writer, policy, {
    entry: `veritee/${kind}`,
    verifier,
    options: [
      ['endorsements', 'endorsements'],
      ['referenceValues', writer.builds(builds)],
      ['reportData', reportData === undefined ? writer.symbol('skipReportData') : writer.hex(reportData)],
      ...(accepted.length > 0 ? [['acceptedTcbStatuses', `['${accepted.join("', '")}']`] as const] : []),
      ...commonOptions(policy, now, rootsOf(policy), writer),
    ],
    imports: log === undefined ? [] : [`import { replayEventLog } from 'veritee/tdx/events'`],
    before: [
      '// What Intel says of the platform: fetchIntelEndorsements of veritee/endorsements asks for it.',
      `const endorsements = JSON.parse(await readFile('${endorsementsFile}', 'utf8'))`,
    ],
    takes: '{ claims }',
    shows: ['console.log(claims.tcbStatus, claims.advisoryIDs)', ...replayOf(policy)],
  })
}

const replayOf = (policy: QuotePolicy): readonly string[] =>
  policy.log === undefined
    ? []
    : [
        '',
        '// A log is true where it replays to the registers of the verified quote.',
        `const { rtmrs } = await replayEventLog(await file('${logFile(policy)}'))`,
        'const quoted = [claims.rtmr0, claims.rtmr1, claims.rtmr2, claims.rtmr3]',
        'console.log(quoted.map((rtmr, i) => Buffer.compare(rtmr, rtmrs[i]) === 0))',
      ]

/** A command for a POSIX shell. */
export function quoteCommandLine({ policy, now }: QuoteRequest): string {
  const { kind, endorsements, builds, reportData, accepted, log } = policy
  const { write, flags } = buildFiles(builds)
  return commandOf(
    kind,
    [
      `--collateral ${endorsementsFile}`,
      ...flags,
      reportData === undefined ? '--skip-report-data' : `--report-data ${toHex(reportData)}`,
      ...accepted.map((status) => `--accept-tcb-status ${status}`),
      ...commonFlags(policy, now, rootsOf(policy)),
    ],
    [
      ...(endorsements === undefined ? [`npx veritee collateral ${evidenceFile} -o ${endorsementsFile}`] : []),
      ...write,
      ...(log === undefined ? [] : [`npx veritee inspect ${evidenceFile} --event-log ${logFile(policy)}`]),
    ],
  )
}
