/**
 * Arm in the command line: tokens of CCA realms, and PSA tokens.
 */
import { help } from './arm/help.ts'
import { inspectToken } from './arm/inspect.ts'
import { spokenOfTokens, tokenOptionFormats, tokenOptions, tokenVerifier } from './arm/arguments.ts'
import { tokenCaveats, tokenHints, tokenQuestions, tokenRows } from './arm/report.ts'
import type { Family } from './family.ts'

export const arm: Family = {
  formats: ['cca', 'psa'],
  // A collection that is not whole has its tag all the same; a lone COSE_Mac0 is a PSA token or
  // nothing.
  guess: ([first]) => (first === 0xd9 ? 'cca' : first === 0xd1 ? 'psa' : undefined),
  options: tokenOptions,
  optionFormats: tokenOptionFormats,
  help,
  spoken: spokenOfTokens,
  async request(values, format) {
    if (format !== 'cca' && format !== 'psa') throw new TypeError(`${format} is no format of Arm`)
    return { verify: await tokenVerifier(values, format) }
  },
  readsEventLogs: false,
  inspect: (inspection) => Promise.resolve(inspectToken(inspection)),
  questions: tokenQuestions,
  hints: tokenHints,
  rows: (claims) => ('wrapper' in claims || 'generation' in claims ? tokenRows(claims) : [[], []]),
  caveats: (claims, checks) => ('wrapper' in claims || 'generation' in claims ? tokenCaveats(checks) : []),
}
