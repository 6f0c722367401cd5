/**
 * The state of a platform by TCB Info and QE identity, found a second time: of all levels that are
 * reached, the highest one.
 *
 * Source: Intel PCS API version 4; EvaluateTcb.cpp and TDRelaunchCheck.cpp of Intel's verification
 * library.
 */
import { demand, digitsOf, octetsOf, type Octets } from '../readers/bytes.ts'
import { dateIn, digitsIn, hasMember, listIn, numberIn, objectIn, textIn } from '../readers/text.ts'
import type { Notes } from '../record.ts'
import type { Collateral } from './dcap-collateral.ts'
import type { Platform } from './dcap-platform.ts'
import { bytesIn, type ReadQuote, type Report } from './dcap-quote.ts'

/**
 * A level that was read: what must be reached, in the order that makes one level higher than
 * another.
 */
interface Level {
  readonly key: readonly number[]
  readonly status: string
  readonly date: number
  readonly advisories: readonly string[]
}

const componentStatuses = ['UpToDate', 'OutOfDate', 'Revoked']
const platformStatuses = [
  ...componentStatuses,
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDateConfigurationNeeded',
]

/** Claims about the state, as results have them. */
export interface State {
  readonly tcbStatus: string
  readonly platformTcbStatus: string
  readonly tdxModuleTcbStatus: string | undefined
  readonly qeTcbStatus: string
  readonly launchTcbStatus: string
  readonly currentTcbStatus: string | undefined
  readonly tcbDate: Date
  readonly advisoryIDs: readonly string[]
  readonly currentAdvisoryIDs: readonly string[] | undefined
  readonly tcbEvaluationDataNumber: { readonly tcbInfo: number; readonly qeIdentity: number }
}

/** @throws VerificationError */
export function findState(quote: ReadQuote, collateral: Collateral, notes: Notes): State {
  const { platform, tcbInfo, qeIdentity } = collateral
  const isDomain = quote.bodyType !== 1
  const info = notes.reads('tcb-info-format', 'TCB Info', () => readTcbInfo(tcbInfo))
  notes.proves('tcb-info-mismatch', 'kind of TCB Info', info.isDomain === isDomain, 'is another')
  notes.proves(
    'tcb-info-mismatch',
    'platform of TCB Info',
    info.fmspc === platform.fmspc && info.pceId === platform.pceId,
    'is another',
  )
  const qe = readQe(quote, qeIdentity, isDomain, notes)
  const launchSvn = isDomain ? bytesIn(quote.report, 'teeTcbSvn') : undefined
  const launch = findOne(quote.report, { info, platform, qe: qe.level }, launchSvn, notes)
  const current =
    isDomain && quote.report['teeTcbSvn2'] !== undefined
      ? findOne(quote.report, { info, platform, qe: qe.level }, bytesIn(quote.report, 'teeTcbSvn2'), notes)
      : undefined
  return {
    tcbStatus: current === undefined ? launch.status : relaunched(launch.status, current.status),
    platformTcbStatus: launch.platform.status,
    tdxModuleTcbStatus: launch.module?.status,
    qeTcbStatus: qe.level.status,
    launchTcbStatus: launch.status,
    currentTcbStatus: current?.status,
    tcbDate: new Date(Math.min(...launch.levels.map(({ date }) => date))),
    advisoryIDs: advisoriesOf(launch.levels),
    currentAdvisoryIDs: current && advisoriesOf(current.levels),
    tcbEvaluationDataNumber: { tcbInfo: info.evaluation, qeIdentity: qe.evaluation },
  }
}

interface Module {
  readonly signer: string
  readonly attributes: string
  readonly levels: readonly Level[]
}

interface Info {
  readonly isDomain: boolean
  readonly fmspc: string
  readonly pceId: string
  readonly evaluation: number
  /** By their id in lower case; the one of version 0, which has no levels, is `tdxModule`. */
  readonly modules: ReadonlyMap<string, Module>
  readonly levels: readonly Level[]
}

