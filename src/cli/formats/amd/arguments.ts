/**
 * From the command line to the options of the verifier of SEV-SNP reports.
 */
import {
  allowDebug,
  allowMigration,
  allowProvisionalFirmware,
  allowUnknownBits,
  anyValue,
  type Flag,
  type MinimumTcb,
  type SevSnpEndorsements,
  type SevSnpOptions,
  skipReferenceValues,
  skipReportData,
  skipRevocation,
  type SnpProduct,
  type SnpReferenceValues,
  verifySevSnp,
} from '../../../formats/amd/sev-snp/index.ts'
import { type CommandOptions, listOf, requireOne, secondsOf, timeOf, type Values, versionOf } from '../../arguments.ts'
import { UsageError } from '../../failures.ts'
import { asAsked } from '../../second-opinion.ts'
import { readCertificates, readCollateral, readJson, readValue } from '../../input.ts'
import type { OptionFormats, Verifier } from '../family.ts'

/** What a guest is known by, by the names that the library gives. */
const registers: Readonly<Record<string, string>> = {
  measurement: 'measurement',
  hostData: 'host-data',
  familyId: 'family-id',
  imageId: 'image-id',
  idKeyDigest: 'id-key-digest',
  authorKeyDigest: 'author-key-digest',
}

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

/** What `veritee verify` takes for reports. */
export const reportOptions: CommandOptions = {
  ...Object.fromEntries(Object.values(registers).map((name) => [name, text])),
  endorsements: text,
  'report-data': text,
  'skip-report-data': flag,
  'skip-revocation': flag,
  processor: texts,
  csp: texts,
  platform: texts,
  'allow-migration': flag,
  vmpl: texts,
  'guest-policy': texts,
  'minimum-abi': text,
  'platform-info': texts,
  'allow-unknown-bits': flag,
  'minimum-tcb': texts,
  'minimum-launch-tcb': texts,
  'minimum-firmware': text,
  'allow-provisional-firmware': flag,
  'minimum-mitigations': texts,
  'minimum-guest-svn': text,
}

/** All of them are about reports; some are about quotes too. */
export const reportOptionFormats: OptionFormats = Object.fromEntries(
  Object.keys(reportOptions).map((name) => [name, ['sev-snp']]),
)

/** The library's names of options in the words of the command. */
export const spokenOfReports: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(registers).map(([name, option]) => [name, `--${option}`])),
  endorsements: '--endorsements',
  reportData: '--report-data',
  products: '--processor',
  cspIds: '--csp',
  platforms: '--platform',
  vmpl: '--vmpl',
  guestPolicy: '--guest-policy',
  platformInfo: '--platform-info',
  minimumTcb: '--minimum-tcb',
  minimumLaunchTcb: '--minimum-launch-tcb',
  minimumFirmware: '--minimum-firmware',
  minimumMitigations: '--minimum-mitigations',
  minimumGuestSvn: '--minimum-guest-svn',
}

/** The verifier of reports with everything that it is asked for. @throws UsageError, TypeError */
export async function reportVerifier(values: Values): Promise<Verifier> {
  const { endorsements, 'report-data': reportData, at, skew } = values
  if (typeof endorsements !== 'string')
    throw new UsageError('say what AMD says of the key: --endorsements FILE, as veritee endorsements prints it')
  requireOne(
    [reportData !== undefined, values['skip-report-data'] === true],
    'say what it was made for: --report-data HEX or --skip-report-data',
  )
  if (at === 'evidence') throw new UsageError('a report has no date of its own: --at needs a time')
  const options: SevSnpOptions = {
    endorsements: (await readCollateral(endorsements)) as unknown as SevSnpEndorsements,
    referenceValues: await referenceValuesOf(values),
    reportData: typeof reportData === 'string' ? await readValue(reportData, '--report-data') : skipReportData,
    ...allowancesOf(values),
    ...platformOf(values),
    ...minimumsOf(values),
    ...(values['root'] !== undefined && {
      trustAnchors: (await Promise.all(listOf(values, 'root').map(readCertificates))).flat(),
    }),
    ...(typeof at === 'string' && { now: timeOf(at, '--at') }),
    ...(typeof skew === 'string' && { clockSkewSeconds: secondsOf(skew, '--skew') }),
  }
  return asAsked(values, verifySevSnp, options)
}

/** What is refused unless the command line says otherwise. */
function allowancesOf(values: Values): Partial<SevSnpOptions> {
  return {
    ...(values['allow-debug'] === true && { debug: allowDebug }),
    ...(values['allow-migration'] === true && { migration: allowMigration }),
    ...(values['allow-unknown-bits'] === true && { unknownBits: allowUnknownBits }),
    ...(values['allow-provisional-firmware'] === true && { provisionalFirmware: allowProvisionalFirmware }),
    ...(values['skip-revocation'] === true && { revocation: skipRevocation }),
  }
}

/**
 * Whose machine it is, and what the guest and the platform say of themselves. @throws UsageError
 */
