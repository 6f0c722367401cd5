/**
 * From what a visitor entered to what the verifier of a report is asked.
 */
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  anyValue,
  type SevSnpOptions,
  skipReferenceValues,
  skipReportData,
  type SnpTcb,
} from '../../../../src/formats/amd/sev-snp/index.ts'
import { type Build, readBuilds, type Registers, withSymbols } from '../../builds.ts'
import type { Bytes } from '../../bytes.ts'
import {
  attemptInto,
  type DatelessPolicy,
  type Problem,
  type Read,
  readDateless,
  readObject,
  readReportData,
} from '../../policy.ts'
import type { State } from '../../state.ts'

/** What can be allowed, by the word that stands in addresses, and what it means. */
export const allowances = {
  Milan: 'Milan, whose owners can forge reports',
  alias: 'Memory that was not checked for aliases (BadRAM)',
  provisional: 'Firmware that the host can take back',
  migration: 'A guest that can be moved to another machine',
  vmpl: 'Reports that were asked for at VMPL 1 to 3',
} as const

export type Allowance = keyof typeof allowances

export interface ReportPolicy extends DatelessPolicy {
  /** `undefined` when none was entered. */
  readonly endorsements: Readonly<Record<string, unknown>> | undefined
  /** Empty: any code. */
  readonly builds: readonly Build[]
  /** 64 bytes; `undefined`: whatever it was made for. */
  readonly reportData: Bytes | undefined
  /** For whichever processor it is. `undefined`: none. */
  readonly minimumTcb: Partial<SnpTcb> | undefined
  readonly allowed: readonly Allowance[]
}

const registers: Registers = {
  of: 'SEV-SNP',
  alone: 'measurement',
  known: {
    measurement: ['measurement', 48],
    hostdata: ['hostData', 32],
    familyid: ['familyId', 16],
    imageid: ['imageId', 16],
    idkeydigest: ['idKeyDigest', 48],
    authorkeydigest: ['authorKeyDigest', 48],
  },
  mayBeAny: (name) => name !== 'measurement',
  check: ({ measurement }) => {
    if (measurement === undefined) throw new Error('Name the measurement: nothing else says what runs there.')
    if (/^0+$/.test(String(measurement))) throw new Error('A measurement of zeros is none.')
  },
}

export const readReportBuilds = (text: string): readonly Build[] => readBuilds(text, registers)

const parts = ['fmc', 'bootloader', 'tee', 'snp', 'microcode'] as const

export function reportPolicyOf(state: State): Read<ReportPolicy> {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const words = state.allowed.split(',')
  const policy: ReportPolicy = {
    endorsements: attempt('collateral', undefined, () => readObject(state.collateral, notEndorsements)),
    builds: attempt('reference', [], () => readReportBuilds(state.reference)),
    reportData: attempt('reportData', undefined, () => readReportData(state.reportData)),
    minimumTcb: attempt('minimumTcb', undefined, () => readMinimum(state.minimumTcb)),
    // From an address anything can come: what is no allowance allows nothing.
    allowed: (Object.keys(allowances) as Allowance[]).filter((word) => words.includes(word)),
    ...readDateless(state, attempt, 'A report'),
  }
  return { policy, problems }
}

const notEndorsements =
  'Endorsements are one JSON object: what veritee endorsements prints, or fetchAmdEndorsements returns.'

/**
 * The options of `verifySevSnp`. Every check that is left out is left out by the symbol named for
 * it.
 */
export function reportOptionsOf(policy: ReportPolicy, now: Date, fixtureRoots: readonly Bytes[]): SevSnpOptions {
  const { endorsements = {}, builds, reportData, minimumTcb, allowed, root, debug, skewSeconds } = policy
  const products = ['Genoa', 'Turin', ...(allowed.includes('Milan') ? (['Milan'] as const) : [])] as const
  const anchors = root === 'fixture' ? fixtureRoots : root === 'pinned' ? undefined : [root]
  return {
    // What is missing from it is the verifier's to say.
    endorsements: endorsements as unknown as SevSnpOptions['endorsements'],
    referenceValues:
      builds.length === 0 ? skipReferenceValues : (builds.map((build) => withSymbols(build, anyValue)) as never),
    reportData: reportData ?? skipReportData,
    products,
    clockSkewSeconds: skewSeconds,
    now,
    ...(minimumTcb && { minimumTcb: products.map((product) => rowOf(product, minimumTcb)) }),
    ...(anchors && { trustAnchors: anchors }),
    ...(debug && { debug: allowDebug }),
    ...(allowed.includes('migration') && { migration: allowMigration }),
    ...(allowed.includes('provisional') && { provisionalFirmware: allowProvisionalFirmware }),
    ...(allowed.includes('alias') && { platformInfo: { aliasCheckComplete: anyValue } }),
    ...(allowed.includes('vmpl') && { vmpl: [0, 1, 2, 3] }),
  }
}

/**
 * Only Turin has an FMC: of the others, a minimum of it alone asks for nothing, but a row must name
 * a part.
 */
function rowOf(product: 'Milan' | 'Genoa' | 'Turin', { fmc, ...others }: Partial<SnpTcb>): MinimumRow {
  return {
    product,
    ...others,
    ...(product === 'Turin' && fmc !== undefined && { fmc }),
    ...(Object.keys(others).length === 0 && product !== 'Turin' && { snp: 0 }),
  }
}

type MinimumRow = Extract<NonNullable<SevSnpOptions['minimumTcb']>, { readonly product: unknown }>

/** `snp 27, microcode 86`. */
function readMinimum(text: string): ReportPolicy['minimumTcb'] {
  if (text.trim() === '') return undefined
  const found: Partial<Record<keyof SnpTcb, number>> = {}
  for (const entry of text.split(/[,;\n]+/)) {
    const [, name = '', value = ''] = /^\s*([a-z]+)\s*[:= ]\s*(0x[0-9a-f]{1,2}|\d{1,3})\s*$/i.exec(entry) ?? []
    const part = parts.find((known) => known === name.toLowerCase())
    if (part === undefined) throw new Error(`Write it like snp 27, microcode 86. Parts are ${parts.join(', ')}.`)
    if (Number(value) > 255) throw new Error(`${part} is a number from 0 to 255.`)
    if (found[part] !== undefined) throw new Error(`${part} is there twice.`)
    found[part] = Number(value)
  }
  return found
}
