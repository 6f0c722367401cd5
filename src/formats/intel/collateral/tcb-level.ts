/**
 * Levels: what Intel says of one set of security versions, of a platform, of a TDX module or of a
 * quoting enclave. And how several become one status.
 *
 * Source: EvaluateTcb.cpp, TcbLevelCheck.cpp and TDRelaunchCheck.cpp of Intel's quote verification
 * library.
 */
import { type JsonValue, memberOf } from '../../../encoding/json.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import { dateOf, integerOf, optionalTextsOf } from './signed-json.ts'

/** The state of processor, firmware and microcode. */
export type PlatformTcbStatus =
  | 'UpToDate'
  | 'SWHardeningNeeded'
  | 'ConfigurationNeeded'
  | 'ConfigurationAndSWHardeningNeeded'
  | 'OutOfDate'
  | 'OutOfDateConfigurationNeeded'
  | 'Revoked'

/** What a platform can be in that is not revoked, by TCB Info. */
const goodStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
] as const satisfies readonly PlatformTcbStatus[]
const goodOr = <Status extends string>(
  ...more: readonly Status[]
): readonly ((typeof goodStatuses)[number] | Status)[] => [...goodStatuses, ...more]

/** What TCB Info says of a platform. */
export const platformStatuses: readonly PlatformTcbStatus[] = /* @__PURE__ */ goodOr('Revoked')

/** The state of a TDX module or a quoting enclave. */
export type ComponentTcbStatus = 'UpToDate' | 'OutOfDate' | 'Revoked'
/** What is said of one. */
const componentStatuses: readonly ComponentTcbStatus[] = ['UpToDate', 'OutOfDate', 'Revoked']

/**
 * The status of a verified platform. `TDRelaunchAdvised…`: the platform was repaired, this TD still
 * runs from before. Evidence of a platform whose status is `Revoked` is never authentic.
 */
export type TcbStatus =
  Exclude<PlatformTcbStatus, 'Revoked'> | 'TDRelaunchAdvised' | 'TDRelaunchAdvisedConfigurationNeeded'

/** All that callers can accept. */
export const tcbStatuses: readonly TcbStatus[] = /* @__PURE__ */ goodOr(
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
)

/** One level as listed. */
export interface TcbLevel<Status extends PlatformTcbStatus = PlatformTcbStatus> {
  readonly status: Status
  /** Unix milliseconds: everything that Intel knew by then is in the status. */
  readonly date: number
  readonly advisoryIds: readonly string[]
}

/** A level of a component that has one security version. */
export interface ComponentLevel extends TcbLevel<ComponentTcbStatus> {
  readonly isvSvn: number
}

/**
 * @param statuses all that are known here: an unknown one could mean anything, so the whole
 *   document is refused
 */
export function readLevel<Status extends PlatformTcbStatus>(
  level: JsonValue,
  statuses: readonly Status[],
  source: Source,
): TcbLevel<Status> {
  const text = memberOf(level, 'tcbStatus', 'string', source)
  const status = statuses.find((known) => known === text)
  if (status === undefined) throw malformed(source, `unknown tcbStatus ${JSON.stringify(text)}`)
  return { status, date: dateOf(level, 'tcbDate', source), advisoryIds: optionalTextsOf(level, 'advisoryIDs', source) }
}

/** `tcbLevels` of a TDX module or a quoting enclave, highest first, from any order. */
export function readComponentLevels(object: JsonValue, source: Source): readonly ComponentLevel[] {
  const levels = memberOf(object, 'tcbLevels', 'array', source).map((level) => ({
    isvSvn: integerOf(memberOf(level, 'tcb', 'object', source), 'isvsvn', 65_535, source),
    ...readLevel(level, componentStatuses, source),
  }))
  return sortLevels(levels, ({ isvSvn }) => [isvSvn], source)
}

/**
 * Highest first, by lists of numbers of the same length, the first number deciding most. A level
 * that is there twice has two statuses: refused.
 */
export function sortLevels<Level>(
  levels: readonly Level[],
  keyOf: (level: Level) => readonly number[],
  source: Source,
): readonly Level[] {
  if (levels.length === 0) throw malformed(source, 'no TCB levels')
  const keyed = levels.map((level) => ({ level, key: keyOf(level) }))
  keyed.sort((a, b) => compare(b.key, a.key))
  keyed.forEach(({ key }, i) => {
    if (i > 0 && compare(key, keyed[i - 1]?.key ?? []) === 0) throw malformed(source, 'a TCB level is there twice')
  })
  return keyed.map(({ level }) => level)
}

/**
 * The status of a platform together with its parts: an outdated part makes an outdated whole, a
 * revoked part a revoked one.
 */
export function converge(platform: PlatformTcbStatus, components: readonly ComponentTcbStatus[]): PlatformTcbStatus {
  if (components.includes('Revoked')) return 'Revoked'
  if (!components.includes('OutOfDate')) return platform
  switch (platform) {
    case 'UpToDate':
    case 'SWHardeningNeeded':
      return 'OutOfDate'
    case 'ConfigurationNeeded':
    case 'ConfigurationAndSWHardeningNeeded':
      return 'OutOfDateConfigurationNeeded'
    case 'OutOfDate':
    case 'OutOfDateConfigurationNeeded':
    case 'Revoked':
      return platform
  }
}

/**
 * The status of a TD that was launched when the platform had one status, and runs while it has
 * another.
 * @returns the status at launch, unless relaunching would make it better
 */
export function relaunchStatus(launch: TcbStatus, current: TcbStatus): TcbStatus {
  if (!isOutdated(launch) || isOutdated(current)) return launch
  return needsConfiguration(launch) || needsConfiguration(current)
    ? 'TDRelaunchAdvisedConfigurationNeeded'
    : 'TDRelaunchAdvised'
}

const isOutdated = (status: TcbStatus): boolean => status.startsWith('OutOfDate')
const needsConfiguration = (status: TcbStatus): boolean => status.includes('Configuration')

/** By the first number that differs. */
function compare(a: readonly number[], b: readonly number[]): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i === a.length ? 0 : (a[i] as number) - (b[i] ?? 0)
}
