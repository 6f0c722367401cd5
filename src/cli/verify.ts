/**
 * `veritee verify`: from the command line to a verifier, and its verdict as a checklist or as JSON.
 */
import { parseArgs } from 'node:util'
import { AppraisalError, AttestationError } from '../errors.ts'
import {
  allowDebug,
  atEvidenceTime,
  type Check,
  detectFormat,
  type EvidenceResult,
  type NitroOptions,
  skipFreshness,
  skipReferenceValues,
  verifyEvidence,
} from '../index.ts'
import type { PcrReferenceValues } from '../formats/nitro/index.ts'
import { readCertificates, readEvidence, readJson, readValue } from './input.ts'
import { printChecklist, toJson } from './report.ts'
import { UsageError } from './usage-error.ts'

const registers = Array.from({ length: 32 }, (_, i) => `pcr${i}`)

const options = {
  ...Object.fromEntries(registers.map((register) => [register, { type: 'string' } as const])),
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
} as const

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** @returns 0, 2 or 3 @throws UsageError, TypeError */
export async function verify(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) throw new UsageError('verify takes one file, or - for standard input')
  const checks: Check[] = []
  const common: NitroOptions = {
    referenceValues: referenceValuesOf(values),
    freshness: freshnessOf(values),
    ...bindingsOf(values),
    ...(values.root && { trustAnchors: values.root.flatMap(readCertificates) }),
    ...(values.at !== undefined && { now: timeOf(values.at) }),
    ...(values.skew !== undefined && { clockSkewSeconds: secondsOf(values.skew, '--skew') }),
    trace: (check) => checks.push(check),
  }
  const evidence = await readEvidence(path)
  const format = formatOf(values.format, evidence)
  const verdict = await verifyEvidence(
    evidence,
    format === 'nitro-tpm'
      ? { 'nitro-tpm': common as never }
      : { nitro: { ...common, ...(values['allow-debug'] && { debug: allowDebug }) } },
  ).catch((error: unknown) => {
    if (error instanceof AttestationError) return error
    throw error
  })
  const json = values.json === true
  console.log(json ? toJson(verdict) : printChecklist(verdict, checks))
  return exitCodeOf(verdict)
}

function exitCodeOf(verdict: EvidenceResult | AttestationError): number {
  if (!(verdict instanceof AttestationError)) return 0
  return verdict instanceof AppraisalError ? 3 : 2
}

/** Evidence of no known format goes to the verifier, which says what is wrong with it. */
function formatOf(wanted: string | undefined, evidence: Uint8Array): string {
  if (wanted === undefined || wanted === 'auto') return detectFormat(evidence) ?? 'nitro'
  if (wanted !== 'nitro' && wanted !== 'nitro-tpm') throw new UsageError('--format must be nitro, nitro-tpm or auto')
  return wanted
}

function referenceValuesOf(values: Values): NitroOptions['referenceValues'] {
  const own = Object.fromEntries(
    registers.flatMap((register) =>
      values[register] === undefined ? [] : [[register.toUpperCase(), values[register]]],
    ),
  )
  const files = (values['measurements'] ?? []) as string[]
  const given = [Object.keys(own).length > 0, files.length > 0, values['skip-reference-values'] === true].filter(
    Boolean,
  ).length
  if (given !== 1) {
    throw new UsageError(
      'say what must run there: --pcr0 HEX (and other registers), --measurements FILE, or --skip-reference-values; one of them',
    )
  }
  if (files.length > 0) return files.map((file) => ({ name: file, ...(readJson(file) as object) }))
  return values['skip-reference-values'] === true ? skipReferenceValues : (own as PcrReferenceValues)
}

function freshnessOf(values: Values): NitroOptions['freshness'] {
  const { nonce, 'max-age': maxAge, 'skip-freshness': skip } = values
  if ([nonce, maxAge, skip].filter((value) => value !== undefined).length !== 1) {
    throw new UsageError('say how fresh it must be: --nonce HEX, --max-age 5m or --skip-freshness; one of them')
  }
  if (typeof nonce === 'string') return { nonce: readValue(nonce, '--nonce') }
  return typeof maxAge === 'string' ? { maxAgeSeconds: secondsOf(maxAge, '--max-age') } : skipFreshness
}

function bindingsOf(values: Values): Pick<NitroOptions, 'userData' | 'publicKey'> {
  const { 'user-data': userData, 'public-key': publicKey } = values
  return {
    ...(typeof userData === 'string' && { userData: readValue(userData, '--user-data') }),
    ...(typeof publicKey === 'string' && { publicKey: readValue(publicKey, '--public-key') }),
  }
}

function timeOf(at: string): Date | typeof atEvidenceTime {
  if (at === 'evidence') return atEvidenceTime
  // Without a zone, or as a bare number, a date would mean something else on every machine.
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(at) ? new Date(at) : new Date(NaN)
  if (Number.isNaN(time.getTime()))
    throw new UsageError('--at must be `evidence`, or a time with its zone like 2026-06-01T12:00:00Z')
  return time
}

function secondsOf(text: string, option: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(text) ?? []
  if (number === undefined) throw new UsageError(`${option} must be a number with s, m, h or d, like 5m`)
  return Number(number) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit] as number)
}
