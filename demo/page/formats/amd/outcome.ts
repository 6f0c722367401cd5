/**
 * One verification of a report.
 */
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  decodeSevSnpEvidence,
  type SevSnpClaims,
  type SevSnpEvidence,
  type SevSnpOptions,
  type SevSnpResult,
  skipReferenceValues,
  skipReportData,
  verifySevSnp,
} from '../../../../src/formats/amd/sev-snp/index.ts'
import { AttestationError } from '../../../../src/index.ts'
import type { Bytes } from '../../bytes.ts'
import { rootFile } from '../../code.ts'
import { loadBytes, type Means, type Outcome, settled, verified } from '../../outcome.ts'
import { reportOptionsOf, type ReportPolicy } from './policy.ts'

export interface ReportOutcome extends Outcome<ReportPolicy, SevSnpEvidence, SevSnpResult> {
  /** What the report says, of authentic ones only. */
  readonly claims: SevSnpClaims | undefined
  /** The trusted roots, by the names of their files; empty for the pinned ones. */
  readonly roots: readonly (readonly [name: string, der: Bytes])[]
}

/** @throws TypeError when the policy is none that the library accepts */
export async function reportOutcomeOf(
  bytes: Bytes,
  policy: ReportPolicy,
  { clock, load }: Means,
): Promise<ReportOutcome> {
  const now = policy.at === 'clock' ? clock : policy.at
  const roots = await rootsOf(policy, load)
  const options = reportOptionsOf(
    policy,
    now,
    roots.map(([, der]) => der),
  )
  const outcome = await verified(bytes, { decode: decodeSevSnpEvidence, verify: verifySevSnp, options })
  const { result, isAuthentic } = outcome
  return {
    ...outcome,
    policy,
    roots,
    now,
    claims: result?.claims ?? (isAuthentic ? await claimsOf(bytes, options) : undefined),
  }
}

const products = ['milan', 'genoa', 'turin'] as const

/** Each line of processors has a fixture root of its own. */
async function rootsOf({ root }: ReportPolicy, load: Means['load']): Promise<ReportOutcome['roots']> {
  if (root === 'pinned') return []
  if (root !== 'fixture') return [[rootFile, root]]
  return Promise.all(
    products.map(async (product) => {
      const name = `ark-${product}.der`
      return [name, await loadBytes(`samples/${name}`, load)] as const
    }),
  )
}

/**
 * A refusal has no claims. What is left of the question, when nothing is expected, is what the
 * report says: for showing it, and nothing else.
 */
async function claimsOf(bytes: Bytes, options: SevSnpOptions): Promise<SevSnpClaims | undefined> {
  const verdict = await settled(
    verifySevSnp(bytes, {
      ...options,
      minimumTcb: (['Milan', 'Genoa', 'Turin'] as const).map((product) => ({ product, snp: 0 })),
      referenceValues: skipReferenceValues,
      reportData: skipReportData,
      products: ['Milan', 'Genoa', 'Turin'],
      debug: allowDebug,
      migration: allowMigration,
      provisionalFirmware: allowProvisionalFirmware,
      unknownBits: allowUnknownBits,
      guestPolicy: { cxlAllowed: anyValue },
      platformInfo: { aliasCheckComplete: anyValue },
      vmpl: [0, 1, 2, 3],
    }),
  )
  return verdict instanceof AttestationError ? undefined : verdict.claims
}
