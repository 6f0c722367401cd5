/**
 * The verification of a report as code: for `import`, and for the command line. What is copied from
 * here gives the verdict that the page shows.
 */
import { toHex } from '../../bytes.ts'
import { evidenceFile } from '../../code.ts'
import type { ReportBuild, ReportPolicy } from './policy.ts'

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

/** The file that goes with the code, besides those that documents have too. */
export const endorsementsFile = 'endorsements.json'

/** An ES module that verifies `evidence.bin` with `endorsements.json` beside it. */
export function reportImportCode({ policy, now, roots, product }: ReportRequest): string {
  const { builds, reportData, minimumTcb, allowed, at, debug, skewSeconds } = policy
  const names = new Set(['verifySevSnp'])
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
  if (allowed.includes('Milan')) options.push(['products', "['Genoa', 'Turin', 'Milan']"])
  if (minimumTcb !== undefined)
    options.push([
      'minimumTcb',
      `{ product: '${product}', ${Object.entries(minimumTcb)
        .map(([part, value]) => `${part}: ${value}`)
        .join(', ')} }`,
    ])
  if (allowed.includes('alias')) options.push(['platformInfo', `{ aliasCheckComplete: ${symbol('anyValue')} }`])
  if (allowed.includes('provisional')) options.push(['provisionalFirmware', symbol('allowProvisionalFirmware')])
  if (allowed.includes('migration')) options.push(['migration', symbol('allowMigration')])
  if (allowed.includes('vmpl')) options.push(['vmpl', '[0, 1, 2, 3]'])
  options.push(['now', `new Date('${now.toISOString()}')`])
  if (roots.length > 0) options.push(['trustAnchors', `[${roots.map((name) => `await file('${name}')`).join(', ')}]`])
  if (debug) options.push(['debug', symbol('allowDebug')])
  if (skewSeconds !== 300) options.push(['clockSkewSeconds', String(skewSeconds)])
  const comment = at === 'clock' ? ' // to repeat this verdict; leave it out in your code' : ''
  const body = options.map(([name, value]) => `  ${name}: ${value},${name === 'now' ? comment : ''}`)
  return [
    `import { readFile } from 'node:fs/promises'`,
    `import { ${[...names].sort((a, b) => (a < b ? -1 : 1)).join(', ')} } from 'veritee/sev-snp'`,
    '',
    'const file = async (name) => new Uint8Array(await readFile(name))',
    ...(reportData === undefined
      ? []
      : ['const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))']),
    '// What AMD says of the key: fetchAmdEndorsements of veritee/endorsements asks for it.',
    `const endorsements = JSON.parse(await readFile('${endorsementsFile}', 'utf8'))`,
    '',
    '// Returns only when everything holds, throws otherwise.',
    `const { claims } = await verifySevSnp(await file('${evidenceFile}'), {`,
    '  endorsements,',
    ...body,
    '})',
    'console.log(claims.product, claims.reportedTcb, claims.advisories)',
  ].join('\n')
}

/** A command for a POSIX shell. */
export function reportCommandLine({ policy, now, roots, product }: ReportRequest): string {
  const { endorsements, builds, reportData, minimumTcb, allowed, debug, skewSeconds } = policy
  const files = builds.map((build, i) => [builds.length === 1 ? 'build.json' : `build-${i + 1}.json`, build] as const)
  const flags = [`--endorsements ${endorsementsFile}`]
  if (files.length === 0) flags.push('--skip-reference-values')
  else flags.push(...files.map(([name]) => `--measurements ${name}`))
  flags.push(reportData === undefined ? '--skip-report-data' : `--report-data ${toHex(reportData)}`)
  if (allowed.includes('Milan')) flags.push('--processor Genoa --processor Turin --processor Milan')
  if (minimumTcb !== undefined)
    flags.push(
      `--minimum-tcb ${[product, ...Object.entries(minimumTcb).map(([part, value]) => `${part}=${value}`)].join(',')}`,
    )
  if (allowed.includes('alias')) flags.push('--platform-info aliasCheckComplete=any')
  if (allowed.includes('provisional')) flags.push('--allow-provisional-firmware')
  if (allowed.includes('migration')) flags.push('--allow-migration')
  if (allowed.includes('vmpl')) flags.push('--vmpl 0 --vmpl 1 --vmpl 2 --vmpl 3')
  flags.push(`--at ${now.toISOString()}`)
  flags.push(...roots.map((name) => `--root ${name}`))
  if (debug) flags.push('--allow-debug')
  if (skewSeconds !== 300) flags.push(`--skew ${skewSeconds}s`)
  return [
    ...(endorsements === undefined ? [`npx veritee endorsements ${evidenceFile} -o ${endorsementsFile}`] : []),
    ...files.map(([name, build]) => `echo '${JSON.stringify(build)}' > ${name}`),
    [`npx veritee verify ${evidenceFile} --format sev-snp`, ...flags].join(' \\\n  '),
  ].join('\n')
}

function buildAsCode(build: ReportBuild, indent: string, symbol: (name: string) => string): string {
  const lines = Object.entries(build).map(
    ([key, value]) => `${indent}  ${key}: ${key !== 'name' && value === 'any' ? symbol('anyValue') : `'${value}'`},`,
  )
  return ['{', ...lines, `${indent}}`].join('\n')
}
