/**
 * The second opinion on Intel's quotes: what TDX and SGX have in common.
 */
import { areSame, demand, digitsOfEither, octetsOf } from '../readers/bytes.ts'
import { type Answer, expectReportData, type Options, type Question } from '../question.ts'
import type { Notes } from '../record.ts'
import { isSymbol } from '../symbols.ts'
import { type Collateral, proveCollateral } from './dcap-collateral.ts'
import { readQuote, type ReadQuote, type Report } from './dcap-quote.ts'
import { findState, type State } from './dcap-tcb.ts'

/** What is asked of one kind of report. @returns which reference value matched */
export type Expect = (report: Report, options: Options, notes: Notes) => string | number | undefined

/**
 * The second opinion on a quote of one kind.
 * @param isDebug whether the host can look inside
 * @throws AttestationError where it refuses
 */
export async function opineOnQuote(
  question: Question,
  kind: { readonly isDomain: boolean; readonly isDebug: (report: Report) => boolean; readonly expect: Expect },
  notes: Notes,
): Promise<Answer> {
  const { evidence, options } = question
  // 1. The bytes.
  const quote = notes.reads('quote-format', 'quote', () => readQuote(evidence))
  notes.proves('quote-tee', 'TEE of the quote', (quote.bodyType !== 1) === kind.isDomain, 'is the other')

  // 2. Intel's word about the platform, and the state that it is in.
  const collateral = await proveCollateral(quote, question, notes)
  const state = findState(quote, collateral, notes)

  // 3. What the caller expects.
  const { report } = quote
  expectState(state, collateral, question, notes)
  const isDebug = kind.isDebug(report)
  notes.expects('policy-debug', 'debug mode', !isDebug || isSymbol(options['debug'], 'allowDebug'), 'on')
  const matched = kind.expect(report, options, notes)
  expectReportData(report['reportData'] as Uint8Array, options, notes)
  return {
    claims: claimsOf(quote, collateral, state, isDebug),
    validUntil: Math.min(
      collateral.validUntil,
      ...agesOf(options).map(([name, seconds]) => collateral.issued[name] + seconds * 1000),
    ),
    matched,
  }
}

function claimsOf(
  quote: ReadQuote,
  { platform, pckSerial, tcbInfo, qeIdentity }: Collateral,
  state: State,
  debug: boolean,
): Answer['claims'] {
  return {
    debug,
    ...quote.report,
    quoteVersion: quote.version,
    bodyType: quote.bodyType,
    platform,
    pckSerialNumber: pckSerial,
    qeIsvSvn: quote.qeReport['isvSvn'],
    tcbInfoIssueDate: new Date(tcbInfo['issueDate'] as string),
    qeIdentityIssueDate: new Date(qeIdentity['issueDate'] as string),
    ...state,
  }
}

type Dated = keyof Collateral['issued']

function expectState(state: State, { platform, issued }: Collateral, { options, now }: Question, notes: Notes): void {
  const { acceptedTcbStatuses: others = [], minimumTcbEvaluationDataNumber: least = 0, platforms } = options
  const accepted = ['UpToDate', ...(others as string[])]
  const { tcbStatus, currentTcbStatus = tcbStatus } = state
  const isAccepted = accepted.includes(tcbStatus) && accepted.includes(currentTcbStatus)
  notes.expects('policy-tcb-status', 'TCB status', isAccepted, `${tcbStatus}, ${currentTcbStatus} now`)
  const { tcbInfo, qeIdentity } = state.tcbEvaluationDataNumber
  const isPair = tcbInfo === 0 || qeIdentity === 0 || Math.abs(tcbInfo - qeIdentity) < 2
  notes.expects('policy-tcb-evaluation', 'TCB evaluation data numbers', isPair, `${tcbInfo} and ${qeIdentity}`)
  notes.expects(
    'policy-tcb-evaluation',
    'TCB evaluation data number',
    Math.min(tcbInfo, qeIdentity) >= (least as number),
    'is from before',
  )
  for (const [name, seconds] of agesOf(options))
    notes.expects('policy-endorsement-age', `age of ${name}`, now - issued[name] <= seconds * 1000, 'is too old')
  if (platforms === undefined) return
  const ids = [platform.ppid, ...(platform.platformInstanceId === undefined ? [] : [platform.platformInstanceId])]
  const isKnown = (platforms as unknown[]).some((wanted) =>
    ids.some((id) => areSame(id, octetsOf(digitsOfEither(wanted)))),
  )
  notes.expects('policy-platform', 'platform', isKnown, 'is another')
}

/** How old each may be, in seconds; empty where the caller does not say. */
function agesOf({ maximumEndorsementAgeSeconds: ages }: Options): readonly (readonly [name: Dated, seconds: number])[] {
  const names: readonly Dated[] = ['tcbInfo', 'qeIdentity', 'pckCrl', 'rootCaCrl']
  if (ages === undefined) return []
  if (typeof ages === 'number') return names.map((name) => [name, ages] as const)
  return Object.entries(ages as Options).map(([name, seconds]) => {
    demand(names.includes(name as Dated) && typeof seconds === 'number', 'an age of something unknown')
    return [name as Dated, seconds] as const
  })
}
