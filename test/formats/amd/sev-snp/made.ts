/**
 * Made evidence for the tests of SEV-SNP: a report, endorsements, and the options that accept both,
 * save for what a test changes.
 */
import { readFileSync } from 'node:fs'
import {
  type AmdAttester,
  type AmdKeys,
  type AmdOptions,
  createAmdAttester,
  guest,
  readAmdKeys,
  type ReportOverrides,
  type StoredAmdKeys,
} from '../../../attester/amd.ts'
import { type SevSnpOptions, type SevSnpResult, verifySevSnp } from '../../../../src/formats/sev-snp.ts'

export { refusalOf } from '../../../support/refusal.ts'

/** When everything in these tests happens, unless a test says otherwise. */
export const now = new Date('2026-06-01T12:00:00Z')
export const day = 86_400_000

const stored = JSON.parse(
  readFileSync(new URL('../../../../fixtures/sev-snp/pki.json', import.meta.url), 'utf8'),
) as Readonly<Record<'fixture' | 'other', StoredAmdKeys>>

// Making RSA keys costs seconds; which ones they are decides nothing.
export const keys: AmdKeys = await readAmdKeys(stored.fixture)
/** Those of another AMD. */
export const otherKeys: AmdKeys = await readAmdKeys(stored.other)

const attesters = new Map<string, Promise<AmdAttester>>()

/** The sound attester of a product and a kind of key; made once. */
export function soundAttester(options: Pick<AmdOptions, 'product' | 'kind'> = {}): Promise<AmdAttester> {
  const name = `${options.product ?? 'Genoa'} ${options.kind ?? 'VCEK'}`
  const known = attesters.get(name) ?? createAmdAttester({ now, keys, ...options })
  attesters.set(name, known)
  return known
}

/** A copy without some members. */
export function without<T extends object, K extends keyof T>(from: T, ...names: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.some((one) => one === name))) as Omit<T, K>
}

/** What a test changes. */
export interface Change {
  readonly amd?: Partial<AmdOptions>
  readonly report?: ReportOverrides
  /** Stands behind the report: a certificate table. */
  readonly table?: Uint8Array
  /** Replaces items of the finished endorsements; `undefined` leaves one out. */
  readonly items?: Readonly<Record<string, unknown>>
  readonly options?: Readonly<Record<string, unknown>>
}

export const referenceValues = { name: 'release', measurement: guest.measurement } as const

export interface Made {
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly options: SevSnpOptions
  readonly amd: AmdAttester
}

export async function makeSnp(change: Change = {}): Promise<Made> {
  const { product, kind, ...others } = change.amd ?? {}
  const plain = { ...(product && { product }), ...(kind && { kind }) }
  const amd =
    Object.keys(others).length === 0
      ? await soundAttester(plain)
      : await createAmdAttester({ now, keys, ...plain, ...others })
  const report = await amd.report(change.report)
  const table = change.table ?? new Uint8Array()
  const evidence = new Uint8Array(report.length + table.length)
  evidence.set(report)
  evidence.set(table, report.length)
  const given = { ...amd.endorsements, ...change.items }
  const options = {
    endorsements: Object.fromEntries(
      Object.entries(given).filter(([, value]: [string, unknown]) => value !== undefined),
    ),
    referenceValues,
    reportData: guest.reportData,
    trustAnchors: [amd.ark],
    now,
    ...(product === 'Milan' && { products: ['Milan'] }),
    ...change.options,
  } as unknown as SevSnpOptions
  return { evidence, options, amd }
}

export async function snp(change: Change = {}): Promise<SevSnpResult> {
  const { evidence, options } = await makeSnp(change)
  return verifySevSnp(evidence, options)
}
