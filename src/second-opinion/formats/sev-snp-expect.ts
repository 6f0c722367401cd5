/**
 * What callers expect of a guest on AMD SEV-SNP and of its platform, compared a second time.
 */
import type { AttestationErrorCode } from '../../core/codes.ts'
import { areSame, demand, digitsOfEither, octetsOf, type Octets } from '../readers/bytes.ts'
import { expectReportData, matchOf, type Options, wantedRegisters } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import type { ReadReport } from './sev-snp-report.ts'

/** Security versions by part. */
export type Versions = Readonly<Record<string, number>>

/** A report that was found authentic. */
export interface Proven {
  readonly report: ReadReport
  readonly product: string
  readonly cspId: string | undefined
  readonly tcbs: Readonly<Record<'currentTcb' | 'reportedTcb' | 'committedTcb' | 'launchTcb', Versions>>
}

/**
 * @returns which reference value matched. @throws AppraisalError for the first thing that is not as
 *   expected
 */
export function expectGuest(proven: Proven, options: Options, notes: Notes): string | number | undefined {
  const { report } = proven
  expectOrigin(proven, options, notes)
  const { debug, migration, vmpl = 0 } = options
  notes.expects('policy-debug', 'debug mode', !report.isDebug || isSymbol(debug, 'allowDebug'), 'on')
  notes.expects('policy-migration', 'migration', !report.isMigratable || isSymbol(migration, 'allowMigration'), 'on')
  notes.expects('policy-vmpl', 'VMPL', [vmpl].flat().includes(report.vmpl), `${report.vmpl}`)
  expectFlags(report, options, notes)
  expectVersions(proven, options, notes)
  const wanted = wantedRegisters(options, {
    measurement: [48, 'needed'],
    hostData: [32, 'zero'],
    familyId: [16, 'zero'],
    imageId: [16, 'zero'],
    idKeyDigest: [48, 'zero'],
    authorKeyDigest: [48, 'zero'],
  })
  const measured = Object.entries(report.fields).filter(
    (entry): entry is [string, Octets] => entry[1] instanceof Uint8Array,
  )
  const matched = matchOf(wanted, new Map(measured), 'policy-measurements', notes)
  expectReportData(report.fields['reportData'] as Uint8Array, options, notes)
  return matched
}

/** Whose machine it is. */
function expectOrigin(
  { report, product, cspId }: Proven,
  { products = ['Genoa', 'Turin'], cspIds, platforms }: Options,
  notes: Notes,
): void {
  notes.expects('policy-product', 'product', (products as unknown[]).includes(product), product)
  if (cspIds !== undefined)
    notes.expects('policy-csp', 'cloud provider', (cspIds as unknown[]).includes(cspId ?? NaN), 'is another')
  if (platforms === undefined) return
  const short = product === 'Turin' ? 8 : 64
  const ids = (platforms as unknown[]).map((id) => octetsOf(digitsOfEither(id)))
  const isKnown = ids.some((id) => [64, short].includes(id.length) && areSame(id, report.chipId.slice(0, id.length)))
  notes.expects('policy-platform', 'platform', report.signingKey === 'VCEK' && isKnown, 'is another')
}

/**
 * Flags of the guest policy and of the platform: those that are named, what must be so by default,
 * and bits without a name.
 */
function expectFlags({ fields }: ReadReport, { guestPolicy, platformInfo, unknownBits }: Options, notes: Notes): void {
  const allowsUnknown = isSymbol(unknownBits, 'allowUnknownBits')
  const check = (code: AttestationErrorCode, found: Options, wanted: Options, knownBits: bigint): void => {
    const different = Object.entries(wanted).find(
      ([flag, value]) => !isSymbol(value, 'anyValue') && found[flag] !== value,
    )
    notes.expects(code, 'flags', different === undefined, `${different?.[0]} is not as expected`)
    notes.expects(code, 'bits', allowsUnknown || (found['raw'] as bigint) >> knownBits === 0n, 'some are unknown')
  }
  const { minimumAbi, ...guest } = { cxlAllowed: false, ...(guestPolicy as Options | undefined) } as Options
  const policy = fields['policy'] as Options
  check('policy-guest-policy', policy, guest, 26n)
  if (minimumAbi !== undefined)
    notes.expects(
      'policy-guest-policy',
      'ABI',
      isAtLeast([policy['abiMajor'], policy['abiMinor']] as number[], minimumAbi as number[]),
      'is older',
    )
  check(
    'policy-platform-info',
    fields['platformInfo'] as Options,
    { aliasCheckComplete: true, ...(platformInfo as Options | undefined) },
    8n,
  )
}

function expectVersions({ report, product, tcbs }: Proven, options: Options, notes: Notes): void {
  const { minimumTcb, minimumLaunchTcb, minimumFirmware, minimumMitigations, minimumGuestSvn = 0 } = options
  const { currentTcb, reportedTcb, committedTcb, launchTcb } = tcbs
  const reaches = (rows: unknown, ...found: readonly Versions[]): boolean => {
    const matching = ([rows].flat() as Options[]).filter(
      ({ product: own, model, stepping }) =>
        own === product &&
        (model === undefined || model === report.cpu?.model) &&
        (stepping === undefined || stepping === report.cpu?.stepping),
    )
    const parts = matching.flatMap((row) =>
      Object.entries(row).filter(([name]) => !['product', 'model', 'stepping'].includes(name)),
    )
    return (
      matching.length > 0 &&
      parts.every(([part, least]) => found.every((tcb) => (tcb[part] ?? -1) >= (least as number)))
    )
  }
  if (minimumTcb !== undefined)
    notes.expects(
      'policy-tcb',
      'TCB, reported and committed',
      reaches(minimumTcb, reportedTcb, committedTcb),
      'is older',
    )
  if (minimumLaunchTcb !== undefined)
    notes.expects('policy-tcb', 'TCB at launch', reaches(minimumLaunchTcb, launchTcb), 'is older')
  const { currentVersion, committedVersion } = report
  if (minimumFirmware !== undefined)
    notes.expects('policy-firmware', 'firmware', isAtLeast(committedVersion, minimumFirmware as number[]), 'is older')
  const isCommitted =
    Object.entries(currentTcb).every(([part, version]) => committedTcb[part] === version) &&
    currentVersion.join() === committedVersion.join()
  const mayChange = isSymbol(options['provisionalFirmware'], 'allowProvisionalFirmware')
  notes.expects('policy-provisional-firmware', 'firmware', isCommitted || mayChange, 'is provisional')
  for (const [name, bits] of Object.entries((minimumMitigations ?? {}) as Options)) {
    demand(name === 'launch' || name === 'current', 'mitigations of another time')
    const wanted = BigInt(bits as bigint | number)
    const found = (report.fields[`${name}MitVector`] ?? 0n) as bigint
    notes.expects('policy-mitigations', 'mitigations', (found & wanted) === wanted, 'some are missing')
  }
  notes.expects(
    'policy-guest-svn',
    'GUEST_SVN',
    (report.fields['guestSvn'] as number) >= (minimumGuestSvn as number),
    'is older',
  )
}

/** Lists of numbers, of which the first that differs decides. */
function isAtLeast(found: readonly number[], least: readonly number[]): boolean {
  const at = found.findIndex((number, i) => number !== least[i])
  return at < 0 || (found[at] as number) > (least[at] ?? 0)
}
