/**
 * Every fixture of TDX and SGX through the command: the exit code is the class of the error, the
 * verdict names its code, and nothing is wider than a terminal.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ExpectedQuote } from '../../fixtures/expected-quote.ts'
import { repository, useCommand, veritee, written } from './run.ts'

useCommand()

const cases = ['tdx', 'sgx'].flatMap((format) =>
  readdirSync(`${repository}fixtures/${format}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `fixtures/${format}/${name}`),
)

describe('fixtures of quotes on the command line', () => {
  it('are there', () => {
    expect(cases).toEqual(expect.arrayContaining(['fixtures/tdx/valid', 'fixtures/sgx/valid']))
  })

  it.each(cases)('%s', (path) => {
    const expected = JSON.parse(readFileSync(`${repository}${path}/expected.json`, 'utf8')) as ExpectedQuote
    const { code, stdout, stderr } = veritee(['verify', `${path}/evidence.bin`, ...argumentsOf(expected, path)])
    const { verdict, tcbStatus } = expected
    expect(stderr).toBe('')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    // Every check has a sentence of its own.
    expect(stdout).not.toMatch(/^ {2}[✓·!] [a-z-]+( |$)/m)
    if (verdict === 'valid') {
      expect(stdout.replaceAll('\n', ' ')).toMatch(new RegExp(`VERIFIED: ${expected.format}(;| $)`))
      if (tcbStatus !== undefined) expect(stdout).toContain(`platform ${tcbStatus}`)
      expect(code).toBe(0)
    } else {
      expect(stdout).toMatch(new RegExp(`^REFUSED: .*\\(${verdict.code}(, |\\)\n$)`, 'm'))
      expect(code).toBe({ VerificationError: 2, AppraisalError: 3 }[verdict.error])
    }
  })
})

/** One age for all but the list of the root, and one for that. */
function agesOf(ages: ExpectedQuote['maximumEndorsementAgeSeconds']): string[] {
  if (ages === undefined) return []
  const { tcbInfo, rootCaCrl } = typeof ages === 'number' ? { tcbInfo: ages, rootCaCrl: ages } : ages
  return ['--max-collateral-age', `${tcbInfo}s`, '--max-root-crl-age', `${rootCaCrl}s`]
}

/** `expected.json` as somebody would type it. */
function argumentsOf(expected: ExpectedQuote, path: string): string[] {
  const { format, now, clockSkewSeconds, reportData, referenceValues, events, debug, migration, ...others } = expected
  const { acceptedTcbStatuses = [], minimumTcbEvaluationDataNumber, platforms = [], serviceTds = [] } = others
  const { maximumEndorsementAgeSeconds } = others
  const builds = referenceValues === 'skipReferenceValues' ? [] : [referenceValues].flat()
  const registers = builds.map((build) =>
    Object.fromEntries(
      Object.entries(build)
        .filter(([name]) => events === undefined || name !== 'rtmr3')
        .map(([name, value]) => [name, value === 'anyValue' ? 'any' : value]),
    ),
  )
  const log = `${path}/event-log.json`
  return [
    ...['--collateral', `${path}/endorsements.json`, '--root', `fixtures/${format}/root.pem`],
    ...['--format', format, '--skew', `${clockSkewSeconds}s`, '--at', now, '--report-data', reportData],
    ...(builds.length === 0 ? ['--skip-reference-values'] : []),
    ...registers.flatMap((build, i) => ['--measurements', written(`build-${i}.json`, JSON.stringify(build))]),
    ...(existsSync(`${repository}${log}`)
      ? ['--event-log', log, '--events', written('events.json', JSON.stringify(events))]
      : []),
    ...acceptedTcbStatuses.flatMap((status) => ['--accept-tcb-status', status]),
    ...(minimumTcbEvaluationDataNumber === undefined
      ? []
      : ['--minimum-tcb-evaluation', `${minimumTcbEvaluationDataNumber}`]),
    ...agesOf(maximumEndorsementAgeSeconds),
    ...platforms.flatMap((platform) => ['--platform', platform]),
    ...serviceTds.flatMap((hash) => ['--service-td', hash]),
    ...(debug === undefined ? [] : ['--allow-debug']),
    ...(migration === undefined ? [] : ['--allow-migration']),
  ]
}
