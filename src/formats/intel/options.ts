/**
 * The options that TDX and SGX share. What is wrong here is the caller's mistake, a `TypeError`;
 * what is wrong inside the endorsements is not, for they come from outside like the quote.
 */
import type { Clock } from '../../core/time.ts'
import { type Hex, readReportData, readSizedBytes, type skipReportData } from '../../appraisal/expectations.ts'
import { type Bytes, isZero } from '../../encoding/bytes.ts'
import { allowDebug, readPositive, readVerifierOptions, type VerifierOptions, type VerifierPolicy } from '../options.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../core/options.ts'
import {
  type DatedEndorsement,
  datedEndorsements,
  type DcapEndorsements,
  type EndorsementTexts,
} from './collateral/endorsements.ts'
import { intelSgxRoots } from './collateral/roots.ts'
import { type TcbStatus, tcbStatuses } from './collateral/tcb-level.ts'

/** What both kinds of TEEs can be asked for, beside their measurements. */
export interface DcapOptions extends Omit<VerifierOptions, 'now'> {
  /**
   * What Intel says of the platform. It may come from anywhere, the attester included: everything
   * in it is verified.
   */
  readonly endorsements: DcapEndorsements
  /**
   * The 64 bytes of report data that the quote must carry, exactly: what ties it to your nonce and
   * to the key that you will encrypt to. The functions `…ReportData` make them by the conventions
   * of common attesters. To go without, pass {@link skipReportData}.
   */
  readonly reportData: Uint8Array | typeof skipReportData
  /**
   * States of the platform that are accepted beside `UpToDate`. For TDX 1.5, the state at launch
   * and the state now must both be accepted. Default: none.
   */
  readonly acceptedTcbStatuses?: readonly TcbStatus[]
  /**
   * TCB Info and QE identity must both be from this TCB recovery event of Intel's, or a later one.
   * Default: any that are current.
   */
  readonly minimumTcbEvaluationDataNumber?: number
  /**
   * How long ago Intel may have issued what it says of the platform: `issueDate` of TCB Info and QE
   * identity, `thisUpdate` of both revocation lists. One number is for all four; an object names
   * some of them. Default: as long as their own dates allow, 30 days; a year for the list of the
   * root, which Intel issues anew only that often, so that a number for all must leave it more than
   * a year.
   */
  readonly maximumEndorsementAgeSeconds?: number | DcapEndorsementAges
  /**
   * The machines that are accepted: PPID or platform instance ID, 16 bytes each. The owner of a
   * machine can break its secrets: this says whose it is. Default: any.
   */
  readonly platforms?: readonly (Hex | Uint8Array)[]
  /**
   * Evidence of TEEs that can be debugged is refused unless this is the symbol {@link allowDebug}.
   * Default: refused.
   */
  readonly debug?: typeof allowDebug
  /** The time to verify at. Default: the clock, read once. A quote has no date of its own. */
  readonly now?: Date
}

/** What is dated among the endorsements, and how old each may be, in seconds. */
export type DcapEndorsementAges = Readonly<Partial<Record<DatedEndorsement, number>>>

/** {@link DcapOptions}, checked and copied. */
export interface DcapPolicy extends VerifierPolicy {
  readonly clock: Clock
  readonly endorsements: EndorsementTexts
  /** `undefined` when the caller skips it. */
  readonly reportData: Bytes | undefined
  /** `UpToDate` is always among them. */
  readonly acceptedTcbStatuses: readonly TcbStatus[]
  readonly minimumTcbEvaluationDataNumber: number | undefined
  /** In seconds; empty when the caller expects nothing. */
  readonly maximumAges: ReadonlyMap<DatedEndorsement, number>
  readonly platforms: readonly Bytes[] | undefined
  readonly debug: boolean
}

/** Names of {@link DcapOptions} that are not in {@link VerifierOptions}. */
export const dcapOptionNames: readonly Exclude<keyof DcapOptions, keyof VerifierOptions>[] = [
  'endorsements',
  'reportData',
  'acceptedTcbStatuses',
  'minimumTcbEvaluationDataNumber',
  'maximumEndorsementAgeSeconds',
  'platforms',
  'debug',
]

const platformIdSize = 16

/** @param own a snapshot of the caller's options. @throws TypeError */
export async function readDcapOptions(own: Partial<DcapOptions>): Promise<DcapPolicy> {
  const { endorsements, debug } = own
  requireOption('endorsements', 'an object like { tcbInfo, … }', isPlainObject(endorsements))
  requireOption('debug', 'allowDebug', debug === undefined || debug === allowDebug)
  const policy = {
    endorsements: snapshotOf<EndorsementTexts>(endorsements, 'endorsements'),
    reportData: readReportData(own.reportData),
    acceptedTcbStatuses: readStatuses(own.acceptedTcbStatuses),
    minimumTcbEvaluationDataNumber: readMinimum(own.minimumTcbEvaluationDataNumber),
    maximumAges: readMaximumAges(own.maximumEndorsementAgeSeconds),
    platforms: readPlatforms(own.platforms),
    debug: debug === allowDebug,
  }
  const { clock, ...common } = await readVerifierOptions(own, ...intelSgxRoots)
  if (clock === undefined) throw new TypeError('now must be a Date: a quote has no date of its own')
  return Object.assign({ clock }, common, policy)
}

function readStatuses(value: unknown): readonly TcbStatus[] {
  const list: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? [...(value as unknown[])] : [value]
  return [...new Set<TcbStatus>(['UpToDate', ...list.map(readStatus)])]
}

function readStatus(value: unknown): TcbStatus {
  const status = tcbStatuses.find((known) => known === value)
  if (status === undefined) throw new TypeError(`acceptedTcbStatuses must be a list of ${tcbStatuses.join(', ')}`)
  return status
}

function readMinimum(value: unknown): number | undefined {
  const name = 'minimumTcbEvaluationDataNumber'
  requireOption(
    name,
    'a positive integer',
    value === undefined || (Number.isSafeInteger(value) && (value as number) > 0),
  )
  return value as number | undefined
}

function readMaximumAges(value: unknown): ReadonlyMap<DatedEndorsement, number> {
  const option = 'maximumEndorsementAgeSeconds'
  if (value === undefined) return new Map()
  const entries = isPlainObject(value) ? Object.entries(value) : datedEndorsements.map((name) => [name, value] as const)
  requireOption(
    option,
    `a positive number, or by name: ${datedEndorsements.join(', ')}`,
    entries.length > 0 && entries.every(([name]) => datedEndorsements.includes(name as DatedEndorsement)),
  )
  return new Map(entries.map(([name, seconds]) => [name as DatedEndorsement, readPositive(seconds, option)]))
}

function readPlatforms(value: unknown): readonly Bytes[] | undefined {
  if (value === undefined) return undefined
  requireOption('platforms', 'a list of at least one', Array.isArray(value) && value.length > 0)
  return (value as readonly unknown[]).map((id, i) => {
    const bytes = readSizedBytes(id, platformIdSize, `platforms[${i}]`)
    requireOption(`platforms[${i}]`, 'other than zero', !isZero(bytes))
    return bytes
  })
}
