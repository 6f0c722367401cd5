/**
 * From the command line to the options of the verifiers of Nitro documents.
 */
import {
  allowDebug,
  atEvidenceTime,
  type CommonOptions,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
} from '../../../index.ts'
import { VerificationError } from '../../../core/errors.ts'
import {
  allowSignedImages,
  type NitroReferenceValues,
  type PcrReferenceValues,
} from '../../../formats/aws/nitro/index.ts'
import { openReferenceValues, type SignedReferenceValues } from '../../../reference/index.ts'
import { type CommandOptions, listOf, requireOne, secondsOf, timeOf, type Values, versionOf } from '../../arguments.ts'
import { UsageError } from '../../failures.ts'
import { readCertificates, readCorim, readJson, readValue } from '../../input.ts'
import type { OptionFormats } from '../family.ts'

/**
 * What the command line asks a verifier of Nitro documents for, and where its reference values came
 * from, if they are signed.
 */
export interface Policy {
  readonly options: NitroOptions
  readonly signed: SignedReferenceValues | undefined
}

/** PCR0 to PCR31, as options and as registers. */
const registers = Array.from({ length: 32 }, (_, i) => [`pcr${i}`, `PCR${i}`] as const)

/** What `veritee verify` takes for Nitro documents. */
export const nsmOptions: CommandOptions = {
  ...Object.fromEntries(registers.map(([option]) => [option, { type: 'string' } as const])),
  reference: { type: 'string', multiple: true },
  ca: { type: 'string', multiple: true },
  threshold: { type: 'string' },
  product: { type: 'string' },
  'minimum-version': { type: 'string' },
  revoked: { type: 'string', multiple: true },
  nonce: { type: 'string' },
  'max-age': { type: 'string' },
  'skip-freshness': { type: 'boolean' },
  'user-data': { type: 'string' },
  'public-key': { type: 'string' },
  'allow-signed-images': { type: 'boolean' },
}

/** All of them say what other evidence does not have. */
export const nsmOptionFormats: OptionFormats = {
  ...Object.fromEntries(Object.keys(nsmOptions).map((option) => [option, ['nitro', 'nitro-tpm']])),
  'allow-signed-images': ['nitro'],
}

/** The library's names of options in the words of the command. */
export const spokenOfDocuments: Readonly<Record<string, string>> = {
  nonce: '--nonce',
  userData: '--user-data',
  publicKey: '--public-key',
  maxAgeSeconds: '--max-age',
}

/**
 * What the verifiers of Nitro documents take. @throws UsageError, TypeError, VerificationError for
 * reference values that are not authentic
 */
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
  return new VerificationError(error.code, message, { cause: error })
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

/**
 * `nitro-cli describe-eif` says more than measurements: the rest is for people. Called `name`, else
 * as the file calls itself, else after the file.
 */
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
