/**
 * What a caller says about the guest and the platform that it expects. Defaults refuse what a
 * caller must decide about.
 */
import { type ReferenceValue, type skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../../core/options.ts'
import type { Clock } from '../../../core/time.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import {
  allowDebug,
  readVerifierOptions,
  snapshotOptions,
  type VerifierOptions,
  type VerifierPolicy,
} from '../../options.ts'
import {
  allowMigration,
  anyValue,
  type Hex,
  readReportData,
  readSizedBytes,
  type skipReportData,
  skipRevocation,
} from '../../../appraisal/expectations.ts'
import { amdRoots, type SevSnpEndorsements } from './endorsements.ts'
import { readReferenceValues, type SnpReferenceValues } from './reference-values.ts'
import {
  type FirmwareVersion,
  platformFlags,
  policyFlags,
  type SnpGuestPolicy,
  type SnpPlatformInfo,
} from './report.ts'
import { products as knownProducts, type SnpProduct, type SnpTcb, type TcbPart } from './tcb.ts'

/**
 * Pass it as `provisionalFirmware` to accept firmware that the host can still take back (COMMITTED
 * below CURRENT).
 */
export const allowProvisionalFirmware: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowProvisionalFirmware')

/**
 * Pass it as `unknownBits` to accept bits of the guest policy and of the platform info that this
 * version does not know.
 */
export const allowUnknownBits: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowUnknownBits')

/** A flag that must be set, must be clear, or does not matter. */
export type Flag = boolean | typeof anyValue

/** Flags of the guest policy. Default: `cxlAllowed: false`, others any. */
export type GuestPolicyExpectation = Partial<
  Record<Exclude<keyof SnpGuestPolicy, 'abiMajor' | 'abiMinor' | 'debug' | 'migrateMa' | 'raw'>, Flag>
> & {
  /** The least firmware ABI that the guest must demand. */
  readonly minimumAbi?: readonly [major: number, minor: number]
}

/** Flags of the platform info. Default: `aliasCheckComplete: true`, others any. */
export type PlatformInfoExpectation = Partial<Record<Exclude<keyof SnpPlatformInfo, 'raw'>, Flag>>

/**
 * The least security versions of processors of a product. Microcode is not comparable between
 * models and steppings: name them where you name it.
 */
export interface MinimumTcb extends Partial<Record<TcbPart, number>> {
  readonly product: SnpProduct
  /**
   * CPUID model; left out: any. Reports of version 2 do not say theirs, and match rows without it
   * only.
   */
  readonly model?: number
  readonly stepping?: number
}

