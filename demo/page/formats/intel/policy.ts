/**
 * From what a visitor entered to what the verifier of a quote is asked. Mistakes come back as
 * sentences, each with the field that it belongs to.
 */
import type { TcbStatus, TdxOptions } from '../../../../src/formats/intel/tdx/index.ts'
import type { SgxOptions } from '../../../../src/formats/intel/sgx/index.ts'
import { allowDebug, anyValue, skipReferenceValues, skipReportData } from '../../../../src/formats/intel/tdx/index.ts'
import { type Bytes, fromPasted } from '../../bytes.ts'
import { attemptInto, type Problem, readBytes, readName, readNumber, readRoot, readTime } from '../../policy.ts'
import type { State } from '../../state.ts'

export type QuoteKind = 'tdx' | 'sgx'

/**
 * One build that is accepted: lower-case hexadecimal, `any`, a number or a yes or no, by the
 * library's names of registers; and its `name`.
 */
export type QuoteBuild = Readonly<Record<string, string | number | boolean>>

/** What the verifier is asked, in plain values. */
export interface QuotePolicy {
  readonly kind: QuoteKind
  /** `undefined` when none was entered. */
  readonly endorsements: Readonly<Record<string, unknown>> | undefined
  /** Empty: any code. */
  readonly builds: readonly QuoteBuild[]
  /** 64 bytes; `undefined`: whatever it was made for. */
  readonly reportData: Bytes | undefined
  /** Beside `UpToDate`. */
  readonly accepted: readonly TcbStatus[]
  /** dstack's JSON as text, or that of firmware. */
  readonly log: Bytes | string | undefined
  readonly at: Date | 'clock'
  readonly root: 'pinned' | 'fixture' | Bytes
  readonly debug: boolean
  readonly skewSeconds: number
}

/** States that can be accepted, as the library names them. */
export const acceptable: readonly TcbStatus[] = [
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
]

/**
 * Registers by the names that people write, in lower case; bytes, or 0 for a number, -1 for a yes
 * or no.
 */
const registers: Readonly<Record<QuoteKind, Readonly<Record<string, readonly [name: string, bytes: number]>>>> = {
  tdx: {
    mrtd: ['mrTd', 48],
    rtmr0: ['rtmr0', 48],
    rtmr1: ['rtmr1', 48],
    rtmr2: ['rtmr2', 48],
    rtmr3: ['rtmr3', 48],
    mrconfigid: ['mrConfigId', 48],
    mrowner: ['mrOwner', 48],
    mrownerconfig: ['mrOwnerConfig', 48],
    tdattributes: ['tdAttributes', 8],
    xfam: ['xfam', 8],
    mrseam: ['mrSeam', 48],
  },
  sgx: {
    mrenclave: ['mrEnclave', 32],
    mrsigner: ['mrSigner', 32],
    isvprodid: ['isvProdId', 0],
    minimumisvsvn: ['minimumIsvSvn', 0],
    configid: ['configId', 64],
    configsvn: ['configSvn', 0],
    isvfamilyid: ['isvFamilyId', 16],
    isvextprodid: ['isvExtProdId', 16],
    miscselect: ['miscSelect', 4],
    xfrm: ['xfrm', 8],
    provisionkey: ['provisionKey', -1],
  },
}

/**
 * @returns the policy, and what is wrong with what was entered: with any problem there is nothing
 *   to verify
 */
export function quotePolicyOf(
  state: State,
  kind: QuoteKind,
): { readonly policy: QuotePolicy; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const policy: QuotePolicy = {
    kind,
    endorsements: attempt('collateral', undefined, () => readCollateral(state.collateral)),
    builds: attempt('reference', [], () => readQuoteBuilds(state.reference, kind)),
    reportData: attempt('reportData', undefined, () => readReportData(state.reportData)),
    // From an address anything can come: what is no status is not accepted.
    accepted: acceptable.filter((status) => state.tcb.split(',').includes(status)),
    log: kind === 'tdx' ? attempt('log', undefined, () => readLog(state.log)) : undefined,
    at: attempt<QuotePolicy['at']>('at', 'clock', () => {
      const at = readTime(state.at)
      if (at === 'evidence') throw new Error('A quote has no time of its own: verify it as of now, or of another time.')
      return at
    }),
    root: attempt<QuotePolicy['root']>('root', 'pinned', () => {
      const root = readRoot(state.root)
      return root === 'aws' ? 'pinned' : root
    }),
    debug: state.debug,
    skewSeconds: attempt('skew', 300, () => readNumber(state.skew, 0, 86_400)),
  }
  return { policy, problems }
}

/**
 * The options of `verifyTdx` and `verifySgx`. Every check that is left out is left out by the
 * symbol named for it.
 */
