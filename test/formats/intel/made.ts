/**
 * Made evidence for the tests of TDX and SGX: a quote, endorsements, and the options that accept
 * both, save for what a test changes.
 */
import type { Signer } from '../../attester/certificate.ts'
import {
  createIntelAttester,
  type EndorsementOverrides,
  type IntelAttester,
  type IntelAttesterOptions,
  measurements,
  type QuoteOverrides,
  reportData,
} from '../../attester/intel.ts'
import { type SgxOptions, type SgxResult, verifySgx } from '../../../src/formats/intel/sgx/index.ts'
import { type TdxOptions, type TdxResult, verifyTdx } from '../../../src/formats/intel/tdx/index.ts'

/** When everything in these tests happens, unless a test says otherwise. */
export const now = new Date('2026-06-01T12:00:00Z')
export const second = 1000
export const day = 86_400_000

// Making keys and certificates is what costs time; which ones they are decides nothing.
const keys = new Map<string, Signer>()
const sound = await createIntelAttester({ now, keys })
export const attester: IntelAttester = sound

/** What a test changes. */
export interface Change {
  readonly attester?: Omit<IntelAttesterOptions, 'now'> & { readonly now?: Date }
  readonly quote?: QuoteOverrides
  readonly endorsements?: EndorsementOverrides
  /** Replaces items of the finished endorsements; `undefined` leaves one out. */
  readonly items?: Readonly<Record<string, unknown>>
  readonly options?: Readonly<Record<string, unknown>>
}

export const tdReferenceValues = {
  mrTd: measurements.mrTd,
  rtmr0: measurements.rtmr0,
  rtmr1: measurements.rtmr1,
  rtmr2: measurements.rtmr2,
}
export const sgxReferenceValues = { mrEnclave: measurements.mrEnclave }

export async function makeTdx(
  change: Change = {},
): Promise<{ evidence: Uint8Array<ArrayBuffer>; options: TdxOptions }> {
  const { evidence, options } = await make('tdx', change)
  return { evidence, options: { referenceValues: tdReferenceValues, ...options } as unknown as TdxOptions }
}

export async function makeSgx(
  change: Change = {},
): Promise<{ evidence: Uint8Array<ArrayBuffer>; options: SgxOptions }> {
  const { evidence, options } = await make('sgx', change)
  return { evidence, options: { referenceValues: sgxReferenceValues, ...options } as unknown as SgxOptions }
}

async function make(
  tee: 'tdx' | 'sgx',
  change: Change,
): Promise<{ evidence: Uint8Array<ArrayBuffer>; options: Record<string, unknown> }> {
  const intel = change.attester === undefined ? sound : await createIntelAttester({ now, keys, ...change.attester })
  const endorsements = { ...(await intel.endorsements({ tee, ...change.endorsements })), ...change.items }
  return {
    evidence: await intel.quote({ tee, ...change.quote }),
    options: { endorsements, reportData, trustAnchors: [intel.root], now, ...change.options },
  }
}

export async function tdx(change: Change = {}): Promise<TdxResult> {
  const { evidence, options } = await makeTdx(change)
  return verifyTdx(evidence, options)
}

export async function sgx(change: Change = {}): Promise<SgxResult> {
  const { evidence, options } = await makeSgx(change)
  return verifySgx(evidence, options)
}

/** A copy without one member. */
export function without(from: object, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
}
