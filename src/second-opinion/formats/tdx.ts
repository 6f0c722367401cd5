/**
 * The second opinion on Intel TDX.
 */
import { areZeros, digitsOf, digitsOfEither, octetsOf } from '../readers/bytes.ts'
import { type Answer, matchOf, type Options, type Question, type RegisterRules, wantedRegisters } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import { opineOnQuote } from './dcap.ts'
import { bytesIn, type Report } from './dcap-quote.ts'

const registers = (): RegisterRules => ({
  mrTd: [48, 'needed'],
  rtmr0: [48, 'needed'],
  rtmr1: [48, 'needed'],
  rtmr2: [48, 'needed'],
  rtmr3: [48, 'zero'],
  mrConfigId: [48, 'zero'],
  mrOwner: [48, 'zero'],
  mrOwnerConfig: [48, 'zero'],
  // SEPT_VE_DISABLE and nothing else.
  tdAttributes: [8, octetsOf('0000001000000000')],
  xfam: [8, 'any'],
  mrSeam: [48, 'any'],
})

/** @throws AttestationError where it refuses */
export const opine = (question: Question, notes: Notes): Promise<Answer> =>
  // Bits 0 to 7 of the attributes.
  opineOnQuote(
    question,
    { isDomain: true, isDebug: (report) => bytesIn(report, 'tdAttributes')[0] !== 0, expect },
    notes,
  )

function expect(report: Report, options: Options, notes: Notes): string | number | undefined {
  // Bit 29.
  const isMigratable = ((bytesIn(report, 'tdAttributes')[3] ?? 0) & 0x20) !== 0
  notes.expects(
    'policy-migration',
    'migration',
    !isMigratable || isSymbol(options['migration'], 'allowMigration'),
    'on',
  )
  const extension = (report['extension'] ?? {}) as Report
  const known = ((options['serviceTds'] ?? []) as unknown[]).map(digitsOfEither)
  for (const hash of [report['mrServiceTd'], extension['initialServiceTdHash'], extension['currentServiceTdHash']]) {
    if (!(hash instanceof Uint8Array) || areZeros(hash)) continue
    notes.expects('policy-service-td', 'service TD', known.includes(digitsOf(hash)), 'is unknown')
  }
  const rules = registers()
  const measured = new Map(Object.keys(rules).map((register) => [register, bytesIn(report, register)]))
  return matchOf(wantedRegisters(options, rules), measured, 'policy-measurements', notes)
}