export function quoteOptionsOf(
  policy: QuotePolicy,
  now: Date,
  fixtureRoot: Bytes | undefined,
): TdxOptions & SgxOptions {
  const { endorsements = {}, builds, reportData, accepted, root, debug, skewSeconds } = policy
  const anchor = root === 'fixture' ? fixtureRoot : root
  return {
    // What is missing from it is the verifier's to say.
    endorsements: endorsements as unknown as TdxOptions['endorsements'],
    referenceValues: builds.length === 0 ? skipReferenceValues : (builds.map(withSymbols) as never),
    reportData: reportData ?? skipReportData,
    acceptedTcbStatuses: accepted,
    clockSkewSeconds: skewSeconds,
    now,
    ...(anchor !== 'pinned' && { trustAnchors: anchor === undefined ? [] : [anchor] }),
    ...(debug && { debug: allowDebug }),
  }
}

const withSymbols = (build: QuoteBuild): object =>
  Object.fromEntries(
    Object.entries(build).map(([key, value]) => [key, key !== 'name' && value === 'any' ? anyValue : value]),
  )

/** What `fetchIntelEndorsements` returns, as JSON. */
export function readCollateral(text: string): QuotePolicy['endorsements'] {
  if (text.trim() === '') return undefined
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('Collateral is one JSON object: what veritee collateral prints, or fetchIntelEndorsements returns.')
  return value as Readonly<Record<string, unknown>>
}

/** JSON, one build or a list of them; or lines like `MRTD <hex>`. A value alone is MRENCLAVE. */
export function readQuoteBuilds(text: string, kind: QuoteKind): readonly QuoteBuild[] {
  const trimmed = text.trim()
  if (trimmed === '') return []
  if (/^[[{]/.test(trimmed)) {
    const parsed = parse(trimmed)
    return (Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]).map((entry) => {
      if (typeof entry !== 'object' || entry === null) throw new Error('A build is a JSON object of registers.')
      return readBuild(Object.entries(entry), kind)
    })
  }
  const lines = trimmed.split(/[\n,;]+/).filter((line) => line.trim() !== '')
  return [
    readBuild(
      lines.map((line): [string, string] => {
        const [, name = 'mrenclave', value = ''] =
          /^\s*(?:"?([a-z][\w -]*?)"?(?:\s*[:=]\s*|\s+))?"?([^\s":=]*)"?\s*$/i.exec(line) ?? []
        return [name, value]
      }),
      kind,
    ),
  ]
}

function readBuild(entries: readonly (readonly [string, unknown])[], kind: QuoteKind): QuoteBuild {
  const known = registers[kind]
  const build: Record<string, string | number | boolean> = {}
  for (const [key, value] of entries) {
    if (key === 'name') {
      const name = readName(value)
      if (name !== undefined) build.name = name
      continue
    }
    const written = key.toLowerCase().replace(/[\s_-]/g, '')
    const register = Object.hasOwn(known, written) ? known[written] : undefined
    if (register === undefined) {
      const names = Object.values(known).map(([name]) => name)
      throw new Error(`“${key.slice(0, 40)}” is no register of ${kind.toUpperCase()}: ${names.join(', ')} are.`)
    }
    const [name, size] = register
    if (name in build) throw new Error(`${name} is there twice.`)
    build[name] =
      size > 0 ? readRegister(name, value, size, kind) : size === 0 ? readVersion(name, value) : readSwitch(name, value)
  }
  requireIdentity(Object.keys(build), kind)
  return build
}

function readRegister(name: string, value: unknown, size: number, kind: QuoteKind): string {
  const digits = String(value).replace(/\s/g, '').replace(/^0x/i, '').toLowerCase()
  if (kind === 'tdx' && (digits === 'any' || digits === 'anyvalue')) return 'any'
  if (!/^(?:[0-9a-f]{2})+$/.test(digits) || digits.length !== 2 * size)
    throw new Error(`${name} needs ${2 * size} hexadecimal digits, this has ${digits.length} characters.`)
  return digits
}

function readVersion(name: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Error(`${name} must be a number from 0 to 65535.`)
  return number
}

function readSwitch(name: string, value: unknown): boolean {
  const written = String(value)
  if (written !== 'true' && written !== 'false') throw new Error(`${name} must be true or false.`)
  return written === 'true'
}

function requireIdentity(names: readonly string[], kind: QuoteKind): void {
  const lacking = (...wanted: readonly string[]): string[] => wanted.filter((name) => !names.includes(name))
  if (kind === 'tdx') {
    const missing = lacking('mrTd', 'rtmr0', 'rtmr1', 'rtmr2')
    if (missing.length > 0)
      throw new Error(`Name ${missing.join(', ')} as well: MRTD alone is the firmware only. “any” is a value too.`)
    return
  }
  if (!names.includes('mrEnclave') && lacking('mrSigner', 'isvProdId', 'minimumIsvSvn').length > 0)
    throw new Error('Name mrEnclave, or all of mrSigner, isvProdId and minimumIsvSvn.')
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

/** JSON begins with a bracket; that of firmware is pasted in hexadecimal or base64. */
function readLog(text: string): QuotePolicy['log'] {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (/^[[{]/.test(trimmed)) return trimmed
  const bytes = fromPasted(trimmed)
  if (bytes === undefined || bytes.length === 0)
    throw new Error('An event log is dstack’s JSON, or that of the firmware in hexadecimal or base64.')
  return bytes
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('This is no complete JSON.')
  }
}
