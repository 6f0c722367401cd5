/**
 * The report is genuine. Is it what the caller expects? Every failure is kept, so that all of them
 * are reported, in this order.
 */
import { appraiseAllowance } from '../../../appraisal/allowance.ts'
import { appraiseBinding } from '../../../appraisal/binding.ts'
import { appraiseReferenceValues, type Matched } from '../../../appraisal/reference-values.ts'
import type { AttestationErrorCode } from '../../../core/codes.ts'
import type { CheckRecorder, Comparison } from '../../../core/record.ts'
import { copyBytes, equalBytes } from '../../../encoding/bytes.ts'
import type { MinimumTcb, SevSnpPolicy } from './options.ts'
import { registersOf } from './reference-values.ts'
import { type FirmwareVersion, knownPlatformBits, knownPolicyBits, type SnpReport } from './report.ts'
import { isAtMost, type SnpProduct, type SnpTcb, tcbParts, textOfTcb } from './tcb.ts'
import { chipIdSizes } from './vek.ts'

/** A verified report with what its certificates say. */
export interface Verified {
  readonly report: SnpReport
  readonly product: SnpProduct
  readonly cspId: string | undefined
  readonly currentTcb: SnpTcb
  readonly reportedTcb: SnpTcb
  readonly committedTcb: SnpTcb
  readonly launchTcb: SnpTcb
}

/** @returns which reference value matched */
export function appraise(verified: Verified, policy: SevSnpPolicy, checks: CheckRecorder): Matched | undefined {
  const { report } = verified
  appraiseOrigin(verified, policy, checks)
  appraiseDanger(report, policy, checks)
  appraiseLevel(report, policy, checks)
  appraiseGuestPolicy(report, policy, checks)
  appraisePlatformInfo(report, policy, checks)
  appraiseFirmware(verified, policy, checks)
  const least = policy.minimumGuestSvn
  appraiseIf(checks, { code: 'policy-guest-svn', subject: 'GUEST_SVN' }, least, (minimum) => ({
    holds: report.guestSvn >= minimum,
    expected: `at least ${minimum}`,
    found: `${report.guestSvn}`,
  }))
  const matched = appraiseReferenceValues('policy-measurements', registersOf(report), policy.referenceValues, checks)
  if (policy.reportData === undefined) checks.omit('policy-report-data', 'skipped', 'report data skipped')
  else
    appraiseBinding(
      'policy-report-data',
      'report data',
      { found: copyBytes(report.reportData), expected: policy.reportData },
      checks,
    )
  return matched
}

/**
 * Whose machine it is: product, cloud provider, chip. Identities of machines belong into no trace.
 */
function appraiseOrigin({ report, product, cspId }: Verified, policy: SevSnpPolicy, checks: CheckRecorder): void {
  const isMilan = product === 'Milan' ? " (its owner can forge reports; to accept that, pass products: ['Milan'])" : ''
  checks.appraises('policy-product', 'product', {
    holds: policy.products.includes(product),
    expected: policy.products.join(' or '),
    found: `${product}${isMilan}`,
  })
  appraiseIf(checks, { code: 'policy-csp', subject: 'cloud provider' }, policy.cspIds, (accepted) => ({
    holds: cspId !== undefined && accepted.includes(cspId),
    expected: accepted.join(' or '),
    found: cspId ?? 'none: the report is signed by a VCEK',
  }))
  appraiseIf(checks, { code: 'policy-platform', subject: 'platform' }, policy.platforms, (accepted) => {
    const { chipId, signingKey } = report
    const size = chipIdSizes[product]
    const isListed = accepted.some(
      (id) =>
        (id.length === 64 && equalBytes(id, chipId)) ||
        (id.length === size && equalBytes(id, chipId.subarray(0, size))),
    )
    const isVouchedFor = signingKey === 'VCEK'
    const found = isVouchedFor ? 'another' : 'a VLEK, which does not vouch for the chip'
    return {
      holds: isVouchedFor && isListed,
      expected: `one of ${accepted.length}`,
      found: isVouchedFor && isListed ? 'one of them' : found,
    }
  })
}

