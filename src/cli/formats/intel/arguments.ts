/**
 * From the command line to the options of the verifiers of Intel's quotes.
 */
import type { DcapEndorsements, DcapOptions, Hex, TcbStatus } from '../../../formats/intel/tdx/index.ts'
import type { EvidenceFormat } from '../../../index.ts'
import { type SgxOptions, type SgxReferenceValues, verifySgx } from '../../../formats/intel/sgx/index.ts'
import {
  allowDebug,
  allowMigration,
  anyValue,
  skipReferenceValues,
  skipReportData,
  type TdxOptions,
  type TdxReferenceValues,
  verifyTdx,
} from '../../../formats/intel/tdx/index.ts'
import {
  allowOtherEvents,
  type EventExpectations,
  rtmrReferenceValues,
} from '../../../formats/intel/tdx/events/index.ts'
import { type CommandOptions, listOf, requireOne, secondsOf, timeOf, type Values, versionOf } from '../../arguments.ts'
import { UsageError } from '../../failures.ts'
import { asAsked } from '../../second-opinion.ts'
import type { OptionFormats, Verifier } from '../family.ts'
import { readCertificates, readCollateral, readEventLog, readJson, readValue } from '../../input.ts'

/** Registers of a TD, by the names that the library gives them. */
const tdxRegisters: Readonly<Record<string, string>> = {
  mrTd: 'mrtd',
  rtmr0: 'rtmr0',
  rtmr1: 'rtmr1',
  rtmr2: 'rtmr2',
  rtmr3: 'rtmr3',
  mrConfigId: 'mrconfigid',
  mrOwner: 'mrowner',
  mrOwnerConfig: 'mrownerconfig',
  tdAttributes: 'td-attributes',
  xfam: 'xfam',
  mrSeam: 'mrseam',
}
/** What an enclave is known by. */
const sgxRegisters: Readonly<Record<string, string>> = {
  mrEnclave: 'mrenclave',
  mrSigner: 'mrsigner',
  isvProdId: 'isv-prod-id',
  minimumIsvSvn: 'minimum-isv-svn',
  configId: 'config-id',
  configSvn: 'config-svn',
  isvFamilyId: 'isv-family-id',
  isvExtProdId: 'isv-ext-prod-id',
  miscSelect: 'misc-select',
  xfrm: 'xfrm',
  provisionKey: 'provision-key',
}
const numbers = ['isvProdId', 'minimumIsvSvn', 'configSvn']

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const

/** What `veritee verify` takes for quotes. */
export const quoteOptions: CommandOptions = {
  ...Object.fromEntries([...Object.values(tdxRegisters), ...Object.values(sgxRegisters)].map((name) => [name, text])),
  collateral: text,
  endorsements: text,
  'report-data': text,
  'skip-report-data': { type: 'boolean' },
  'accept-tcb-status': texts,
  'minimum-tcb-evaluation': text,
  'max-collateral-age': text,
  'max-root-crl-age': text,
  platform: texts,
  'allow-migration': { type: 'boolean' },
  'service-td': texts,
  'event-log': text,
  events: text,
}

const aboutTdx = [...Object.values(tdxRegisters), 'allow-migration', 'service-td', 'event-log', 'events']
const sgxNames = Object.values(sgxRegisters)

/** Which of them are about one kind only. */
export const quoteOptionFormats: OptionFormats = Object.fromEntries(
  Object.keys(quoteOptions).map((name) => {
    const kinds: EvidenceFormat[] = aboutTdx.includes(name)
      ? ['tdx']
      : sgxNames.includes(name)
        ? ['sgx']
        : ['tdx', 'sgx']
    return [name, kinds]
  }),
)

/** The library's names of options in the words of the command. */
export const spokenOfQuotes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries({ ...tdxRegisters, ...sgxRegisters }).map(([name, option]) => [name, `--${option}`]),
  ),
  reportData: '--report-data',
  acceptedTcbStatuses: '--accept-tcb-status',
  minimumTcbEvaluationDataNumber: '--minimum-tcb-evaluation',
  platforms: '--platform',
  serviceTds: '--service-td',
}

