/**
 * AMD's reports in every runtime: fixtures and vectors through their verifier, those inside Azure's
 * wrapping with their quotes, hostile bytes, and launch measurements.
 */
import { type ExpectedSnp, snpOptionsOf } from '../../fixtures/expected-snp.ts'
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  type AzureSevSnpOptions,
  type SevSnpEndorsements,
  type SevSnpOptions,
  skipReferenceValues,
  skipReportData,
  skipRevocation,
  skipVtpm,
  verifyAzureSevSnp,
  verifySevSnp,
} from '../../src/formats/sev-snp.ts'
import { verifyEvidence } from '../../src/index.ts'
import { measureSnp, type MeasureSnpOptions } from '../../src/reference/index.ts'
import type { Row } from './model.ts'
import { rowOf } from './rows.ts'

/** A question in the words of the vectors: symbols are words, bytes hexadecimal. */
export interface VectorQuestion {
  readonly at: string
  readonly options: Readonly<Record<string, unknown>>
}

export interface ReportCase {
  readonly name: string
  /** `root` is `verifyEvidence` with options for the format. */
  readonly entry: 'sev-snp' | 'azure' | 'root'
  /** Keys of the corpus' bytes: the report, or what it is wrapped in. */
  readonly evidence: string
  readonly quote?: { readonly message: string; readonly signature: string; readonly pcrs?: readonly string[] }
  /** Left out: the roots that the library pins. */
  readonly trustAnchors?: readonly string[]
  readonly endorsements: SevSnpEndorsements
  readonly question: Omit<ExpectedSnp, 'verdict' | 'description'> | VectorQuestion
  readonly verdicts: readonly string[]
}

export interface MeasureCase {
  readonly name: string
  /** Keys of the corpus' bytes. */
  readonly firmware: string
  readonly kernel?: string
  readonly initrd?: string
  readonly options: MeasureSnpOptions
  /** The measurement, or the reason codes that are right. */
  readonly measurement?: string
  readonly verdicts: readonly string[]
}

export interface ReportCorpus {
  readonly cases: readonly ReportCase[]
  /** Names of cases that are valid: what hostile inputs are made of. */
  readonly subjects: readonly string[]
  readonly measured: readonly MeasureCase[]
}

type BytesOf = (name: string) => Uint8Array

export async function reportRows(
  { cases, subjects, measured }: ReportCorpus,
  bytesOf: BytesOf,
): Promise<{ readonly rows: Row[]; readonly hostile: Row[] }> {
  const rows: Row[] = []
  for (const entry of cases)
    rows.push(await rowOf(entry.name, () => verifyThrough(entry, bytesOf(entry.evidence), bytesOf)))
  for (const { name, firmware, kernel, initrd, options } of measured) {
    const images = {
      ...(kernel !== undefined && { kernel: bytesOf(kernel) }),
      ...(initrd !== undefined && { initrd: bytesOf(initrd) }),
    }
    // Rows want the checks of a verification; measuring has none.
    rows.push(
      await rowOf(name, async () => ({
        checks: [],
        ...(await measureSnp(bytesOf(firmware), { ...options, ...images })),
      })),
    )
  }
  const hostile: Row[] = []
  for (const entry of cases.filter(({ name }) => subjects.includes(name)))
    for (const [what, bytes] of hostileReports(bytesOf(entry.evidence)))
      hostile.push(await rowOf(`${entry.name}: ${what}`, () => verifyThrough(entry, bytes, bytesOf)))
  return { rows, hostile }
}

function verifyThrough(entry: ReportCase, evidence: Uint8Array, bytesOf: BytesOf): Promise<unknown> {
  const options = optionsOf(entry, bytesOf)
  if (entry.entry === 'root') return verifyEvidence(evidence, { 'sev-snp': options })
  if (entry.entry === 'sev-snp') return verifySevSnp(evidence, options)
  const { quote } = entry
  const own = quote && {
    message: bytesOf(quote.message),
    signature: bytesOf(quote.signature),
    ...(quote.pcrs && { pcrs: quote.pcrs.map(unhex) }),
  }
  return verifyAzureSevSnp(
    { hclReport: evidence, ...(own && { quote: own }) },
    options as unknown as AzureSevSnpOptions,
  )
}

function optionsOf({ question, endorsements, trustAnchors }: ReportCase, bytesOf: BytesOf): SevSnpOptions {
  const roots = trustAnchors && { trustAnchors: trustAnchors.map(bytesOf) }
  if (!('at' in question)) {
    const expected: ExpectedSnp = { ...question, description: '', verdict: 'valid' }
    return { ...snpOptionsOf(expected, endorsements), ...roots }
  }
  const own = Object.entries(question.options).map(([name, value]) => [name, optionOf(name, value)])
  return {
    ...(Object.fromEntries(own) as Omit<SevSnpOptions, 'endorsements'>),
    endorsements,
    now: new Date(question.at),
    ...roots,
  }
}

const symbols: Readonly<Record<string, symbol>> = {
  debug: allowDebug,
  migration: allowMigration,
  provisionalFirmware: allowProvisionalFirmware,
  unknownBits: allowUnknownBits,
  revocation: skipRevocation,
}

/** An option of the manifest as the verifiers take it. */
function optionOf(name: string, value: unknown): unknown {
  const symbol = symbols[name]
  if (symbol !== undefined) return symbol
  if (value === 'skip')
    return { referenceValues: skipReferenceValues, reportData: skipReportData, vtpm: skipVtpm }[name]
  switch (name) {
    case 'referenceValues':
      return (value as object[]).map(withAny)
    case 'reportData':
      return unhex(value as string)
    case 'guestPolicy':
    case 'platformInfo':
      return withAny(value as object)
    case 'minimumMitigations':
      return Object.fromEntries(
        Object.entries(value as Record<string, string>).map(([bits, text]) => [bits, BigInt(text)]),
      )
    case 'vtpm': {
      const { nonce, ...others } = value as { readonly nonce: string }
      return { ...others, nonce: unhex(nonce) }
    }
    default:
      return value
  }
}

function withAny(values: object): object {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === 'any' ? anyValue : (value as unknown)]),
  )
}

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16))
}

/** None of these may verify: cut, with a bit changed anywhere, or too long. */
function* hostileReports(evidence: Uint8Array): Generator<readonly [what: string, bytes: Uint8Array]> {
  for (let at = 0; at < evidence.length; at += 37) yield [`cut at ${at}`, evidence.slice(0, at)]
  for (let at = 0; at < evidence.length; at += 7) {
    const bytes = evidence.slice()
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
    yield [`bit ${at % 8} of byte ${at} flipped`, bytes]
  }
  for (const size of [1185, 1207, 70_000]) {
    const longer = new Uint8Array(size)
    longer.set(evidence)
    yield [`zeros up to ${size} bytes`, longer]
  }
  yield ['nothing', new Uint8Array()]
}