/** Options of `verifySevSnp`. */
export interface SevSnpOptions extends Omit<VerifierOptions, 'now'> {
  /**
   * What AMD says of the key that signed the report. Anyone may deliver it: everything in it is
   * verified.
   */
  readonly endorsements: SevSnpEndorsements
  /**
   * The guests that are accepted: any one must match. To accept any code, pass
   * `skipReferenceValues`.
   */
  readonly referenceValues: SnpReferenceValues | readonly SnpReferenceValues[] | typeof skipReferenceValues
  /**
   * The 64 bytes of report data that the report must carry, exactly: what ties it to your nonce and
   * to the key that you will encrypt to. To go without, pass `skipReportData`.
   */
  readonly reportData: Uint8Array | typeof skipReportData
  /**
   * To go without the ARK's revocation list: a revoked ASK then goes unnoticed. Default: the list
   * is required.
   */
  readonly revocation?: typeof skipRevocation
  /**
   * Default: Genoa and Turin. The owner of a Milan machine can forge its reports in software
   * (arXiv 2605.12990, AMD-SB-3045): who names `Milan` accepts that.
   */
  readonly products?: readonly SnpProduct[]
  /**
   * Cloud providers (cspID of the VLEK) that are accepted; a VCEK then fails. Default: not checked.
   */
  readonly cspIds?: readonly string[]
  /**
   * Machines that are accepted: CHIP_ID, 64 bytes (Turin also 8); a VLEK then fails. Default: not
   * checked.
   */
  readonly platforms?: readonly (Hex | Uint8Array)[]
  /** Guests that can be debugged are refused unless this is `allowDebug`. Default: refused. */
  readonly debug?: typeof allowDebug
  /** Guests that may be migrated are refused unless this is `allowMigration`. Default: refused. */
  readonly migration?: typeof allowMigration
  /** Who may have asked for the report: 0 to 3, one or several. Default: 0. */
  readonly vmpl?: number | readonly number[]
  /** Flags of the guest policy. Default: `cxlAllowed: false`, and any value of the others. */
  readonly guestPolicy?: GuestPolicyExpectation
  /**
   * Flags of the platform info. Default: `aliasCheckComplete: true`, and any value of the others.
   */
  readonly platformInfo?: PlatformInfoExpectation
  /**
   * Bits that this version does not know are refused unless this is {@link allowUnknownBits}.
   * Default: refused.
   */
  readonly unknownBits?: typeof allowUnknownBits
  /**
   * For REPORTED_TCB and COMMITTED_TCB: every row that matches the platform must hold, and one must
   * match. Default: not checked.
   */
  readonly minimumTcb?: MinimumTcb | readonly MinimumTcb[]
  /** The same for LAUNCH_TCB. Default: not checked. */
  readonly minimumLaunchTcb?: MinimumTcb | readonly MinimumTcb[]
  /** The least COMMITTED version. Default: not checked. */
  readonly minimumFirmware?: FirmwareVersion
  /**
   * Firmware that the host can still take back is refused unless this is
   * {@link allowProvisionalFirmware}. Default: refused.
   */
  readonly provisionalFirmware?: typeof allowProvisionalFirmware
  /**
   * Bits of the mitigation vectors that must be set; reports before version 5 have none. Default:
   * not checked.
   */
  readonly minimumMitigations?: { readonly launch?: bigint | number; readonly current?: bigint | number }
  /** The least GUEST_SVN. Default: not checked. */
  readonly minimumGuestSvn?: number
  /** The time to verify at. Default: the clock, read once. A report has no date of its own. */
  readonly now?: Date
}

/** {@link SevSnpOptions}, checked and copied. */
export interface SevSnpPolicy extends VerifierPolicy {
  readonly clock: Clock
  readonly endorsements: Readonly<Partial<Record<keyof SevSnpEndorsements, unknown>>>
  readonly referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues
  /** `undefined` when the caller skips it. */
  readonly reportData: Bytes | undefined
  readonly checksRevocation: boolean
  readonly products: readonly SnpProduct[]
  readonly cspIds: readonly string[] | undefined
  readonly platforms: readonly Bytes[] | undefined
  readonly debug: boolean
  readonly migration: boolean
  readonly vmpls: readonly number[]
  /** Only flags that matter. */
  readonly guestPolicy: Readonly<Record<string, boolean>>
  readonly minimumAbi: readonly [major: number, minor: number] | undefined
  readonly platformInfo: Readonly<Record<string, boolean>>
  readonly unknownBits: boolean
  readonly minimumTcb: readonly MinimumTcb[] | undefined
  readonly minimumLaunchTcb: readonly MinimumTcb[] | undefined
  readonly minimumFirmware: FirmwareVersion | undefined
  readonly provisionalFirmware: boolean
  readonly minimumMitigations: { readonly launch: bigint; readonly current: bigint } | undefined
  readonly minimumGuestSvn: number | undefined
}

const names = [
  'endorsements',
  'referenceValues',
  'reportData',
  'revocation',
  'products',
  'cspIds',
  'platforms',
  'debug',
  'migration',
  'vmpl',
  'guestPolicy',
  'platformInfo',
  'unknownBits',
  'minimumTcb',
  'minimumLaunchTcb',
  'minimumFirmware',
  'provisionalFirmware',
  'minimumMitigations',
  'minimumGuestSvn',
] as const satisfies readonly Exclude<keyof SevSnpOptions, keyof VerifierOptions>[]

