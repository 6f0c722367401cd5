/**
 * The state of a platform: which of Intel's TCB levels it is at, and what that means.
 *
 * Source: EvaluateTcb.cpp, TcbLevelCheck.cpp, TdxModuleCheck.cpp and TDRelaunchCheck.cpp of Intel's
 * quote verification library.
 */
import { isZero, toHex } from '../../encoding/bytes.ts'
import { VerificationError } from '../../core/errors.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { iso } from '../../core/time.ts'
import type { Collateral } from './collateral/collateral.ts'
import type { DcapPlatform } from './collateral/pck.ts'
import { checkQeIdentity, type QeIdentity } from './collateral/qe-identity.ts'
import type { Quote } from './quote/quote.ts'
import type { SgxReport, TdxReport } from './quote/report.ts'
import {
  type ComponentLevel,
  type ComponentTcbStatus,
  converge,
  type PlatformTcbStatus,
  relaunchStatus,
  type TcbLevel,
  type TcbStatus,
} from './collateral/tcb-level.ts'
import type { PlatformLevel, TcbInfo, TdxModule, TdxModuleIdentity } from './collateral/tcb-info.ts'

/** The state of the platform that made a quote, by Intel's word. */
export interface DcapTcb {
  /**
   * All of it together. For TDX 1.5, where that is not the same at launch and now, see
   * `launchTcbStatus` and `currentTcbStatus` too.
   */
  readonly tcbStatus: TcbStatus
  /** Processor, firmware and microcode, as of launch. */
  readonly platformTcbStatus: PlatformTcbStatus
  /**
   * The TDX module, as of launch; `undefined` for SGX and for TDX modules of version 0, which have
   * no status of their own.
   */
  readonly tdxModuleTcbStatus: ComponentTcbStatus | undefined
  /** The quoting enclave. */
  readonly qeTcbStatus: ComponentTcbStatus
  /**
   * Platform, module and quoting enclave when the TD was launched; for SGX, and where only that is
   * reported, the whole.
   */
  readonly launchTcbStatus: TcbStatus
  /** The same now; `undefined` unless the quote reports both (TDX 1.5). */
  readonly currentTcbStatus: TcbStatus | undefined
  /**
   * Everything that Intel knew by this date is in the status: the earliest of the levels that were
   * matched.
   */
  readonly tcbDate: Date
  /**
   * Security advisories that apply, `INTEL-SA-…`, sorted. None listed does not mean that none is
   * known: levels are annotated with each recovery.
   */
  readonly advisoryIDs: readonly string[]
  /** The same for the state now; `undefined` unless the quote reports it. */
  readonly currentAdvisoryIDs: readonly string[] | undefined
  /**
   * Which TCB recovery event the endorsements are from. It rises; two current documents of Intel
   * can differ by one.
   */
  readonly tcbEvaluationDataNumber: { readonly tcbInfo: number; readonly qeIdentity: number }
}

/**
 * That TCB Info and QE identity are about this platform and this quoting enclave, and what they say
 * of them.
 * @throws VerificationError `tcb-info-mismatch`, `qe-identity-mismatch`, `tdx-module-mismatch`,
 *   `tcb-not-supported`, `tcb-revoked`
 */
export function evaluateTcb(
  { body, qeReport }: Quote,
  { tcbInfo, qeIdentity, platform }: Collateral,
  checks: CheckRecorder,
): DcapTcb {
  checks.verifies('tcb-info-mismatch', 'TCB Info is about this platform', () => {
    checkTcbInfo(tcbInfo, platform, body.tee)
  })
  checks.verifies('qe-identity-mismatch', "the quoting enclave is Intel's", () => {
    checkQeIdentity(qeIdentity, qeReport, body.tee)
  })
  const qe = checks.verifies('tcb-not-supported', 'TCB level of the QE', () => qeLevel(qeIdentity, qeReport))
  const evaluate = (teeTcbSvn: Uint8Array | undefined, when: string): Evaluation => {
    const report = body.tee === 'tdx' ? body.report : undefined
    const module =
      report === undefined || teeTcbSvn === undefined
        ? undefined
        : checks.verifies('tdx-module-mismatch', `TDX module ${when}`, () => moduleLevel(tcbInfo, report, teeTcbSvn))
    const own = checks.verifies('tcb-not-supported', `TCB level of the platform ${when}`, () =>
      platformLevel(tcbInfo, platform, teeTcbSvn),
    )
    const parts = { platform: own, 'TDX module': module, QE: qe }
    const status = converge(own.status, module === undefined ? [qe.status] : [module.status, qe.status])
    return { status: notRevoked(status, parts, when, checks), platform: own, module, levels: levelsOf(parts) }
  }
  const launch = evaluate(body.tee === 'tdx' ? body.report.teeTcbSvn : undefined, 'at launch')
  const svn2 = body.tee === 'tdx' ? body.report.teeTcbSvn2 : undefined
  const current = svn2 === undefined ? undefined : evaluate(svn2, 'now')
  return Object.freeze({
    tcbStatus: current === undefined ? launch.status : relaunchStatus(launch.status, current.status),
    platformTcbStatus: launch.platform.status,
    tdxModuleTcbStatus: launch.module?.status,
    qeTcbStatus: qe.status,
    launchTcbStatus: launch.status,
    currentTcbStatus: current?.status,
    tcbDate: new Date(Math.min(...launch.levels.map(({ date }) => date))),
    advisoryIDs: advisoriesOf(launch.levels),
    currentAdvisoryIDs: current && advisoriesOf(current.levels),
    tcbEvaluationDataNumber: Object.freeze({
      tcbInfo: tcbInfo.evaluationDataNumber,
      qeIdentity: qeIdentity.evaluationDataNumber,
    }),
  })
}