/**
 * A verifier of quotes with everything that it is asked for. @throws UsageError, TypeError;
 * VerificationError and AppraisalError for an event log
 */
export async function quoteVerifier(values: Values, format: 'tdx' | 'sgx'): Promise<Verifier> {
  const common = await commonOf(values)
  if (format === 'sgx') {
    const options: SgxOptions = { ...common, referenceValues: await sgxReferenceValuesOf(values) }
    return asAsked(values, verifySgx, options)
  }
  const options: TdxOptions = {
    ...common,
    referenceValues: await tdxReferenceValuesOf(values),
    ...(values['allow-migration'] === true && { migration: allowMigration }),
    ...(values['service-td'] !== undefined && { serviceTds: listOf(values, 'service-td') }),
  }
  return asAsked(values, verifyTdx, options)
}

async function commonOf(values: Values): Promise<DcapOptions> {
  const { 'report-data': reportData, at, skew, 'minimum-tcb-evaluation': minimum } = values
  const collateral = values['endorsements'] ?? values['collateral']
  if (typeof collateral !== 'string')
    throw new UsageError('say what Intel says of the platform: --endorsements FILE, as veritee endorsements prints it')
  if (values['endorsements'] !== undefined && values['collateral'] !== undefined)
    throw new UsageError('--endorsements and --collateral are one option: give one of them')
  requireOne(
    [reportData !== undefined, values['skip-report-data'] === true],
    'say what it was made for: --report-data HEX or --skip-report-data',
  )
  if (at === 'evidence') throw new UsageError('a quote has no date of its own: --at needs a time')
  return {
    endorsements: (await readCollateral(collateral)) as unknown as DcapEndorsements,
    reportData: typeof reportData === 'string' ? await readValue(reportData, '--report-data') : skipReportData,
    ...(values['accept-tcb-status'] !== undefined && {
      acceptedTcbStatuses: listOf(values, 'accept-tcb-status') as TcbStatus[],
    }),
    ...(typeof minimum === 'string' && {
      minimumTcbEvaluationDataNumber: versionOf(minimum, '--minimum-tcb-evaluation'),
    }),
    ...agesOf(values),
    ...(values['platform'] !== undefined && { platforms: listOf(values, 'platform') }),
    ...(values['root'] !== undefined && {
      trustAnchors: (await Promise.all(listOf(values, 'root').map(readCertificates))).flat(),
    }),
    ...(typeof at === 'string' && { now: timeOf(at, '--at') }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
    ...(values['allow-debug'] === true && { debug: allowDebug }),
  }
}

/**
 * Of everything that Intel dates; of its root's list apart, which it issues once a year. @throws
 * UsageError
 */
function agesOf(values: Values): Pick<DcapOptions, 'maximumEndorsementAgeSeconds'> {
  const all = ageOf(values, 'max-collateral-age')
  const rootCaCrl = ageOf(values, 'max-root-crl-age') ?? all
  if (rootCaCrl === undefined) return {}
  return {
    maximumEndorsementAgeSeconds: {
      rootCaCrl,
      ...(all !== undefined && { tcbInfo: all, qeIdentity: all, pckCrl: all }),
    },
  }
}

function ageOf(values: Values, option: string): number | undefined {
  const given = values[option]
  if (typeof given !== 'string') return undefined
  const seconds = secondsOf(given, `--${option}`)
  if (seconds === 0) throw new UsageError(`--${option} must be more than 0s`)
  return seconds
}

async function tdxReferenceValuesOf(values: Values): Promise<TdxOptions['referenceValues']> {
  const own = given(values, tdxRegisters)
  const logged = await loggedRegisters(values)
  requireOneReference(values, Object.keys(own).length > 0, '--mrtd HEX, --rtmr0 HEX, --rtmr1 HEX, --rtmr2 HEX')
  if (values['skip-reference-values'] === true) return skipReferenceValues
  const builds = values['measurements'] === undefined ? [own] : await filesOf(values)
  return builds.map((build): TdxReferenceValues => {
    const twice = Object.keys(logged).find((register) => Object.hasOwn(build, register))
    if (twice !== undefined) throw new UsageError(`${twice} is given, and --events is about it as well`)
    const registers = Object.entries(build).map(([name, value]) => [name, value === 'any' ? anyValue : value])
    return { ...(Object.fromEntries(registers) as unknown as TdxReferenceValues), ...logged }
  })
}

/**
 * RTMRs as the log replays to them, where its events are as expected. The quote must then hold
 * them: only that proves the log.
 */
async function loggedRegisters(values: Values): Promise<Readonly<Record<string, Uint8Array>>> {
  const { 'event-log': log, events } = values
  if (log === undefined && events === undefined) return {}
  if (typeof log !== 'string' || typeof events !== 'string')
    throw new UsageError('--event-log FILE and --events FILE belong together: the log, and what must be in it')
  if (values['skip-reference-values'] === true)
    throw new UsageError('--events is a reference value: it cannot go with --skip-reference-values')
  const expected = await readJson(events, '{ "dstack": { "composeHash": "…" } }')
  const registers = Object.entries(expected).map(([name, register]) => [name, withSymbol(register)])
  const bytes = await readEventLog(log)
  return { ...(await rtmrReferenceValues(bytes, Object.fromEntries(registers) as EventExpectations)) }
}

/** JSON has no symbols: `{ "events": […], "others": "allowOtherEvents" }`. */
function withSymbol(register: unknown): unknown {
  const isNamed = typeof register === 'object' && register !== null && 'others' in register
  return isNamed && register.others === 'allowOtherEvents' ? { ...register, others: allowOtherEvents } : register
}

async function sgxReferenceValuesOf(values: Values): Promise<SgxOptions['referenceValues']> {
  const own = given(values, sgxRegisters)
  requireOneReference(
    values,
    Object.keys(own).length > 0,
    '--mrenclave HEX, or --mrsigner HEX --isv-prod-id N --minimum-isv-svn N, or all of them',
  )
  if (values['skip-reference-values'] === true) return skipReferenceValues
  return (values['measurements'] === undefined ? [own] : await filesOf(values)) as unknown as SgxReferenceValues[]
}

/** The registers on the command line, by the library's names. */
function given(
  values: Values,
  registers: Readonly<Record<string, string>>,
): Readonly<Record<string, Hex | number | boolean>> {
  const found = Object.entries(registers).flatMap(([name, option]) => {
    const value = values[option]
    return typeof value === 'string' ? [[name, registerOf(name, value, `--${option}`)] as const] : []
  })
  return found.length === 0 ? {} : { ...Object.fromEntries(found), name: 'command line' }
}

/** @throws UsageError */
function registerOf(name: string, value: string, option: string): Hex | number | boolean {
  if (numbers.includes(name)) return versionOf(value, option)
  if (name !== 'provisionKey') return value
  if (value !== 'on' && value !== 'off') throw new UsageError(`${option} must be on or off`)
  return value === 'on'
}

async function filesOf(values: Values): Promise<Readonly<Record<string, unknown>>[]> {
  return Promise.all(
    listOf(values, 'measurements').map(async (path) => ({
      name: path,
      ...(await readJson(path, '{ "mrTd": "…", "rtmr0": "…" } or { "mrEnclave": "…" }')),
    })),
  )
}

function requireOneReference(values: Values, hasOwn: boolean, registers: string): void {
  requireOne(
    [hasOwn, values['measurements'] !== undefined, values['skip-reference-values'] === true],
    `say what must run there: ${registers}; --measurements FILE, or --skip-reference-values`,
  )
}
