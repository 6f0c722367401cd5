/**
 * From what a visitor entered to what the verifier of a report is asked. Mistakes come back as
 * sentences, each with the field that it belongs to.
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
import type { Bytes } from '../../bytes.ts'
import { attemptInto, type Problem, readBytes, readName, readNumber, readRoot, readTime } from '../../policy.ts'
import type { State } from '../../state.ts'

/**
 * One build that is accepted: lower-case hexadecimal or `any`, by the library's names of registers;
 * and its `name`.
 */
export type ReportBuild = Readonly<Record<string, string>>

/** What can be allowed, by the word that stands in addresses, and what it means. */
export const allowances = {
  Milan: 'Milan, whose owners can forge reports',
  alias: 'Memory that was not checked for aliases (BadRAM)',
  provisional: 'Firmware that the host can take back',
  migration: 'A guest that can be moved to another machine',
  vmpl: 'Reports that were asked for at VMPL 1 to 3',
} as const

export type Allowance = keyof typeof allowances

export interface ReportPolicy {
  /** `undefined` when none was entered. */
  readonly endorsements: Readonly<Record<string, unknown>> | undefined
  /** Empty: any code. */
  readonly builds: readonly ReportBuild[]
  /** 64 bytes; `undefined`: whatever it was made for. */
  readonly reportData: Bytes | undefined
  /** For whichever processor it is. `undefined`: none. */
  readonly minimumTcb: Partial<SnpTcb> | undefined
  readonly allowed: readonly Allowance[]
  readonly at: Date | 'clock'
  readonly root: 'pinned' | 'fixture' | Bytes
  readonly debug: boolean
  readonly skewSeconds: number
}

/** Registers by the names that people write, in lower case, and how many bytes they have. */
const registers: Readonly<Record<string, readonly [name: string, bytes: number]>> = {
  measurement: ['measurement', 48],
  hostdata: ['hostData', 32],
  familyid: ['familyId', 16],
  imageid: ['imageId', 16],
  idkeydigest: ['idKeyDigest', 48],
  authorkeydigest: ['authorKeyDigest', 48],
}

const parts = ['fmc', 'bootloader', 'tee', 'snp', 'microcode'] as const

/**
 * @returns the policy, and what is wrong with what was entered: with any problem there is nothing
 *   to verify
 */
export function reportPolicyOf(state: State): { readonly policy: ReportPolicy; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const words = state.allowed.split(',')
  const policy: ReportPolicy = {
    endorsements: attempt('collateral', undefined, () => readEndorsements(state.collateral)),
    builds: attempt('reference', [], () => readReportBuilds(state.reference)),
    reportData: attempt('reportData', undefined, () => readReportData(state.reportData)),
    minimumTcb: attempt('minimumTcb', undefined, () => readMinimum(state.minimumTcb)),
    // From an address anything can come: what is no allowance allows nothing.
    allowed: (Object.keys(allowances) as Allowance[]).filter((word) => words.includes(word)),
    at: attempt<ReportPolicy['at']>('at', 'clock', () => {
      const at = readTime(state.at)
      if (at === 'evidence')
        throw new Error('A report has no time of its own: verify it as of now, or of another time.')
      return at
    }),
    root: attempt<ReportPolicy['root']>('root', 'pinned', () => {
      const root = readRoot(state.root)
      return root === 'aws' ? 'pinned' : root
    }),
    debug: state.debug,
    skewSeconds: attempt('skew', 300, () => readNumber(state.skew, 0, 86_400)),
  }
  return { policy, problems }
}

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
    referenceValues: builds.length === 0 ? skipReferenceValues : (builds.map(withSymbols) as never),
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

const withSymbols = (build: ReportBuild): object =>
  Object.fromEntries(
    Object.entries(build).map(([key, value]) => [key, key !== 'name' && value === 'any' ? anyValue : value]),
  )

/** What `fetchAmdEndorsements` returns, as JSON. */
function readEndorsements(text: string): ReportPolicy['endorsements'] {
  if (text.trim() === '') return undefined
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(
      'Endorsements are one JSON object: what veritee endorsements prints, or fetchAmdEndorsements returns.',
    )
  return value as Readonly<Record<string, unknown>>
}

/**
 * JSON, one build or a list of them; or lines like `measurement <hex>`. A value alone is the
 * measurement.
 */
export function readReportBuilds(text: string): readonly ReportBuild[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  if (/^[[{]/.test(trimmed)) {
    const parsed = parse(trimmed)
    return (Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]).map((entry) => {
      if (typeof entry !== 'object' || entry === null) throw new Error('A build is a JSON object of registers.')
      return readBuild(Object.entries(entry))
    })
  }
  const lines = trimmed.split(/[\n,;]+/).filter((line) => line.trim() !== '')
  return [
    readBuild(
      lines.map((line): [string, string] => {
        const [, name = 'measurement', value = ''] =
          /^\s*(?:"?([a-z][\w -]*?)"?(?:\s*[:=]\s*|\s+))?"?([^\s":=]*)"?\s*$/i.exec(line) ?? []
        return [name, value]
      }),
    ),
  ]
}

function readBuild(entries: readonly (readonly [string, unknown])[]): ReportBuild {
  const build: Record<string, string> = {}
  for (const [key, value] of entries) {
    if (key === 'name') {
      const name = readName(value)
      if (name !== undefined) build.name = name
      continue
    }
    const written = key.toLowerCase().replace(/[\s_-]/g, '')
    const register = Object.hasOwn(registers, written) ? registers[written] : undefined
    if (register === undefined) {
      const names = Object.values(registers).map(([name]) => name)
      throw new Error(`“${key.slice(0, 40)}” is no register of SEV-SNP: ${names.join(', ')} are.`)
    }
    const [name, size] = register
    if (name in build) throw new Error(`${name} is there twice.`)
    const digits = String(value).replace(/\s/g, '').replace(/^0x/i, '').toLowerCase()
    const isAny = name !== 'measurement' && (digits === 'any' || digits === 'anyvalue')
    if (!isAny && (!/^(?:[0-9a-f]{2})+$/.test(digits) || digits.length !== 2 * size))
      throw new Error(`${name} needs ${2 * size} hexadecimal digits, this has ${digits.length} characters.`)
    if (name === 'measurement' && /^0+$/.test(digits)) throw new Error('A measurement of zeros is none.')
    build[name] = isAny ? 'any' : digits
  }
  if (build.measurement === undefined) throw new Error('Name the measurement: nothing else says what runs there.')
  return build
}

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

/** Shorter ones are filled up with zeros, as attesters do. */
function readReportData(text: string): Bytes | undefined {
  const bytes = readBytes(text)
  if (bytes === undefined) return undefined
  if (bytes.length < 32 || bytes.length > 64)
    throw new Error(`Report data has 64 bytes, or 32 and more with zeros behind them; this has ${bytes.length}.`)
  const data = new Uint8Array(64)
  data.set(bytes)
  return data
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('This is no complete JSON.')
  }
}
