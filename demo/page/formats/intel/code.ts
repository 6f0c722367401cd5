/**
 * The verification of a quote as code: for `import`, and for the command line. What is copied from
 * here gives the verdict that the page shows.
 */
import { toHex } from '../../bytes.ts'
import { evidenceFile, rootFile } from '../../code.ts'
import type { QuoteBuild, QuotePolicy } from './policy.ts'

/** What must be repeated. */
export interface QuoteRequest {
  readonly policy: QuotePolicy
  /** The moment that dates were checked at. */
  readonly now: Date
}

/** Names of the files that go with the code, besides those that documents have too. */
export const collateralFile = 'endorsements.json'
export const logFile = ({ log }: QuotePolicy): string => (typeof log === 'string' ? 'event-log.json' : 'event-log.bin')

/** An ES module that verifies `evidence.bin` with `endorsements.json` beside it. */
export function quoteImportCode({ policy, now }: QuoteRequest): string {
  const { kind, builds, reportData, accepted, at, root, debug, skewSeconds, log } = policy
  const verifier = kind === 'tdx' ? 'verifyTdx' : 'verifySgx'
  const names = new Set([verifier])
  const symbol = (name: string): string => {
    names.add(name)
    return name
  }
  const referenceValues =
    builds.length === 0
      ? symbol('skipReferenceValues')
      : builds.length === 1
        ? buildAsCode(builds[0] ?? {}, '  ', symbol)
        : ['[', ...builds.map((build) => `    ${buildAsCode(build, '    ', symbol)},`), '  ]'].join('\n')
  const options: [name: string, value: string][] = [
    ['referenceValues', referenceValues],
    ['reportData', reportData === undefined ? symbol('skipReportData') : `hex('${toHex(reportData)}')`],
  ]
  if (accepted.length > 0) options.push(['acceptedTcbStatuses', `['${accepted.join("', '")}']`])
  options.push(['now', `new Date('${now.toISOString()}')`])
  if (root !== 'pinned') options.push(['trustAnchors', `[await file('${rootFile}')]`])
  if (debug) options.push(['debug', symbol('allowDebug')])
  if (skewSeconds !== 300) options.push(['clockSkewSeconds', String(skewSeconds)])
  const comment = at === 'clock' ? ' // to repeat this verdict; leave it out in your code' : ''
  const body = options.map(([name, value]) => `  ${name}: ${value},${name === 'now' ? comment : ''}`)
  const replay =
    log === undefined
      ? []
      : [
          '',
          '// A log is true where it replays to the registers of the verified quote.',
          `const { rtmrs } = await replayEventLog(await file('${logFile(policy)}'))`,
          'const quoted = [claims.rtmr0, claims.rtmr1, claims.rtmr2, claims.rtmr3]',
          'console.log(quoted.map((rtmr, i) => Buffer.compare(rtmr, rtmrs[i]) === 0))',
        ]
  return [
    `import { readFile } from 'node:fs/promises'`,
    `import { ${[...names].sort((a, b) => (a < b ? -1 : 1)).join(', ')} } from 'veritee/${kind}'`,
    ...(log === undefined ? [] : [`import { replayEventLog } from 'veritee/tdx/events'`]),
    '',
    'const file = async (name) => new Uint8Array(await readFile(name))',
    ...(reportData === undefined
      ? []
      : ['const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))']),
    '// What Intel says of the platform: fetchIntelEndorsements of veritee/endorsements asks for it.',
    `const endorsements = JSON.parse(await readFile('${collateralFile}', 'utf8'))`,
    '',
    '// Returns only when everything holds, throws otherwise.',
    `const { claims } = await ${verifier}(await file('${evidenceFile}'), {`,
    '  endorsements,',
    ...body,
    '})',
    'console.log(claims.tcbStatus, claims.advisoryIDs)',
    ...replay,
  ].join('\n')
}

/** A command for a POSIX shell. */
export function quoteCommandLine({ policy, now }: QuoteRequest): string {
  const { kind, endorsements, builds, reportData, accepted, root, debug, skewSeconds, log } = policy
  const files = builds.map((build, i) => [builds.length === 1 ? 'build.json' : `build-${i + 1}.json`, build] as const)
  const flags = [`--collateral ${collateralFile}`]
  if (files.length === 0) flags.push('--skip-reference-values')
  else flags.push(...files.map(([name]) => `--measurements ${name}`))
  flags.push(reportData === undefined ? '--skip-report-data' : `--report-data ${toHex(reportData)}`)
  flags.push(...accepted.map((status) => `--accept-tcb-status ${status}`))
  flags.push(`--at ${now.toISOString()}`)
  if (root !== 'pinned') flags.push(`--root ${rootFile}`)
  if (debug) flags.push('--allow-debug')
  if (skewSeconds !== 300) flags.push(`--skew ${skewSeconds}s`)
  return [
    ...(endorsements === undefined ? [`npx veritee collateral ${evidenceFile} -o ${collateralFile}`] : []),
    ...files.map(([name, build]) => `echo '${JSON.stringify(build)}' > ${name}`),
    ...(log === undefined ? [] : [`npx veritee inspect ${evidenceFile} --event-log ${logFile(policy)}`]),
    [`npx veritee verify ${evidenceFile} --format ${kind}`, ...flags].join(' \\\n  '),
  ].join('\n')
}

function buildAsCode(build: QuoteBuild, indent: string, symbol: (name: string) => string): string {
  const lines = Object.entries(build).map(([key, value]) => {
    const written =
      typeof value !== 'string' ? String(value) : key !== 'name' && value === 'any' ? symbol('anyValue') : `'${value}'`
    return `${indent}  ${key}: ${written},`
  })
  return ['{', ...lines, `${indent}}`].join('\n')
}
