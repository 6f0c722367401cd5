/**
 * AMD in the command line: reports of SEV-SNP.
 */
import { help } from './amd/help.ts'
import { reportOptionFormats, reportOptions, reportVerifier, spokenOfReports } from './amd/arguments.ts'
import { inspectReport } from './amd/inspect.ts'
import { reportCaveats, reportHints, reportQuestions, reportRows } from './amd/report.ts'
import type { Family } from './family.ts'

export const amd: Family = {
  formats: ['sev-snp'],
  guess: () => undefined,
  options: reportOptions,
  optionFormats: reportOptionFormats,
  help,
  spoken: spokenOfReports,
  async request(values, format) {
    if (format !== 'sev-snp') throw new TypeError(`${format} is no format of AMD`)
    return { verify: await reportVerifier(values) }
  },
  readsEventLogs: false,
  inspect: (inspection) => Promise.resolve(inspectReport(inspection)),
  questions: reportQuestions,
  hints: reportHints,
  rows: (claims) => ('reportedTcb' in claims ? reportRows(claims) : [[], []]),
  caveats: (claims, checks) => ('reportedTcb' in claims ? reportCaveats(claims, checks) : []),
}
