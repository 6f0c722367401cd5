/**
 * From the command line to the options of the library. Whatever is not plain is refused: an option given twice, a number without its unit, a
 * time without its zone.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import {
  allowDebug,
  atEvidenceTime,
  type CommonOptions,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
} from '../index.ts'
import type { NitroReferenceValues, PcrReferenceValues } from '../formats/nitro/index.ts'
import { UsageError } from './failures.ts'
import { readCertificates, readJson, readValue } from './input.ts'

/** The options of a command, by name without `--`. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>

/** What was given, by name; absent when it was not. Lists only where the option may be repeated. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** PCR0 to PCR31, as options and as registers. */
const registers = Array.from({ length: 32 }, (_, i) => [`pcr${i}`, `PCR${i}`] as const)

/** What `veritee verify` takes. */
export const verifyOptions: CommandOptions = {
  ...Object.fromEntries(registers.map(([option]) => [option, { type: 'string' } as const])),
  measurements: { type: 'string', multiple: true },
  'skip-reference-values': { type: 'boolean' },
  nonce: { type: 'string' },
  'max-age': { type: 'string' },
  'skip-freshness': { type: 'boolean' },
  'user-data': { type: 'string' },
  'public-key': { type: 'string' },
  format: { type: 'string' },
  root: { type: 'string', multiple: true },
  at: { type: 'string' },
  skew: { type: 'string' },
  'allow-debug': { type: 'boolean' },
  json: { type: 'boolean' },
}

/** One file, or `-`, and options. @throws UsageError */
export function parse(command: string, args: string[], options: CommandOptions): { path: string; values: Values } {
  const { values, positionals, tokens } = strictly(() =>
    parseArgs({ args, options, allowPositionals: true, tokens: true }),
  )
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0)
    throw new UsageError(`${command} takes one file, or - for standard input, not ${positionals.length}`)
  const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []))
  // The last one would win, and an expectation be lost without a word.
  const repeated = names.find((name, i) => names.indexOf(name) !== i && options[name]?.multiple !== true)
  if (repeated !== undefined) throw new UsageError(`--${repeated} is given more than once`)
  return { path, values }
}

/** What every verifier of this command takes. @throws UsageError, TypeError */
export async function policyOf(values: Values): Promise<NitroOptions> {
  const { at, skew } = values
  const now = typeof at === 'string' ? timeOf(at) : undefined
  return {
    referenceValues: await referenceValuesOf(values),
    freshness: await freshnessOf(values, now === atEvidenceTime),
    ...(await bindingsOf(values)),
    ...(values['root'] !== undefined && {
      trustAnchors: (await Promise.all(listOf(values, 'root').map(readCertificates))).flat(),
    }),
    ...(now !== undefined && { now }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
    ...(values['allow-debug'] === true && { debug: allowDebug }),
  }
}

/** The library speaks of its options, people of what they typed. */
export function inWordsOfTheCommand(error: TypeError, values: Values): UsageError {
  const files = listOf(values, 'measurements')
  const message = error.message
    .replace(/^referenceValues\[(\d+)\](?:\.(\w+))?/, (_whole, index: string, name: string | undefined) => {
      const file = files[Number(index)]
      if (file === undefined) return name === undefined ? 'the registers' : `--${name.toLowerCase()}`
      return name === undefined ? file : `${file}: ${name}`
    })
    .replace('must be registers other than zero', 'must name a register, and none that is all zero, as in debug mode')
    .replace(
      /^(?:nonce|userData|publicKey|maxAgeSeconds|clockSkewSeconds|trustAnchors)\b/,
      (name) => spoken[name] ?? name,
    )
  return new UsageError(message, { cause: error })
}

const spoken: Readonly<Record<string, string>> = {
  nonce: '--nonce',
  userData: '--user-data',
  publicKey: '--public-key',
  maxAgeSeconds: '--max-age',
  clockSkewSeconds: '--skew, in seconds,',
  trustAnchors: '--root',
}

async function referenceValuesOf(values: Values): Promise<NitroOptions['referenceValues']> {
  const own = registers.filter(([option]) => values[option] !== undefined)
  const files = listOf(values, 'measurements')
  requireOne(
    [own.length > 0, files.length > 0, values['skip-reference-values'] === true],
    'say what must run there: --pcr0 HEX (and other registers), --measurements FILE, or --skip-reference-values',
  )
  if (values['skip-reference-values'] === true) return skipReferenceValues
  if (files.length > 0) return Promise.all(files.map(readMeasurements))
  const given = Object.fromEntries(own.map(([option, register]) => [register, values[option]])) as PcrReferenceValues
  return { ...given, name: 'command line' }
}

/** `nitro-cli describe-eif` says more than measurements: the rest is for people. */
async function readMeasurements(path: string): Promise<NitroReferenceValues> {
  const { Measurements, ...rest } = await readJson(path)
  return { ...(Measurements === undefined ? rest : { Measurements }), name: path }
}

async function freshnessOf(values: Values, isArchive: boolean): Promise<CommonOptions['freshness']> {
  const { nonce, 'max-age': maxAge, 'skip-freshness': skip } = values
  requireOne(
    [nonce !== undefined, maxAge !== undefined, skip === true],
    'say how fresh it must be: --nonce HEX, --max-age 5m or --skip-freshness',
  )
  if (typeof nonce === 'string') return { nonce: await readValue(nonce, '--nonce') }
  if (typeof maxAge !== 'string') return skipFreshness
  if (isArchive)
    throw new UsageError('evidence has no age at its own time: with --at evidence, use --nonce or --skip-freshness')
  return { maxAgeSeconds: secondsOf(maxAge, '--max-age') }
}

async function bindingsOf(values: Values): Promise<Pick<NitroOptions, 'userData' | 'publicKey'>> {
  const { 'user-data': userData, 'public-key': publicKey } = values
  return {
    ...(typeof userData === 'string' && { userData: await readValue(userData, '--user-data') }),
    ...(typeof publicKey === 'string' && { publicKey: await readValue(publicKey, '--public-key') }),
  }
}

function requireOne(given: readonly boolean[], demand: string): void {
  const count = given.filter(Boolean).length
  if (count !== 1) throw new UsageError(`${demand}; ${count === 0 ? 'one of them is required' : 'only one of them'}`)
}

function listOf(values: Values, option: string): string[] {
  return (values[option] ?? []) as string[]
}

function timeOf(at: string): Date | typeof atEvidenceTime {
  if (at === 'evidence') return atEvidenceTime
  // Without a zone, or as a bare number, a date would mean something else on every machine; and JavaScript takes 30 February for 2 March.
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.exec(at) ?? []
  const time = new Date(at).getTime()
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  if (Number.isNaN(time) || !isDay)
    throw new UsageError('--at must be `evidence`, or a time with its zone like 2026-06-01T12:00:00Z')
  return new Date(time)
}

function secondsOf(text: string, option: string): number {
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
