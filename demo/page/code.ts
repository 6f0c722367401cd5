/**
 * The same verification as code: for `import`, and for the command line. What is copied from here
 * gives the verdict that the page shows.
 */
import { toHex } from './bytes.ts'
import { type Build, type Policy, registersOf } from './policy.ts'

/** What must be repeated. */
export interface Request {
  readonly policy: Policy
  /** The moment that the dates of the document were checked at. */
  readonly now: Date
  /** The same for signed reference values: they have no time of their own to be checked at. */
  readonly clock: Date
}

/** Names of the files that go with the code. */
export const evidenceFile = 'evidence.bin'
export const rootFile = 'root.der'
export const corimFile = 'reference.corim'
export const caFile = 'ca.der'

/**
 * An ES module that verifies `evidence.bin` (and, under another root than AWS's, `root.der`) beside
 * it.
 */
export function importCode({ policy, now, clock }: Request): string {
  const { builds, signed, freshness, at, root, userData, publicKey, debug, skewSeconds } = policy
  const names = ['verifyNitro']
  const symbol = (name: string): string => {
    names.push(name)
    return name
  }
  const bytes = (value: Uint8Array): string => `hex('${toHex(value)}')`
  const options: [name: string, value: string][] = [
    [
      'referenceValues',
      signed ? 'referenceValues' : builds.length === 0 ? symbol('skipReferenceValues') : buildsAsCode(builds),
    ],
    [
      'freshness',
      freshness === undefined
        ? symbol('skipFreshness')
        : 'nonce' in freshness
          ? `{ nonce: ${bytes(freshness.nonce)} }`
          : `{ maxAgeSeconds: ${freshness.maxAgeSeconds} }`,
    ],
    ['now', at === 'evidence' ? symbol('atEvidenceTime') : `new Date('${now.toISOString()}')`],
  ]
  if (root !== 'aws') options.push(['trustAnchors', `[await file('${rootFile}')]`])
  if (userData) options.push(['userData', bytes(userData)])
  if (publicKey) options.push(['publicKey', bytes(publicKey)])
  if (debug) options.push(['debug', symbol('allowDebug')])
  if (skewSeconds !== 300) options.push(['clockSkewSeconds', String(skewSeconds)])
  const comment = at === 'clock' ? ' // to repeat this verdict; leave it out in your code' : ''
  const body = options.map(([name, value]) =>
    name === value ? `  ${name},` : `  ${name}: ${value},${name === 'now' ? comment : ''}`,
  )
  const usesHex = body.some((line) => line.includes("hex('"))
  return [
    `import { readFile } from 'node:fs/promises'`,
    `import { ${names.sort((a, b) => (a < b ? -1 : 1)).join(', ')} } from 'veritee/nitro'`,
    ...(signed ? [`import { openReferenceValues } from 'veritee/reference'`] : []),
    '',
    'const file = async (name) => new Uint8Array(await readFile(name))',
    ...(usesHex ? ['const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))'] : []),
    '',
    ...(signed
      ? [
          '// Believes no digest before the signature of your CA.',
          `const { referenceValues } = await openReferenceValues(await file('${corimFile}'), {`,
          "  environment: 'nitro',",
          `  product: '${signed.product}',`,
          `  trustAnchors: [await file('${caFile}')],`,
          '  minimumVersion: 0, // the greatest of this product that you have seen',
          `  now: new Date('${clock.toISOString()}'),${comment}`,
          ...(skewSeconds === 300 ? [] : [`  clockSkewSeconds: ${skewSeconds},`]),
          '})',
          '',
        ]
      : []),
    '// Returns only when everything holds, throws otherwise.',
    `const { claims, publicKey } = await verifyNitro(await file('${evidenceFile}'), {`,
    ...body,
    '})',
    'console.log(claims.moduleId, publicKey)',
  ].join('\n')
}

/** A command for a POSIX shell. */
export function commandLine({ policy, now }: Request): string {
  const { builds, signed, freshness, at, root, userData, publicKey, debug, skewSeconds } = policy
  const [only] = builds
  const files = builds.length > 1 && !signed ? builds.map((build, i) => [`build-${i + 1}.json`, build] as const) : []
  const flags: string[] = []
  if (signed) flags.push(`--reference ${corimFile}`, `--ca ${caFile}`, `--product '${signed.product}'`)
  else if (only === undefined) flags.push('--skip-reference-values')
  else if (files.length > 0) flags.push(...files.map(([name]) => `--measurements ${name}`))
  else flags.push(...registersOf(only).map((register) => `--${register.toLowerCase()} ${only[register as 'PCR0']}`))
  if (freshness === undefined) flags.push('--skip-freshness')
  else flags.push('nonce' in freshness ? `--nonce ${toHex(freshness.nonce)}` : `--max-age ${freshness.maxAgeSeconds}s`)
  flags.push(`--at ${at === 'evidence' ? 'evidence' : now.toISOString()}`)
  if (root !== 'aws') flags.push(`--root ${rootFile}`)
  if (userData) flags.push(`--user-data ${toHex(userData)}`)
  if (publicKey) flags.push(`--public-key ${toHex(publicKey)}`)
  if (debug) flags.push('--allow-debug')
  if (skewSeconds !== 300) flags.push(`--skew ${skewSeconds}s`)
  const write = files.map(([name, build]) => `echo '${JSON.stringify(build)}' > ${name}`)
  // The page looks at enclaves only; without this the command would tell the format from the
  // evidence.
  return [...write, [`npx veritee verify ${evidenceFile} --format nitro`, ...flags].join(' \\\n  ')].join('\n')
}

function buildsAsCode(builds: readonly Build[]): string {
  const one = (build: Build, indent: string): string => {
    const lines = Object.entries(build).map(([key, value]) => `${indent}  ${key}: '${value}',`)
    return ['{', ...lines, `${indent}}`].join('\n')
  }
  const [only] = builds
  if (builds.length === 1 && only !== undefined) return one(only, '  ')
  return ['[', ...builds.map((build) => `    ${one(build, '    ')},`), '  ]'].join('\n')
}