function readTcbInfo(body: unknown): Info {
  const version = numberIn(body, 'version', 3)
  demand(version >= 2, `version ${version}`)
  const id = version === 2 ? 'SGX' : textIn(body, 'id')
  demand(id === 'SGX' || id === 'TDX', `id ${id}`)
  const isDomain = id === 'TDX'
  demand(numberIn(body, 'tcbType', 65_535) === 0, 'an unknown tcbType')
  const hasModule = hasMember(body, 'tdxModule')
  const hasModules = hasMember(body, 'tdxModuleIdentities')
  demand(hasModule === isDomain && (isDomain || !hasModules), 'a TDX module where none belongs, or none')
  const modules = new Map<string, Module>()
  if (hasModule) modules.set('tdxModule', readModule(objectIn(body, 'tdxModule'), false))
  for (const module of hasModules ? listIn(body, 'tdxModuleIdentities') : []) {
    const name = textIn(module, 'id').toLowerCase()
    demand(!modules.has(name), `module ${name} is there twice`)
    modules.set(name, readModule(module, true))
  }
  const levels = listIn(body, 'tcbLevels').map((level): Level => {
    const tcb = objectIn(level, 'tcb')
    const own = version === 2 ? flatComponents(tcb) : componentsIn(tcb, 'sgxtcbcomponents')
    const key = [...own, numberIn(tcb, 'pcesvn', 65_535), ...(isDomain ? componentsIn(tcb, 'tdxtcbcomponents') : [])]
    return readLevel(level, key, platformStatuses)
  })
  return {
    isDomain,
    fmspc: digitsIn(body, 'fmspc', 6),
    pceId: digitsIn(body, 'pceId', 2),
    evaluation: numberIn(body, 'tcbEvaluationDataNumber', 0xffff_ffff),
    modules,
    levels: eachOnce(levels),
  }
}

function readModule(module: unknown, hasLevels: boolean): Module {
  return {
    signer: digitsIn(module, 'mrsigner', 48),
    attributes: digitsIn(module, 'attributes', 8),
    levels: hasLevels ? componentLevels(module) : [],
  }
}

function componentsIn(tcb: unknown, name: string): number[] {
  const components = listIn(tcb, name).map((component) => numberIn(component, 'svn', 255))
  demand(components.length === 16, `${name} are not 16`)
  return components
}

function flatComponents(tcb: unknown): number[] {
  return Array.from({ length: 16 }, (_, i) => numberIn(tcb, `sgxtcbcomp${`0${i + 1}`.slice(-2)}svn`, 255))
}

function componentLevels(object: unknown): readonly Level[] {
  const levels = listIn(object, 'tcbLevels').map((level) =>
    readLevel(level, [numberIn(objectIn(level, 'tcb'), 'isvsvn', 65_535)], componentStatuses),
  )
  return eachOnce(levels)
}

function readLevel(level: unknown, key: readonly number[], statuses: readonly string[]): Level {
  const status = textIn(level, 'tcbStatus')
  demand(statuses.includes(status), `an unknown status ${status}`)
  const advisories = hasMember(level, 'advisoryIDs') ? listIn(level, 'advisoryIDs') : []
  demand(
    advisories.every((id) => typeof id === 'string'),
    'advisories that are no texts',
  )
  return { key, status, date: dateIn(level, 'tcbDate'), advisories }
}

/** A level that is there twice could have two statuses. */
function eachOnce(levels: readonly Level[]): readonly Level[] {
  demand(levels.length > 0, 'no levels')
  demand(new Set(levels.map(({ key }) => key.join())).size === levels.length, 'a level is there twice')
  return levels
}

/** The highest of the levels that are reached. */
function highest(
  levels: readonly Level[],
  isReached: (key: readonly number[]) => boolean,
  notes: Notes,
  what: string,
): Level {
  const reached = levels.filter(({ key }) => isReached(key))
  notes.proves('tcb-not-supported', `TCB level of ${what}`, reached.length > 0, 'none is reached')
  return reached.reduce((best, level) => (isHigher(level.key, best.key) ? level : best))
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, svn] of a.entries()) if (svn !== b[i]) return svn > (b[i] ?? -1)
  return false
}