function platformOf(values: Values): Partial<SevSnpOptions> {
  const { 'minimum-abi': abi } = values
  const guestPolicy = {
    ...flagsOf(values, 'guest-policy'),
    ...(typeof abi === 'string' && { minimumAbi: numbersOf(abi, 2, '--minimum-abi') as [number, number] }),
  }
  const platformInfo = flagsOf(values, 'platform-info')
  return {
    ...(values['processor'] !== undefined && { products: listOf(values, 'processor') as SnpProduct[] }),
    ...(values['csp'] !== undefined && { cspIds: listOf(values, 'csp') }),
    ...(values['platform'] !== undefined && { platforms: listOf(values, 'platform') }),
    ...(values['vmpl'] !== undefined && {
      vmpl: listOf(values, 'vmpl').map((level) => versionOf(level, '--vmpl')),
    }),
    ...(Object.keys(guestPolicy).length > 0 && { guestPolicy }),
    ...(Object.keys(platformInfo).length > 0 && { platformInfo }),
  }
}

/** The least that is accepted. @throws UsageError */
function minimumsOf(values: Values): Partial<SevSnpOptions> {
  const { 'minimum-firmware': firmware, 'minimum-guest-svn': guestSvn } = values
  return {
    ...(values['minimum-tcb'] !== undefined && { minimumTcb: rowsOf(values, 'minimum-tcb') }),
    ...(values['minimum-launch-tcb'] !== undefined && { minimumLaunchTcb: rowsOf(values, 'minimum-launch-tcb') }),
    ...(typeof firmware === 'string' && {
      minimumFirmware: numbersOf(firmware, 3, '--minimum-firmware') as unknown as readonly [number, number, number],
    }),
    ...(values['minimum-mitigations'] !== undefined && { minimumMitigations: mitigationsOf(values) }),
    ...(typeof guestSvn === 'string' && { minimumGuestSvn: versionOf(guestSvn, '--minimum-guest-svn') }),
  }
}

async function referenceValuesOf(values: Values): Promise<SevSnpOptions['referenceValues']> {
  const given = Object.entries(registers).flatMap(([name, option]) => {
    const value = values[option]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  requireOne(
    [given.length > 0, values['measurements'] !== undefined, values['skip-reference-values'] === true],
    'say what must run there: --measurement HEX; --measurements FILE, or --skip-reference-values',
  )
  if (values['skip-reference-values'] === true) return skipReferenceValues
  const builds: readonly Readonly<Record<string, unknown>>[] =
    values['measurements'] === undefined
      ? [{ name: 'command line', ...Object.fromEntries(given) }]
      : await Promise.all(
          listOf(values, 'measurements').map(async (path) => ({
            name: path,
            ...(await readJson(path, '{ "measurement": "…" }, as veritee measure --snp --json prints it')),
          })),
        )
  return builds.map(
    (build) =>
      Object.fromEntries(
        Object.entries(build).map(([name, value]) => [name, value === 'any' ? anyValue : value]),
      ) as unknown as SnpReferenceValues,
  )
}

/** `NAME=on`, `NAME=off` or `NAME=any`. @throws UsageError */
function flagsOf(values: Values, option: string): Readonly<Record<string, Flag>> {
  const meanings: Readonly<Record<string, Flag>> = { on: true, off: false, any: anyValue }
  return Object.fromEntries(
    pairsOf(values, option).map(([name, word]) => {
      const meaning = Object.hasOwn(meanings, word) ? meanings[word] : undefined
      if (meaning === undefined) throw new UsageError(`--${option} must be NAME=on, NAME=off or NAME=any`)
      return [name, meaning]
    }),
  )
}

/** `launch=0x1`, `current=0x3`. @throws UsageError */
function mitigationsOf(values: Values): Readonly<Record<string, bigint>> {
  return Object.fromEntries(
    pairsOf(values, 'minimum-mitigations').map(([name, bits]) => {
      if (!/^(?:0x[0-9a-f]{1,16}|\d{1,19})$/i.test(bits))
        throw new UsageError('--minimum-mitigations must be launch=BITS or current=BITS, like current=0x3')
      return [name, BigInt(bits)]
    }),
  )
}

/** Pairs `NAME=VALUE`, each name once. @throws UsageError */
function pairsOf(values: Values, option: string): readonly (readonly [name: string, value: string])[] {
  const pairs = listOf(values, option).map((pair) => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(pair) ?? []
    if (name === undefined || value === undefined) throw new UsageError(`--${option} must be NAME=VALUE`)
    return [name, value] as const
  })
  const twice = pairs.find(([name], i) => pairs.findIndex(([other]) => other === name) !== i)
  if (twice !== undefined) throw new UsageError(`--${option} names ${twice[0]} twice`)
  return pairs
}

/** `Genoa,model=0x11,stepping=1,snp=27,microcode=86`. @throws UsageError */
function rowsOf(values: Values, option: string): readonly MinimumTcb[] {
  return listOf(values, option).map((row) => {
    const [product, ...parts] = row.split(',')
    const numbers = parts.map((part) => {
      const [, name, value] = /^(\w+)=(0x[0-9a-f]{1,2}|\d{1,3})$/i.exec(part) ?? []
      if (name === undefined) throw new UsageError(`--${option} must be like Genoa,model=0x11,stepping=1,snp=27`)
      return [name, Number(value)] as const
    })
    const names = numbers.map(([name]) => name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw new UsageError(`--${option} names ${twice} twice`)
    return { ...Object.fromEntries(numbers), product: product as SnpProduct }
  })
}

/** `1.55.29`. @throws UsageError */
function numbersOf(version: string, count: number, option: string): readonly number[] {
  const parts = version.split('.')
  if (parts.length !== count || !parts.every((part) => /^\d{1,3}$/.test(part)))
    throw new UsageError(`${option} must be ${count} numbers with points between them`)
  return parts.map(Number)
}
