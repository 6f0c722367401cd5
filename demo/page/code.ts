/**
 * The verification as code: for `import`, and for the command line. What is copied from here gives
 * the verdict that the page shows.
 */
import { toHex } from './bytes.ts'
import type { Build } from './builds.ts'
import type { Policy } from './policy.ts'

/** Names of the files that go with the code. */
export const evidenceFile = 'evidence.bin'
export const rootFile = 'root.der'
export const endorsementsFile = 'endorsements.json'

/** The code of options, which collects what it must import. */
export interface Writer {
  readonly names: ReadonlySet<string>
  /** A symbol of the entry. */
  symbol(name: string): string
  /** Bytes. */
  hex(bytes: Uint8Array): string
  /** Builds, one or several. */
  builds(builds: readonly Build[]): string
  readonly usesHex: boolean
}

export function createWriter(verifier: string): Writer {
  const names = new Set([verifier])
  let usesHex = false
  const symbol = (name: string): string => {
    names.add(name)
    return name
  }
  return {
    names,
    symbol,
    hex(bytes) {
      usesHex = true
      return `hex('${toHex(bytes)}')`
    },
    builds(builds) {
      const [only] = builds
      if (only === undefined) return symbol('skipReferenceValues')
      if (builds.length === 1) return buildAsCode(only, '  ', symbol)
      return ['[', ...builds.map((build) => `    ${buildAsCode(build, '    ', symbol)},`), '  ]'].join('\n')
    },
    get usesHex() {
      return usesHex
    },
  }
}

function buildAsCode(build: Build, indent: string, symbol: (name: string) => string): string {
  const lines = Object.entries(build).map(([key, value]) => {
    const written =
      typeof value !== 'string' ? String(value) : key !== 'name' && value === 'any' ? symbol('anyValue') : `'${value}'`
    return `${indent}  ${key}: ${written},`
  })
  return ['{', ...lines, `${indent}}`].join('\n')
}

/** One option, by its name: as code. */
export type OptionLine = readonly [name: string, value: string]

/** The options that all verifiers have. @param roots files, where the roots are not the pinned ones */
export function commonOptions(
  { at, debug, skewSeconds }: Policy,
  now: Date,
  roots: readonly string[],
  { symbol }: Writer,
): readonly OptionLine[] {
  return [
    ['now', at === 'evidence' ? symbol('atEvidenceTime') : `new Date('${now.toISOString()}')`],
    ...(roots.length === 0
      ? []
      : [['trustAnchors', `[${roots.map((name) => `await file('${name}')`).join(', ')}]`] as const]),
    ...(debug ? [['debug', symbol('allowDebug')] as const] : []),
    ...(skewSeconds === 300 ? [] : [['clockSkewSeconds', String(skewSeconds)] as const]),
  ]
}

/** What a module says around its options. */
export interface ModuleText {
  readonly entry: string
  readonly verifier: string
  readonly options: readonly OptionLine[]
  /** More imports, and what is needed before the verifier is called. */
  readonly imports?: readonly string[]
  readonly before?: readonly string[]
  /** What is printed of a result. */
  readonly shows: readonly string[]
  /** What is taken from it: `{ claims }`. */
  readonly takes: string
}

/** An ES module for Node that verifies `evidence.bin` beside it. */
export function moduleOf(writer: Writer, policy: Policy, text: ModuleText): string {
  const { entry, verifier, options, imports = [], before = [], shows, takes } = text
  const comment = policy.at === 'clock' ? repeated : ''
  const body = options.map(([name, value]) =>
    name === value ? `  ${name},` : `  ${name}: ${value},${name === 'now' ? comment : ''}`,
  )
  return [
    `import { readFile } from 'node:fs/promises'`,
    `import { ${[...writer.names].sort((a, b) => (a < b ? -1 : 1)).join(', ')} } from '${entry}'`,
    ...imports,
    '',
    'const file = async (name) => new Uint8Array(await readFile(name))',
    ...(writer.usesHex
      ? ['const hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16))']
      : []),
    ...before,
    '',
    '// Returns only when everything holds, throws otherwise.',
    `const ${takes} = await ${verifier}(await file('${evidenceFile}'), {`,
    ...body,
    '})',
    ...shows,
  ].join('\n')
}

/** After a moment in code. */
export const repeated = ' // to repeat this verdict; leave it out in your code'

/** The flags that all formats have. */
export function commonFlags(
  { at, debug, skewSeconds }: Policy,
  now: Date,
  roots: readonly string[],
): readonly string[] {
  return [
    `--at ${at === 'evidence' ? 'evidence' : now.toISOString()}`,
    ...roots.map((name) => `--root ${name}`),
    ...(debug ? ['--allow-debug'] : []),
    ...(skewSeconds === 300 ? [] : [`--skew ${skewSeconds}s`]),
  ]
}

/** Builds as files, and the flags that name them. */
export function buildFiles(builds: readonly Build[]): {
  readonly write: readonly string[]
  readonly flags: readonly string[]
} {
  const files = builds.map((build, i) => [builds.length === 1 ? 'build.json' : `build-${i + 1}.json`, build] as const)
  return {
    write: files.map(([name, build]) => `echo '${JSON.stringify(build)}' > ${name}`),
    flags: files.length === 0 ? ['--skip-reference-values'] : files.map(([name]) => `--measurements ${name}`),
  }
}

/** A command for a POSIX shell. @param before lines that come first */
export function commandOf(format: string, flags: readonly string[], before: readonly string[] = []): string {
  return [...before, [`npx veritee verify ${evidenceFile} --format ${format}`, ...flags].join(' \\\n  ')].join('\n')
}