function readQe(
  { qeReport }: ReadQuote,
  body: unknown,
  isDomain: boolean,
  notes: Notes,
): { readonly level: Level; readonly evaluation: number } {
  const identity = notes.reads('qe-identity-format', 'QE identity', () => {
    demand(numberIn(body, 'version', 65_535) === 2, 'an unknown version')
    return {
      id: textIn(body, 'id'),
      miscSelect: digitsIn(body, 'miscselect', 4),
      miscSelectMask: digitsIn(body, 'miscselectMask', 4),
      attributes: digitsIn(body, 'attributes', 16),
      attributesMask: digitsIn(body, 'attributesMask', 16),
      signer: digitsIn(body, 'mrsigner', 32),
      product: numberIn(body, 'isvprodid', 65_535),
      evaluation: numberIn(body, 'tcbEvaluationDataNumber', 0xffff_ffff),
      levels: componentLevels(body),
    }
  })
  const isOurs =
    identity.id === (isDomain ? 'TD_QE' : 'QE') &&
    digitsOf(bytesIn(qeReport, 'mrSigner')) === identity.signer &&
    qeReport['isvProdId'] === identity.product &&
    under(bytesIn(qeReport, 'miscSelect'), identity.miscSelectMask) === identity.miscSelect &&
    under(bytesIn(qeReport, 'attributes'), identity.attributesMask) === identity.attributes
  notes.proves('qe-identity-mismatch', 'quoting enclave', isOurs, "is not Intel's for this kind of TEE")
  const svn = qeReport['isvSvn'] as number
  const level = highest(identity.levels, ([least = Infinity]) => least <= svn, notes, 'the quoting enclave')
  return { level, evaluation: identity.evaluation }
}

/** Bytes under a mask, in digits. */
function under(bytes: Octets, mask: string): string {
  const bits = octetsOf(mask)
  return digitsOf(bytes.map((byte, i) => byte & (bits[i] ?? 0)))
}

interface Found {
  readonly status: string
  readonly platform: Level
  readonly module: Level | undefined
  readonly levels: readonly Level[]
}

/** The state with these versions of the TDX components; without any for SGX. */
function findOne(
  report: Report,
  { info, platform, qe }: { readonly info: Info; readonly platform: Platform; readonly qe: Level },
  svn: Octets | undefined,
  notes: Notes,
): Found {
  const version = svn?.[1] ?? 0
  const module = svn === undefined ? undefined : findModule(report, info, svn, notes)
  // A module with levels of its own is judged by them, and not by the platform's first two.
  const own = [...platform.tcbComponents, platform.pceSvn, ...(svn ?? [])]
  const level = highest(
    info.levels,
    (key) => key.every((least, i) => (version > 0 && (i === 17 || i === 18)) || least <= (own[i] ?? -1)),
    notes,
    'the platform',
  )
  const parts = module === undefined ? [qe] : [module, qe]
  const status = together(
    level.status,
    parts.map((part) => part.status),
  )
  notes.proves('tcb-revoked', 'TCB status', status !== 'Revoked', 'is Revoked')
  return { status, platform: level, module, levels: [level, ...parts] }
}

function findModule(report: Report, { modules }: Info, svn: Octets, notes: Notes): Level | undefined {
  const [own = 0, version = 0] = svn
  const id = version === 0 ? 'tdxModule' : `tdx_${version.toString(16).padStart(2, '0')}`
  const module = modules.get(id)
  const isRight =
    digitsOf(bytesIn(report, 'mrSignerSeam')) === module?.signer &&
    digitsOf(bytesIn(report, 'seamAttributes')) === module.attributes
  notes.proves('tdx-module-mismatch', 'TDX module', isRight, `is not the ${id} of TCB Info`)
  return module === undefined || version === 0
    ? undefined
    : highest(module.levels, ([least = Infinity]) => least <= own, notes, 'the TDX module')
}

/** An outdated part makes the whole outdated, a revoked part makes it revoked. */
function together(platform: string, parts: readonly string[]): string {
  if (parts.includes('Revoked')) return 'Revoked'
  if (!parts.includes('OutOfDate') || platform === 'Revoked' || platform.startsWith('OutOfDate')) return platform
  return platform.startsWith('Configuration') ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
}

/** Out of date at launch, repaired since: launching again would help. */
function relaunched(launch: string, current: string): string {
  if (!launch.startsWith('OutOfDate') || current.startsWith('OutOfDate')) return launch
  const isConfiguration = [launch, current].some((status) => status.includes('Configuration'))
  return isConfiguration ? 'TDRelaunchAdvisedConfigurationNeeded' : 'TDRelaunchAdvised'
}

function advisoriesOf(levels: readonly Level[]): readonly string[] {
  return [...new Set(levels.flatMap(({ advisories }) => advisories))].sort()
}
