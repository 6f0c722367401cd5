/**
 * The shared vectors of SEV-SNP, opened: their cases, and the options that a case stands for.
 */
import * as snp from '../../../../src/formats/sev-snp.ts'
import { findVectors } from '../../../support/vectors.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface Expected {
  readonly verdict?: 'accept' | 'reject' | 'either'
  readonly stage?: 'verify' | 'appraise'
  readonly codes?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
}

export interface Case {
  readonly id: string
  readonly evidence: string
  readonly endorsements: Readonly<Partial<Record<'vek' | 'intermediate' | 'ark' | 'crl', string>>>
  readonly trustAnchors: 'amd' | readonly string[]
  readonly at: string
  readonly options: Readonly<Record<string, unknown>>
  readonly expect: Expected
}

export interface AzureCase extends Case {
  readonly hcl: string
  readonly quote?: { readonly message: string; readonly signature: string; readonly pcrs?: readonly string[] }
}

export interface KdsCase {
  readonly id: string
  readonly evidence: string
  readonly product?: snp.SnpProduct
  readonly answers: Readonly<Record<string, false | { chain?: readonly string[]; file?: string; status?: number }>>
  readonly expect: Expected & {
    readonly vek?: string | null
    readonly crl?: string
    readonly chain?: readonly string[]
  }
}

export const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
export const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${base64(bytes).replace(/(.{64})(?!$)/g, '$1\n')}\n-----END CERTIFICATE-----\n`

const symbols: Readonly<Record<string, symbol>> = {
  debug: snp.allowDebug,
  migration: snp.allowMigration,
  provisionalFirmware: snp.allowProvisionalFirmware,
  unknownBits: snp.allowUnknownBits,
  revocation: snp.skipRevocation,
}
const withAny = (values: object): object =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === 'any' ? snp.anyValue : (value as unknown)]),
  )

/** An option of the manifest as the verifiers take it. */
function optionOf(name: string, value: unknown): unknown {
  const symbol = symbols[name]
  if (symbol !== undefined) return symbol
  if (name === 'referenceValues') return value === 'skip' ? snp.skipReferenceValues : (value as object[]).map(withAny)
  if (name === 'reportData') return value === 'skip' ? snp.skipReportData : hex(value as string)
  if (name === 'guestPolicy' || name === 'platformInfo') return withAny(value as object)
  if (name === 'minimumMitigations')
    return Object.fromEntries(
      Object.entries(value as Record<string, string>).map(([bits, text]) => [bits, BigInt(text)]),
    )
  if (name !== 'vtpm') return value
  if (value === 'skip') return snp.skipVtpm
  const { nonce, ...others } = value as { readonly nonce: string }
  return { ...others, nonce: hex(nonce) }
}

/** The vectors, opened. */
export interface SnpVectors {
  readonly read: (file: string) => Bytes
  readonly cases: readonly Case[]
  readonly azure: readonly AzureCase[]
  readonly kds: readonly KdsCase[]
  readonly optionsOf: (entry: Case) => Record<string, unknown>
}

/** @returns the vectors, or the line that says why their tests are skipped */
export function openSnpVectors(): SnpVectors | string {
  const vectors = findVectors('sev-snp')
  if (!vectors.found) return vectors.skipLine
  const { read } = vectors
  const { cases, azure, kds } = vectors.manifest as Pick<SnpVectors, 'cases' | 'azure' | 'kds'>
  const optionsOf = ({ endorsements, options, at, trustAnchors }: Case): Record<string, unknown> => {
    const { vek, intermediate, ark, crl } = endorsements
    const chain = [intermediate, ark].filter((file) => file !== undefined).map((file) => pem(read(file)))
    return {
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, optionOf(name, value)])),
      endorsements: {
        ...(vek !== undefined && { vek: base64(read(vek)) }),
        certificateChain: chain.join(''),
        ...(crl !== undefined && { crl: base64(read(crl)) }),
      },
      now: new Date(at),
      ...(trustAnchors !== 'amd' && { trustAnchors: trustAnchors.map(read) }),
    }
  }

  return { read, cases, azure, kds, optionsOf }
}