/** One evaluation: of the state at launch, or now. */
interface Evaluation {
  readonly status: TcbStatus
  readonly platform: TcbLevel
  readonly module: TcbLevel<ComponentTcbStatus> | undefined
  readonly levels: readonly TcbLevel[]
}

/** What was matched, by names for messages. */
type Parts = Readonly<Record<string, TcbLevel | undefined>>

const levelsOf = (parts: Parts): readonly TcbLevel[] => Object.values(parts).filter((level) => level !== undefined)

function checkTcbInfo(tcbInfo: TcbInfo, { fmspc, pceId }: DcapPlatform, tee: string): void {
  const require = (subject: string, expected: string, found: string): void => {
    if (expected !== found)
      throw new VerificationError('tcb-info-mismatch', { subject: `${subject} of TCB Info`, expected, found })
  }
  require('TEE', tee, tcbInfo.tee)
  require('FMSPC', fmspc, tcbInfo.fmspc)
  require('PCE-ID', pceId, tcbInfo.pceId)
}

function qeLevel({ levels }: QeIdentity, { isvSvn }: SgxReport): ComponentLevel {
  return found(levels, (level) => level.isvSvn <= isvSvn, `QE ISVSVN ${isvSvn}`)
}

/** All of the platform's versions must reach those of the level. */
function platformLevel(
  { levels }: TcbInfo,
  { tcbComponents, pceSvn }: DcapPlatform,
  teeTcbSvn: Uint8Array | undefined,
): PlatformLevel {
  // From version 1 of the TDX module on, its own identity judges the first two.
  const first = moduleVersion(teeTcbSvn) > 0 ? 2 : 0
  const reached = (level: PlatformLevel): boolean =>
    level.sgxComponents.every((svn, i) => svn <= (tcbComponents[i] ?? -1)) &&
    level.pceSvn <= pceSvn &&
    level.tdxComponents.every((svn, i) => i < first || svn <= (teeTcbSvn?.[i] ?? -1))
  return found(levels, reached, 'security versions of the platform')
}

/**
 * The TDX module is Intel's; from version 1 on it has a level of its own.
 * @throws VerificationError `tdx-module-mismatch`, `tcb-not-supported`
 */
function moduleLevel(
  { tdxModule, tdxModuleIdentities }: TcbInfo,
  { mrSignerSeam, seamAttributes }: TdxReport,
  teeTcbSvn: Uint8Array,
): ComponentLevel | undefined {
  const version = moduleVersion(teeTcbSvn)
  // Two hexadecimal digits: version 16 is TDX_10. There is no falling back to `tdxModule`.
  const id = `tdx_${(version + 256).toString(16).slice(1)}`
  const identity: TdxModuleIdentity | undefined = tdxModuleIdentities.get(id)
  const expected: TdxModule | undefined = version === 0 ? tdxModule : identity
  const require = (subject: string, wanted: string, actual: string): void => {
    if (wanted !== actual)
      throw new VerificationError('tdx-module-mismatch', { subject, expected: wanted, found: actual })
  }
  if (expected === undefined)
    throw new VerificationError('tdx-module-mismatch', `TCB Info says nothing of ${id.toUpperCase()}`)
  require('MRSIGNERSEAM', expected.mrSigner, toHex(mrSignerSeam))
  require('SEAM attributes', expected.attributes, toHex(seamAttributes))
  require('SEAM attributes', 'zero', isZero(seamAttributes) ? 'zero' : toHex(seamAttributes))
  const isvSvn = teeTcbSvn[0] ?? -1
  if (version === 0 || identity === undefined) return undefined
  return found(identity.levels, (level) => level.isvSvn <= isvSvn, `ISVSVN ${isvSvn} of ${id.toUpperCase()}`)
}

const moduleVersion = (teeTcbSvn: Uint8Array | undefined): number => teeTcbSvn?.[1] ?? 0

/**
 * The highest level that is reached. No level is no status: not "out of date", but unknown to
 * Intel.
 */
function found<Level>(levels: readonly Level[], reached: (level: Level) => boolean, subject: string): Level {
  const level = levels.find(reached)
  if (level === undefined) throw new VerificationError('tcb-not-supported', `${subject} below every TCB level`)
  return level
}

/** @throws VerificationError `tcb-revoked` */
function notRevoked(status: PlatformTcbStatus, parts: Parts, when: string, checks: CheckRecorder): TcbStatus {
  const levels = levelsOf(parts)
  const names = Object.entries(parts).flatMap(([name, level]) =>
    level === undefined ? [] : [`${name} ${level.status}`],
  )
  const since = iso(Math.min(...levels.map(({ date }) => date)))
  const actual = `${status} (${names.join(', ')}) since ${since}, ${listed(advisoriesOf(levels))}`
  checks.verifies('tcb-revoked', `TCB status ${when}`, {
    holds: status !== 'Revoked',
    expected: 'anything but Revoked',
    found: actual,
  })
  return status as TcbStatus
}

/** Sorted, each once. */
function advisoriesOf(levels: readonly TcbLevel[]): readonly string[] {
  return Object.freeze([...new Set(levels.flatMap(({ advisoryIds }) => advisoryIds))].sort())
}

/** Advisories as text. */
export function listed(advisoryIds: readonly string[]): string {
  return advisoryIds.length === 0 ? 'no advisories listed' : advisoryIds.join(', ')
}