/** What lets others at the guest's memory. */
function appraiseDanger(report: SnpReport, { debug, migration }: SevSnpPolicy, checks: CheckRecorder): void {
  const { policy, reportIdMa } = report
  const isDebug = {
    subject: 'debug mode',
    isAllowed: debug,
    isOn: policy.debug,
    found: 'on: the host may read the memory',
  }
  appraiseAllowance('policy-debug', isDebug, checks)
  const isMigratable = policy.migrateMa || !reportIdMa.every((byte) => byte === 0xff)
  appraiseAllowance('policy-migration', { subject: 'migration', isAllowed: migration, isOn: isMigratable }, checks)
}

function appraiseLevel({ vmpl }: SnpReport, { vmpls }: SevSnpPolicy, checks: CheckRecorder): void {
  const found = vmpl === 0xffff_ffff ? 'the host, not the guest' : `${vmpl}`
  checks.appraises('policy-vmpl', 'VMPL that asked for the report', {
    holds: vmpls.includes(vmpl),
    expected: vmpls.join(' or '),
    found,
  })
}

function appraiseGuestPolicy({ policy }: SnpReport, expected: SevSnpPolicy, checks: CheckRecorder): void {
  const { minimumAbi } = expected
  const abi = [policy.abiMajor, policy.abiMinor] as const
  appraiseFlags(checks, 'policy-guest-policy', 'guest policy', {
    ...flagsOf(policy, expected.guestPolicy),
    unknown: expected.unknownBits ? 0n : policy.raw & ~knownPolicyBits,
    more:
      minimumAbi === undefined || compare(abi, minimumAbi) >= 0
        ? []
        : [['minimum ABI', `at least ${minimumAbi.join('.')}`, abi.join('.')]],
  })
}

function appraisePlatformInfo({ platformInfo }: SnpReport, expected: SevSnpPolicy, checks: CheckRecorder): void {
  appraiseFlags(checks, 'policy-platform-info', 'platform info', {
    ...flagsOf(platformInfo, expected.platformInfo),
    unknown: expected.unknownBits ? 0n : platformInfo.raw & ~knownPlatformBits,
    more: [],
  })
}

/**
 * Versions: of the platform's parts, at launch, of the firmware, and whether the host can go back.
 */
function appraiseFirmware(verified: Verified, policy: SevSnpPolicy, checks: CheckRecorder): void {
  const { report, currentTcb, reportedTcb, committedTcb, launchTcb } = verified
  const { currentVersion, committedVersion } = report
  appraiseIf(checks, { code: 'policy-tcb', subject: 'TCB, reported and committed' }, policy.minimumTcb, (rows) =>
    againstRows(verified, rows, { reported: reportedTcb, committed: committedTcb }),
  )
  appraiseIf(checks, { code: 'policy-tcb', subject: 'TCB at launch' }, policy.minimumLaunchTcb, (rows) =>
    againstRows(verified, rows, { launch: launchTcb }),
  )
  appraiseIf(checks, { code: 'policy-firmware', subject: 'committed firmware' }, policy.minimumFirmware, (minimum) => ({
    holds: compare(committedVersion, minimum) >= 0,
    expected: `at least ${textOf(minimum)}`,
    found: textOf(committedVersion),
  }))
  const isProvisional =
    !isAtMost(currentTcb, committedTcb) ||
    !isAtMost(committedTcb, currentTcb) ||
    compare(currentVersion, committedVersion) !== 0
  checks.appraises('policy-provisional-firmware', 'firmware', {
    holds: policy.provisionalFirmware || !isProvisional,
    expected: policy.provisionalFirmware ? 'provisional allowed' : 'committed',
    found: isProvisional
      ? `provisional: ${textOf(currentVersion)} (${textOfTcb(currentTcb)}) runs, ${textOf(committedVersion)} (${textOfTcb(committedTcb)}) is committed`
      : 'committed',
  })
  appraiseIf(
    checks,
    { code: 'policy-mitigations', subject: 'mitigations' },
    policy.minimumMitigations,
    ({ launch, current }) => {
      const [foundLaunch, foundCurrent] = [report.launchMitVector ?? 0n, report.currentMitVector ?? 0n]
      return {
        holds: (foundLaunch & launch) === launch && (foundCurrent & current) === current,
        expected: `bits 0x${launch.toString(16)} at launch, 0x${current.toString(16)} now`,
        found: `0x${foundLaunch.toString(16)} at launch, 0x${foundCurrent.toString(16)} now`,
      }
    },
  )
}

