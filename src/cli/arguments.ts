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
import { allowSignedImages, type NitroReferenceValues, type PcrReferenceValues } from '../formats/nitro/index.ts'
import { openReferenceValues, type SignedReferenceValues } from '../reference/index.ts'
import { VerificationError } from '../errors.ts'
import { UsageError } from './failures.ts'
import type { OptionFormats } from './formats.ts'
import { readCertificates, readCorim, readJson, readValue } from './input.ts'

/** The options of a command, by name without `--`. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>

/** What was given, by name; absent when it was not. Lists only where the option may be repeated. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** What the command line asks a verifier of Nitro documents for, and where its reference values came from, if they are signed. */
export interface Policy {
  readonly options: NitroOptions
  readonly signed: SignedReferenceValues | undefined
}

/** PCR0 to PCR31, as options and as registers. */
const registers = Array.from({ length: 32 }, (_, i) => [`pcr${i}`, `PCR${i}`] as const)

/** What `veritee verify` takes for Nitro documents, or for whatever comes. */
export const verifyOptions: CommandOptions = {
  ...Object.fromEntries(registers.map(([option]) => [option, { type: 'string' } as const])),
  measurements: { type: 'string', multiple: true },
  reference: { type: 'string', multiple: true },
  ca: { type: 'string', multiple: true },
  threshold: { type: 'string' },
  product: { type: 'string' },
  'minimum-version': { type: 'string' },
  revoked: { type: 'string', multiple: true },
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
  'allow-signed-images': { type: 'boolean' },
  json: { type: 'boolean' },
}

