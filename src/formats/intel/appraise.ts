/**
 * What TDX and SGX are both appraised for.
 */
import { appraiseAllowance } from '../../appraisal/allowance.ts'
import { appraiseBinding } from '../../appraisal/binding.ts'
import { copyBytes, equalBytes } from '../../encoding/bytes.ts'
import type { CheckRecorder } from '../../core/record.ts'
import type { Collateral } from './collateral/collateral.ts'
import { type DcapTcb, listed } from './evaluate.ts'
import type { DcapPolicy } from './options.ts'
import type { DcapPlatform } from './collateral/pck.ts'

/**
 * Fails with `policy-tcb-status`, `policy-tcb-evaluation`, `policy-endorsement-age`,
 * `policy-platform`, or several of them.
 */
export function appraisePlatform(
  tcb: DcapTcb,
  { platform, issued }: Collateral,
  policy: DcapPolicy,
  checks: CheckRecorder,
): void {
  appraiseStatus(tcb, policy, checks)
  appraisePair(tcb, checks)
  appraiseEvaluation(tcb, policy, checks)
  appraiseAges(issued, policy, checks)
  appraiseIdentity(platform, policy, checks)
}

/**
 * When a verdict is due again, Unix milliseconds: as soon as something expires, or becomes older
 * than the caller allows.
 */
export function validUntilOf({ validUntil, issued }: Collateral, { maximumAges }: DcapPolicy): number {
  return Math.min(validUntil, ...[...maximumAges].map(([name, seconds]) => issued[name] + seconds * 1000))
}

/**
 * Intel's status of a TDX 1.5 platform is that of launch, even where it became worse since: both
 * must be accepted.
 */
function appraiseStatus(tcb: DcapTcb, { acceptedTcbStatuses: accepted }: DcapPolicy, checks: CheckRecorder): void {
  const { tcbStatus, currentTcbStatus = tcbStatus, advisoryIDs, currentAdvisoryIDs = [] } = tcb
  const refused = [...new Set([tcbStatus, currentTcbStatus])].filter((status) => !accepted.includes(status))
  const found = currentTcbStatus === tcbStatus ? tcbStatus : `${tcbStatus} at launch, ${currentTcbStatus} now`
  const advisories = listed([...new Set([...advisoryIDs, ...currentAdvisoryIDs])].sort())
  const advice = refused.map((status) => `'${status}'`).join(', ')
  checks.appraises('policy-tcb-status', 'TCB status', {
    holds: refused.length === 0,
    expected: accepted.join(' or '),
    found:
      refused.length === 0 ? found : `${found} (${advisories}); to accept it, pass acceptedTcbStatuses: [${advice}]`,
  })
}

/**
 * Intel publishes both documents for each TCB recovery, one after the other: current ones differ by
 * one at most. More, and one was kept back. 0 is from before Intel counted, in PKIs of samples:
 * nothing with that number is in its dates under Intel's own root.
 */
function appraisePair({ tcbEvaluationDataNumber: { tcbInfo, qeIdentity } }: DcapTcb, checks: CheckRecorder): void {
  const holds = Math.abs(tcbInfo - qeIdentity) <= 1 || Math.min(tcbInfo, qeIdentity) === 0
  const found = `${tcbInfo} and ${qeIdentity}`
  checks.appraises('policy-tcb-evaluation', 'TCB evaluation data numbers', {
    holds,
    expected: 'at most 1 apart',
    found,
  })
}

/** The lower of both numbers counts: Intel publishes them one after the other. */
function appraiseEvaluation(
  { tcbEvaluationDataNumber: { tcbInfo, qeIdentity } }: DcapTcb,
  { minimumTcbEvaluationDataNumber: minimum }: DcapPolicy,
  checks: CheckRecorder,
): void {
  if (minimum === undefined) {
    checks.omit('policy-tcb-evaluation', 'not-requested', 'no minimum TCB evaluation data number expected')
    return
  }
  const holds = Math.min(tcbInfo, qeIdentity) >= minimum
  const found = `${tcbInfo} of TCB Info, ${qeIdentity} of QE identity`
  checks.appraises('policy-tcb-evaluation', 'TCB evaluation data number', {
    holds,
    expected: `at least ${minimum}`,
    found,
  })
}

/** The deliverer of endorsements chooses which: any that are in their dates, the oldest too. */
function appraiseAges(issued: Collateral['issued'], { clock, maximumAges }: DcapPolicy, checks: CheckRecorder): void {
  const code = 'policy-endorsement-age'
  if (maximumAges.size === 0) checks.omit(code, 'not-requested', 'no age expected')
  for (const [name, seconds] of maximumAges) {
    const age = (clock.now - issued[name]) / 1000
    checks.appraises(code, `age of ${name} in seconds`, {
      holds: age <= seconds,
      expected: `at most ${seconds}`,
      found: `${age}`,
    })
  }
}

/** Says only whether it is listed: the identity of a machine belongs into no trace. */
function appraiseIdentity(
  { ppid, platformInstanceId }: DcapPlatform,
  { platforms }: DcapPolicy,
  checks: CheckRecorder,
): void {
  if (platforms === undefined) {
    checks.omit('policy-platform', 'not-requested', 'no platform expected')
    return
  }
  const ids = platformInstanceId === undefined ? [ppid] : [ppid, platformInstanceId]
  const holds = platforms.some((platform) => ids.some((id) => equalBytes(id, platform)))
  checks.appraises('policy-platform', 'platform', {
    holds,
    expected: `one of ${platforms.length}`,
    found: holds ? 'one of them' : 'another',
  })
}

/** Fails with `policy-report-data`. */
export function appraiseReportData(found: Uint8Array, { reportData }: DcapPolicy, checks: CheckRecorder): void {
  if (reportData === undefined) checks.omit('policy-report-data', 'skipped', 'report data skipped')
  else appraiseBinding('policy-report-data', 'report data', { found: copyBytes(found), expected: reportData }, checks)
}

/**
 * Fails with `policy-debug`. @param found what makes it debuggable, in words; `undefined` when
 * nothing does
 */
export function appraiseDebug(found: string | undefined, { debug }: DcapPolicy, checks: CheckRecorder): void {
  const isOn = found !== undefined
  appraiseAllowance('policy-debug', { subject: 'debug mode', isAllowed: debug, isOn, found }, checks)
}