/** @throws TypeError for every mistake that a caller can make */
export async function readSevSnpOptions(options: SevSnpOptions): Promise<SevSnpPolicy> {
  const own = snapshotOptions<SevSnpOptions>(options, names)
  requireOption('endorsements', 'an object like { certificateChain, crl, vek }', isPlainObject(own.endorsements))
  const guest = (value: unknown): Partial<GuestPolicyExpectation> => snapshotOf(value, 'guestPolicy')
  const { minimumAbi, ...guestFlags } = optional(own.guestPolicy, guest) ?? guest({})
  const policy: Omit<SevSnpPolicy, keyof VerifierPolicy> = {
    endorsements: snapshotOf<Record<keyof SevSnpEndorsements, unknown>>(own.endorsements, 'endorsements'),
    referenceValues: readReferenceValues(own.referenceValues),
    reportData: readReportData(own.reportData),
    checksRevocation: !isAllowed(own.revocation, 'revocation', 'skipRevocation', skipRevocation),
    products: optional(own.products, readProducts) ?? ['Genoa', 'Turin'],
    cspIds: optional(own.cspIds, readCspIds),
    platforms: optional(own.platforms, readPlatforms),
    debug: isAllowed(own.debug, 'debug', 'allowDebug', allowDebug),
    migration: isAllowed(own.migration, 'migration', 'allowMigration', allowMigration),
    vmpls: readVmpls(own.vmpl),
    guestPolicy: readFlags(guestFlags, 'guestPolicy', guestFlagNames(), { cxlAllowed: false }),
    minimumAbi: optional(
      minimumAbi,
      (value) => readNumbers(value, 2, 'guestPolicy.minimumAbi') as readonly [number, number],
    ),
    platformInfo: readFlags(own.platformInfo, 'platformInfo', Object.keys(platformFlags), { aliasCheckComplete: true }),
    unknownBits: isAllowed(own.unknownBits, 'unknownBits', 'allowUnknownBits', allowUnknownBits),
    minimumTcb: optional(own.minimumTcb, (value) => readMinimums(value, 'minimumTcb')),
    minimumLaunchTcb: optional(own.minimumLaunchTcb, (value) => readMinimums(value, 'minimumLaunchTcb')),
    minimumFirmware: optional(
      own.minimumFirmware,
      (value) => readNumbers(value, 3, 'minimumFirmware') as unknown as FirmwareVersion,
    ),
    provisionalFirmware: isAllowed(
      own.provisionalFirmware,
      'provisionalFirmware',
      'allowProvisionalFirmware',
      allowProvisionalFirmware,
    ),
    minimumMitigations: optional(own.minimumMitigations, readMitigations),
    minimumGuestSvn: optional(own.minimumGuestSvn, (value) => readNumber(value, 0xffff_ffff, 'minimumGuestSvn')),
  }
  const { clock, ...common } = await readVerifierOptions(own, ...amdRoots)
  if (clock === undefined) throw new TypeError('now must be a Date: a report has no date of its own')
  return Object.assign({ clock }, common, policy)
}

/** What a symbol allows. @throws TypeError for everything else that is not left out */
function isAllowed(value: unknown, name: string, symbolName: string, symbol: symbol): boolean {
  requireOption(name, symbolName, value === undefined || value === symbol)
  return value === symbol
}

/** What callers may ask of the guest policy: debug mode and migration have options of their own. */
const guestFlagNames = (): readonly string[] =>
  Object.keys(policyFlags).filter((flag) => flag !== 'debug' && flag !== 'migrateMa')

/** @throws TypeError for flags that there are not */
function readFlags(
  input: unknown,
  path: string,
  known: readonly string[],
  defaults: Readonly<Record<string, Flag>>,
): Readonly<Record<string, boolean>> {
  const given = input === undefined ? {} : snapshotOf<Record<string, unknown>>(input, path)
  for (const [flag, value] of Object.entries(given)) {
    requireOption(`${path}.${flag}`, `one of ${known.join(', ')}`, known.includes(flag))
    requireOption(`${path}.${flag}`, 'true, false or anyValue', typeof value === 'boolean' || value === anyValue)
  }
  const flags = Object.entries({ ...defaults, ...given }).filter(([, value]) => typeof value === 'boolean')
  return Object.fromEntries(flags) as Record<string, boolean>
}

/** What reads an option, where it is given. */
function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value)
}

function readProducts(value: unknown): readonly SnpProduct[] {
  const list = readList(value, 'products')
  for (const product of list)
    requireOption(
      'products',
      `a list of ${knownProducts.join(', ')}`,
      knownProducts.some((known) => known === product),
    )
  return list as readonly SnpProduct[]
}