/** Which of them say what other evidence does not have. */
export const nsmOptionFormats: OptionFormats = {
  ...Object.fromEntries(
    [
      ...registers.map(([option]) => option),
      ...[
        'reference',
        'ca',
        'threshold',
        'product',
        'minimum-version',
        'revoked',
        'nonce',
        'max-age',
        'skip-freshness',
        'user-data',
        'public-key',
      ],
    ].map((option) => [option, ['nitro', 'nitro-tpm']]),
  ),
  'allow-signed-images': ['nitro'],
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

/** What the verifiers of Nitro documents take. @throws UsageError, TypeError, VerificationError for reference values that are not authentic */
export async function policyOf(values: Values, format: 'nitro' | 'nitro-tpm'): Promise<Policy> {
  const { at, skew } = values
  const now =
    at === 'evidence' ? atEvidenceTime : typeof at === 'string' ? timeOf(at, '--at', '`evidence`, or ') : undefined
  const signed = await signedValuesOf(values, format, now === atEvidenceTime ? undefined : now)
  const options: NitroOptions = {
    referenceValues: signed?.referenceValues ?? (await referenceValuesOf(values)),
    freshness: await freshnessOf(values, now === atEvidenceTime),
    ...(await bindingsOf(values)),
    ...(values['root'] !== undefined && {
      trustAnchors: (await Promise.all(listOf(values, 'root').map(readCertificates))).flat(),
    }),
    ...(now !== undefined && { now }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
    ...(values['allow-debug'] === true && { debug: allowDebug }),
    ...(values['allow-signed-images'] === true && { signedImages: allowSignedImages }),
  }
  return { options, signed }
}

/** The library speaks of its options, people of what they typed. @param own names of options of one kind of evidence, by the library's */
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
  nonce: '--nonce',
  userData: '--user-data',
  publicKey: '--public-key',
  maxAgeSeconds: '--max-age',
  clockSkewSeconds: '--skew, in seconds,',
  trustAnchors: '--root',
}

/** `--reference`, and what goes with it; `undefined` when reference values are given otherwise. */
async function signedValuesOf(
  values: Values,
  environment: 'nitro' | 'nitro-tpm',
  now: Date | undefined,
): Promise<SignedReferenceValues | undefined> {
  const { ca, threshold, product, 'minimum-version': minimum, skew } = values
  const paths = listOf(values, 'reference')
  if (paths.length === 0) {
    const alone = ['ca', 'threshold', 'product', 'minimum-version', 'revoked'].find(
      (option) => values[option] !== undefined,
    )
    if (alone !== undefined)
      throw new UsageError(`--${alone} is about signed reference values: name them with --reference FILE`)
    return undefined
  }
  requireOneReference(values)
  if (ca === undefined)
    throw new UsageError('--reference needs --ca FILE: the certificate of the CA that you trust to sign it')
  if (typeof product !== 'string')
    throw new UsageError('--reference needs --product NAME: what must run there, as its signers call it')
  const counts = {
    ...(typeof threshold === 'string' && { threshold: versionOf(threshold, '--threshold') }),
    minimumVersion: typeof minimum === 'string' ? versionOf(minimum, '--minimum-version') : 0,
  }
  const files = await Promise.all(paths.map(readCorim))
  const options = {
    environment,
    product,
    ...counts,
    trustAnchors: (await Promise.all(listOf(values, 'ca').map(readCertificates))).flat(),
    revoked: await Promise.all(listOf(values, 'revoked').map((path) => readMeasurements(path))),
    ...(now !== undefined && { now }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
  }
  try {
    return await openReferenceValues(files, options)
  } catch (error) {
    throw inWordsOfReferences(error, paths)
  }
}

/** The library speaks of its options and of files by their number; people know what they typed. */
function inWordsOfReferences(error: unknown, paths: readonly string[]): unknown {
  const words: Readonly<Record<string, string>> = { files: '--reference', trustAnchors: '--ca', revoked: '--revoked' }
  if (error instanceof TypeError) {
    const message = error.message.replace(/^(\w+)(?:\[\d+\])?/, (_whole, name: string) => words[name] ?? `--${name}`)
    return new UsageError(message.replace('in trustAnchors', 'in --ca'), { cause: error })
  }
  if (!(error instanceof VerificationError)) return error
  const message = error.message.replace(/files\[(\d+)\]/g, (whole, i: string) => paths[Number(i)] ?? whole)
  return new VerificationError(error.code, message, undefined, undefined, { cause: error })
}

async function referenceValuesOf(values: Values): Promise<NitroOptions['referenceValues']> {
  requireOneReference(values)
  const own = registers.filter(([option]) => values[option] !== undefined)
  const files = listOf(values, 'measurements')
  if (values['skip-reference-values'] === true) return skipReferenceValues
  if (files.length > 0) return Promise.all(files.map((path) => readMeasurements(path)))
  const given = Object.fromEntries(own.map(([option, register]) => [register, values[option]])) as PcrReferenceValues
  return { ...given, name: 'command line' }
}

function requireOneReference(values: Values): void {
  requireOne(
    [
      registers.some(([option]) => values[option] !== undefined),
      values['measurements'] !== undefined,
      values['reference'] !== undefined,
      values['skip-reference-values'] === true,
    ],
    'say what must run there: --pcr0 HEX (and other registers), --measurements FILE, --reference FILE, or --skip-reference-values',
  )
}

/** `nitro-cli describe-eif` says more than measurements: the rest is for people. Called `name`, else as the file calls itself, else after the file. */
export async function readMeasurements(path: string, name?: string): Promise<NitroReferenceValues> {
  const { Measurements, name: own, ...rest } = await readJson(path)
  const called = name ?? (typeof own === 'string' && own !== '' ? own : path)
  return { ...(Measurements === undefined ? rest : { Measurements }), name: called }
}

async function freshnessOf(values: Values, isArchive: boolean): Promise<CommonOptions['freshness']> {
  const { nonce, 'max-age': maxAge, 'skip-freshness': skip } = values
  requireOne(
    [nonce !== undefined || maxAge !== undefined, skip === true],
    'say how fresh it must be: --nonce HEX, --max-age 5m (or both), or --skip-freshness',
  )
  if (typeof maxAge === 'string' && isArchive)
    throw new UsageError('evidence has no age at its own time: with --at evidence, use --nonce or --skip-freshness')
  const age = typeof maxAge === 'string' ? { maxAgeSeconds: secondsOf(maxAge, '--max-age') } : undefined
  if (typeof nonce === 'string') return { nonce: await readValue(nonce, '--nonce'), ...age }
  return age ?? skipFreshness
}

async function bindingsOf(values: Values): Promise<Pick<NitroOptions, 'userData' | 'publicKey'>> {
  const { 'user-data': userData, 'public-key': publicKey } = values
  return {
    ...(typeof userData === 'string' && { userData: await readValue(userData, '--user-data') }),
    ...(typeof publicKey === 'string' && { publicKey: await readValue(publicKey, '--public-key') }),
  }
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
  // Without a zone, or as a bare number, a date would mean something else on every machine; and JavaScript takes 30 February for 2 March.
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
