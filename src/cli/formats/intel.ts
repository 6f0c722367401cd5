/**
 * Intel in the command line: quotes of TDX and SGX.
 */
import { help } from './intel/help.ts'
import { quoteOptionFormats, quoteOptions, quoteVerifier, spokenOfQuotes } from './intel/arguments.ts'
import { inspectQuote } from './intel/inspect.ts'
import { quoteCaveats, quoteHints, quoteQuestions, quoteRows } from './intel/report.ts'
import type { Family } from './family.ts'

export const intel: Family = {
  formats: ['tdx', 'sgx'],
  guess: () => undefined,
  options: quoteOptions,
  optionFormats: quoteOptionFormats,
  help,
  spoken: spokenOfQuotes,
  async request(values, format) {
    if (format !== 'tdx' && format !== 'sgx') throw new TypeError(`${format} is no format of Intel`)
    return { verify: await quoteVerifier(values, format) }
  },
  readsEventLogs: true,
  async inspect({ format, bytes, log, warning, asJson }) {
    return inspectQuote(format === 'sgx' ? 'sgx' : 'tdx', bytes, log, { warning, asJson })
  },
  questions: quoteQuestions,
  hints: quoteHints,
  rows: (claims) => ('tcbStatus' in claims ? quoteRows(claims) : [[], []]),
  caveats: (claims, checks) => ('tcbStatus' in claims ? quoteCaveats(claims, checks) : []),
}
