/**
 * The second opinion on Intel SGX.
 */
import { digitsOfEither } from '../readers/bytes.ts'
import { type Answer, matchOf, type Options, type Question, type Wanted } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import { opineOnQuote } from './dcap.ts'
import { bytesIn, type Report } from './dcap-quote.ts'

/** @throws AttestationError where it refuses */
export const opine = (question: Question, notes: Notes): Promise<Answer> =>
  opineOnQuote(question, { isDomain: false, isDebug: (report) => ((flagsOf(report) >> 1) & 1) === 1, expect }, notes)

/** The first byte of ATTRIBUTES: bit 1 is DEBUG, bit 4 PROVISIONKEY. */
const flagsOf = (report: Report): number => bytesIn(report, 'attributes')[0] ?? 0xff

const numbers: readonly string[] = ['isvProdId', 'configSvn']
/** What must be zero where it is not named. */
const zeros: Readonly<Record<string, number>> = { configId: 64, configSvn: 2, isvFamilyId: 16, isvExtProdId: 16 }

function expect(report: Report, options: Options, notes: Notes): string | number | undefined {
  const { referenceValues } = options
  if (isSymbol(referenceValues, 'skipReferenceValues')) return undefined
  const svn = report['isvSvn'] as number
  const list: readonly unknown[] = Array.isArray(referenceValues) ? referenceValues : [referenceValues]
  return matchOf(
    list.map((entry) => wantedOf(entry as Options, svn)),
    measuredIn(report),
    'policy-measurements',
    notes,
  )
}

function measuredIn(report: Report): ReadonlyMap<string, Uint8Array> {
  const bytes = ['mrEnclave', 'mrSigner', 'configId', 'isvFamilyId', 'isvExtProdId', 'miscSelect']
  return new Map<string, Uint8Array>([
    ...bytes.map((name) => [name, bytesIn(report, name)] as const),
    ...numbers.map((name) => [name, twoBytes(report[name] as number)] as const),
    ['xfrm', bytesIn(report, 'attributes').slice(8)],
    ['provisionKey', Uint8Array.of((flagsOf(report) >> 4) & 1)],
    ['isNewEnough', Uint8Array.of(1)],
  ])
}

function wantedOf({ name, minimumIsvSvn, ...given }: Options, svn: number): Wanted {
  const registers = new Map(Object.entries(zeros).map(([register, size]) => [register, '00'.repeat(size)]))
  for (const [register, value] of Object.entries(given)) {
    const written = numbers.includes(register)
      ? twoBytes(value as number)
      : typeof value === 'boolean'
        ? Uint8Array.of(Number(value))
        : value
    registers.set(register, digitsOfEither(written))
  }
  // A minimum is no value of a register.
  if (minimumIsvSvn !== undefined) registers.set('isNewEnough', svn >= (minimumIsvSvn as number) ? '01' : '00')
  return { name, registers }
}

const twoBytes = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255)
