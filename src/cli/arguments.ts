/**
 * From the command line to the options of the library. What is not plain is refused: an option
 * given twice, a number without its unit, a time without its zone.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from './failures.ts'

/** The options of a command, by name without `--`. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>

/** What was given, by name; absent when it was not. Lists only where the option may be repeated. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** What `veritee verify` takes for every kind of evidence. */
export const verifyOptions: CommandOptions = {
  measurements: { type: 'string', multiple: true },
  'skip-reference-values': { type: 'boolean' },
  format: { type: 'string' },
  root: { type: 'string', multiple: true },
  at: { type: 'string' },
  skew: { type: 'string' },
  'allow-debug': { type: 'boolean' },
  json: { type: 'boolean' },
}

/** Files, and options. @throws UsageError */
export function parse(
  command: string,
  args: string[],
  options: CommandOptions,
  { least, most, what }: { readonly least: number; readonly most: number; readonly what: string },
): { files: string[]; values: Values } {
  const {
    values,
    positionals: files,
    tokens,
  } = strictly(() => parseArgs({ args, options, allowPositionals: true, tokens: true }))
  if (files.length < least || files.length > most) throw new UsageError(`${command} takes ${what}, not ${files.length}`)
  const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []))
  // The last one would win, and an expectation be lost without a word.
  const repeated = names.find((name, i) => names.indexOf(name) !== i && options[name]?.multiple !== true)
  if (repeated !== undefined) throw new UsageError(`--${repeated} is given more than once`)
  return { files, values }
}

/** One file, or `-` for standard input, and options. @throws UsageError */
export function parseOne(command: string, args: string[], options: CommandOptions): { path: string; values: Values } {
  const what = 'one file, or - for standard input'
  const { files, values } = parse(command, args, options, { least: 1, most: 1, what })
  return { path: files[0] as string, values }
}

/**
 * The library speaks of its options, people of what they typed. @param own names of options of one
 * kind of evidence, by the library's
 */
export function inWordsOfTheCommand(
  error: TypeError,
  values: Values,
  own: Readonly<Record<string, string>>,
): UsageError {
  const files = listOf(values, 'measurements')
  const words = { ...spoken, ...own }
  const message = error.message
    .replace(/^referenceValues\[(\d+)\](?:\.(\w+))?/, (_whole, index: string, name: string | undefined) => {
      const file = files[Number(index)]
      if (file === undefined) return name === undefined ? 'the registers' : (words[name] ?? `--${name.toLowerCase()}`)
      return name === undefined ? file : `${file}: ${name}`
    })
    .replace('must be registers other than zero', 'must name a register other than zero')
    .replace('signedImages: allowSignedImages', '--allow-signed-images')
    .replace(/^(\w+)(?:\[\d+\])?/, (whole, name: string) => words[name] ?? whole)
  return new UsageError(message, { cause: error })
}

const spoken: Readonly<Record<string, string>> = {
  clockSkewSeconds: '--skew, in seconds,',
  trustAnchors: '--root',
}

/** Exactly one of several ways to say something. @throws UsageError */
export function requireOne(given: readonly boolean[], demand: string): void {
  const count = given.filter(Boolean).length
  if (count !== 1) throw new UsageError(`${demand}; ${count === 0 ? 'one of them is required' : 'only one of them'}`)
}

export function listOf(values: Values, option: string): string[] {
  return (values[option] ?? []) as string[]
}

/** A version of reference values, or how many must sign. @throws UsageError */
export function versionOf(text: string, option: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) throw new UsageError(`${option} must be a whole number`)
  return count
}

/** A moment with its zone. @throws UsageError */
export function timeOf(text: string, option: string, otherwise = ''): Date {
  // Without a zone, or as a bare number, a date would mean something else on every machine; and
  // JavaScript takes 30 February for 2 March.
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text) ?? []
  const time = new Date(text).getTime()
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  if (Number.isNaN(time) || !isDay) {
    throw new UsageError(`${option} must be ${otherwise}a time with its zone like 2026-06-01T12:00:00Z`)
  }
  return new Date(time)
}

/** A length of time with its unit. @throws UsageError */
export function secondsOf(text: string, option: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
  if (number === undefined) throw new UsageError(`${option} must be a number with its unit: 30s, 5m, 12h or 7d`)
  return Number(number) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit] as number)
}

/** The first sentence of what parseArgs has to say. */
function strictly<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.split(/\. |\n/)[0] ?? '', { cause: error })
  }
}