/** Rows that match the platform must all hold, for every one of `tcbs`; one must match. */
function againstRows(
  { report: { cpu }, product }: Verified,
  rows: readonly MinimumTcb[],
  tcbs: Readonly<Record<string, SnpTcb>>,
): Comparison {
  const matching = rows.filter(
    (row) =>
      row.product === product &&
      (row.model === undefined || row.model === cpu?.model) &&
      (row.stepping === undefined || row.stepping === cpu?.stepping),
  )
  const found = Object.entries(tcbs)
    .map(([name, tcb]) => `${name}: ${textOfTcb(tcb)}`)
    .join('; ')
  if (matching.length === 0) {
    const model = cpu === undefined ? 'which does not say its model' : `model ${cpu.model}, stepping ${cpu.stepping}`
    return { holds: false, expected: 'a row for this platform', found: `none for ${product}, ${model}` }
  }
  const minimums = matching.map((row) =>
    Object.fromEntries(tcbParts.flatMap((part) => (row[part] === undefined ? [] : [[part, row[part]]]))),
  ) as Partial<SnpTcb>[]
  const holds = minimums.every((parts) =>
    Object.values(tcbs).every((tcb) =>
      Object.entries(parts).every(([part, least]) => (tcb[part as keyof SnpTcb] ?? -1) >= least),
    ),
  )
  return { holds, expected: `at least ${minimums.map(textOfTcb).join('; ')}`, found }
}

type Difference = readonly [name: string, expected: string, found: string]

/** Flags that are not as expected. */
function flagsOf(
  found: object,
  expected: Readonly<Record<string, boolean>>,
): { readonly expected: Readonly<Record<string, boolean>>; readonly different: readonly Difference[] } {
  const different = Object.entries(expected).filter(
    ([flag, value]) => (found as Readonly<Record<string, unknown>>)[flag] !== value,
  )
  return { expected, different: different.map(([flag, value]) => [flag, `${value}`, `${!value}`]) }
}

/** One check of several flags: the message lists those that differ. */
function appraiseFlags(
  checks: CheckRecorder,
  code: AttestationErrorCode,
  subject: string,
  {
    expected,
    different,
    unknown,
    more,
  }: ReturnType<typeof flagsOf> & { readonly unknown: bigint; readonly more: readonly Difference[] },
): void {
  const differences: readonly Difference[] = [
    ...different,
    ...more,
    ...(unknown === 0n ? [] : [['unknown bits', 'none', `0x${unknown.toString(16)}`] as const]),
  ]
  const wanted = Object.entries(expected).map(([flag, value]) => `${flag} ${value}`)
  checks.appraises(code, subject, {
    holds: differences.length === 0,
    expected:
      differences.length === 0
        ? wanted.join(', ') || 'any'
        : differences.map(([name, value]) => `${name} ${value}`).join(', '),
    found:
      differences.length === 0 ? 'as expected' : differences.map(([name, , value]) => `${name} ${value}`).join(', '),
  })
}

/** One check where the caller asked for it. */
function appraiseIf<T>(
  checks: CheckRecorder,
  { code, subject }: { readonly code: AttestationErrorCode; readonly subject: string },
  wanted: T | undefined,
  factsOf: (wanted: T) => Comparison,
): void {
  if (wanted === undefined) checks.omit(code, 'not-requested', `no expectation of ${subject}`)
  else checks.appraises(code, subject, factsOf(wanted))
}

/** Lists of numbers, the first that differs decides. */
export function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i])
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number)
}

function textOf(version: FirmwareVersion): string {
  return version.join('.')
}
