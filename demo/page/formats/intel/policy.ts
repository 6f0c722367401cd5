/**
 * From what a visitor entered to what the verifier of a quote is asked.
 */
import type { TcbStatus, TdxOptions } from '../../../../src/formats/intel/tdx/index.ts'
import { type ReplayedEventLog, replayEventLog } from '../../../../src/formats/intel/tdx/events/index.ts'
import type { SgxOptions } from '../../../../src/formats/intel/sgx/index.ts'
import { allowDebug, anyValue, skipReferenceValues, skipReportData } from '../../../../src/formats/intel/tdx/index.ts'
import { AttestationError } from '../../../../src/index.ts'
import { printable } from '../../../../src/inspect/index.ts'
import { type Build, readBuilds, type Register, type Registers, withSymbols } from '../../builds.ts'
import { type Bytes, fromPasted } from '../../bytes.ts'
import { settled } from '../../outcome.ts'
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
import { logIn } from './log.ts'

export type QuoteKind = 'tdx' | 'sgx'

/** What the verifier is asked, in plain values. */
export interface QuotePolicy extends DatelessPolicy {
  readonly kind: QuoteKind
  /** `undefined` when none was entered. */
  readonly endorsements: Readonly<Record<string, unknown>> | undefined
  /** Empty: any code. */
  readonly builds: readonly Build[]
  /** 64 bytes; `undefined`: whatever it was made for. */
  readonly reportData: Bytes | undefined
  /** Beside `UpToDate`. */
  readonly accepted: readonly TcbStatus[]
  /** dstack's JSON as text, or that of firmware. */
  readonly log: Bytes | string | undefined
  /** What the log replays to. */
  readonly replayed: ReplayedEventLog | undefined
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

const known: Readonly<Record<QuoteKind, Readonly<Record<string, Register>>>> = {
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
    isvprodid: ['isvProdId', 'version'],
    minimumisvsvn: ['minimumIsvSvn', 'version'],
    configid: ['configId', 64],
    configsvn: ['configSvn', 'version'],
    isvfamilyid: ['isvFamilyId', 16],
    isvextprodid: ['isvExtProdId', 16],
    miscselect: ['miscSelect', 4],
    xfrm: ['xfrm', 8],
    provisionkey: ['provisionKey', 'switch'],
  },
}

const registersOf = (kind: QuoteKind): Registers => ({
  of: kind.toUpperCase(),
  alone: 'mrenclave',
  known: known[kind],
  mayBeAny: () => kind === 'tdx',
  check: (build) => {
    requireIdentity(Object.keys(build), kind)
  },
})

export const readQuoteBuilds = (text: string, kind: QuoteKind): readonly Build[] => readBuilds(text, registersOf(kind))

export async function quotePolicyOf(state: State, kind: QuoteKind): Promise<Read<QuotePolicy>> {
  const problems: Problem[] = []
  const attempt = attemptInto(problems)
  const log = kind === 'tdx' ? attempt('log', undefined, () => readLog(state.log)) : undefined
  const replayed = await replay(log)
  const isReplayed = replayed === undefined || !('field' in replayed)
  const policy: QuotePolicy = {
    kind,
    endorsements: attempt('collateral', undefined, () => readObject(state.collateral, notCollateral)),
    builds: attempt('reference', [], () => readQuoteBuilds(state.reference, kind)),
    reportData: attempt('reportData', undefined, () => readReportData(state.reportData)),
    // From an address anything can come: what is no status is not accepted.
    accepted: acceptable.filter((status) => state.tcb.split(',').includes(status)),
    log,
    replayed: isReplayed ? replayed : undefined,
    ...readDateless(state, attempt, 'A quote'),
  }
  return { policy, problems: isReplayed ? problems : [...problems, replayed] }
}

const notCollateral =
  'Collateral is one JSON object: what veritee collateral prints, or fetchIntelEndorsements returns.'

/** The log, replayed; or what is wrong with it. */
export async function replay(log: QuotePolicy['log']): Promise<ReplayedEventLog | Problem | undefined> {
  if (log === undefined) return undefined
  const replayed = await settled(replayEventLog(log))
  if (!(replayed instanceof AttestationError)) return replayed
  return { field: 'log', text: `The event log was refused: ${printable(replayed.message).slice(0, 300)}` }
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
    referenceValues:
      builds.length === 0 ? skipReferenceValues : (builds.map((build) => withSymbols(build, anyValue)) as never),
    reportData: reportData ?? skipReportData,
    acceptedTcbStatuses: accepted,
    clockSkewSeconds: skewSeconds,
    now,
    ...(anchor !== 'pinned' && { trustAnchors: anchor === undefined ? [] : [anchor] }),
    ...(debug && { debug: allowDebug }),
  }
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

/** JSON begins with a bracket; that of firmware is pasted in hexadecimal or base64. */
function readLog(text: string): QuotePolicy['log'] {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (/^[[{]/.test(trimmed)) return logIn(trimmed)
  const bytes = fromPasted(trimmed)
  if (bytes === undefined || bytes.length === 0)
    throw new Error('An event log is dstack’s JSON, or that of the firmware in hexadecimal or base64.')
  return bytes
}