function readCspIds(value: unknown): readonly string[] {
  const list = readList(value, 'cspIds')
  requireOption(
    'cspIds',
    'a list of texts',
    list.every((id) => typeof id === 'string' && id !== ''),
  )
  return list as readonly string[]
}

function readPlatforms(value: unknown): readonly Bytes[] {
  return readList(value, 'platforms').map((id, i) => {
    const path = `platforms[${i}]`
    const isShort =
      (typeof id === 'string' ? id.replace(/^0x/i, '').length / 2 : (id as Uint8Array | undefined)?.length) === 8
    const bytes = readSizedBytes(id, isShort ? 8 : 64, path)
    requireOption(path, 'other than zero', !isZero(bytes))
    return bytes
  })
}

function readVmpls(value: unknown): readonly number[] {
  const list = value === undefined ? [0] : Array.isArray(value) ? readList(value, 'vmpl') : [value]
  requireOption(
    'vmpl',
    '0 to 3, or a list of them',
    list.every((level) => isUint(level, 3)),
  )
  return list as readonly number[]
}

function readMinimums(value: unknown, name: string): readonly MinimumTcb[] {
  return (Array.isArray(value) ? readList(value, name) : [value]).map((row, i) => readMinimum(row, `${name}[${i}]`))
}

function readMinimum(input: unknown, path: string): MinimumTcb {
  requireOption(path, "like { product: 'Genoa', model: 17, snp: 27, microcode: 86 }", isPlainObject(input))
  // It stays what it is, an object that inherits nothing: what is read from it later is its own.
  const row = snapshotOf<MinimumTcb>(input, path)
  const { product, ...numbers } = row
  requireOption(
    `${path}.product`,
    `one of ${knownProducts.join(', ')}`,
    knownProducts.some((known) => known === product),
  )
  const parts = ['fmc', 'bootloader', 'tee', 'snp', 'microcode'] as const satisfies readonly (keyof SnpTcb)[]
  const known = ['model', 'stepping', ...parts]
  for (const [key, value] of Object.entries(numbers)) {
    requireOption(`${path}.${key}`, `one of product, ${known.join(', ')}`, known.includes(key))
    requireOption(`${path}.${key}`, '0 to 255', isUint(value, 255))
  }
  // A row without a version would match, and so vouch for a platform that it says nothing of.
  requireOption(
    path,
    `a row with one of ${parts.join(', ')}`,
    parts.some((part) => Object.hasOwn(numbers, part)),
  )
  requireOption(`${path}.fmc`, 'left out: only Turin has it', product === 'Turin' || !Object.hasOwn(numbers, 'fmc'))
  return row as MinimumTcb
}

function readMitigations(value: unknown): SevSnpPolicy['minimumMitigations'] {
  const given = snapshotOf<Record<string, unknown>>(value, 'minimumMitigations')
  const entries = Object.entries(given)
  requireOption('minimumMitigations', '{ launch, current }, one or both', entries.length > 0)
  for (const [key, bits] of entries) {
    requireOption(`minimumMitigations.${key}`, 'launch or current', key === 'launch' || key === 'current')
    const isBits =
      (typeof bits === 'bigint' && bits === BigInt.asUintN(64, bits)) || isUint(bits, Number.MAX_SAFE_INTEGER)
    requireOption(`minimumMitigations.${key}`, '64 bits, as a bigint or a whole number below 2^53', isBits)
  }
  const { launch = 0, current = 0 } = given as { launch?: bigint | number; current?: bigint | number }
  return { launch: BigInt(launch), current: BigInt(current) }
}

function readNumbers(value: unknown, count: number, name: string): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) ? [...(value as unknown[])] : []
  requireOption(name, `${count} numbers from 0 to 255`, list.length === count && list.every((n) => isUint(n, 255)))
  return list as readonly number[]
}

function readNumber(value: unknown, maximum: number, name: string): number {
  requireOption(name, `0 to ${maximum}`, isUint(value, maximum))
  return value as number
}

/** @throws TypeError unless it is a list of at least one */
function readList(value: unknown, name: string): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(value) ? [...(value as unknown[])] : []
  requireOption(name, 'a list of at least one', list.length > 0)
  return list
}

function isUint(value: unknown, maximum: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maximum
}
