/**
 * The verdict on a quote in one plain sentence, and what a visitor can do about it.
 */
import type { TcbStatus } from '../../../../src/formats/intel/tdx/index.ts'
import { describeCertificate } from '../../../../src/inspect/index.ts'
import type { AttestationErrorCode } from '../../../../src/index.ts'
import { hasAny } from '../../builds.ts'
import { toHex } from '../../bytes.ts'
import { endorsementsFile, evidenceFile } from '../../code.ts'
import {
  type Action,
  actionsWithoutMeasurements,
  commonCaveats,
  type Fact,
  factsOfReading,
  headlineOfDates,
  gapOf,
  judge,
  refused,
  signedState,
  signerOf,
  succeeded,
  type Verdict,
} from '../../verdict.ts'
import type { QuoteOutcome } from './outcome.ts'
import { advisoriesIn, statusWords } from './tcb.ts'
import { wordsOf } from './words.ts'

const things = { tdx: 'trust domain', sgx: 'enclave' } as const
const vendor = {
  root: 'Intel’s root',
  whose: 'Intel’s',
  thing: 'quote',
  signed: 'A platform that Intel certified has signed this quote, and Intel’s word on the platform is current.',
}

export function quoteVerdictOf(outcome: QuoteOutcome): Verdict {
  return { ...(outcome.result === undefined ? refusal(outcome) : success(outcome)), facts: quoteFactsOf(outcome) }
}

function success(outcome: QuoteOutcome): Omit<Verdict, 'facts'> {
  const { policy, tcb } = outcome
  const isWhole =
    policy.builds.length > 0 &&
    !policy.builds.some(hasAny) &&
    policy.reportData !== undefined &&
    !policy.debug &&
    policy.at === 'clock' &&
    statesOf(tcb).every((status) => status === 'UpToDate')
  const whole = {
    headline: `This ${things[policy.kind]} is what you expect it to be.`,
    detail: 'It runs the code that you named, it was made for your report data, and its operator cannot look inside.',
  }
  return {
    ...succeeded(outcome, vendor, isWhole ? whole : undefined, gapOf(policy.builds)),
    caveats: caveatsOf(outcome),
    actions: policy.builds.length === 0 ? actionsWithoutMeasurements(policy, measured(outcome), 'registers') : [],
  }
}

/** The registers that a policy must name. */
function measured({ evidence, policy }: QuoteOutcome): Readonly<Record<string, string>> {
  const names = policy.kind === 'tdx' ? ['mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] : ['mrEnclave']
  const values = new Map<string, unknown>(Object.entries(evidence ?? {}))
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = values.get(name)
      return value instanceof Uint8Array ? [[name, toHex(value)] as const] : []
    }),
  )
}

function refusal(outcome: QuoteOutcome): Omit<Verdict, 'facts'> {
  const { error, policy } = outcome
  if (error?.code === 'endorsement-missing' && policy.endorsements === undefined) return withoutCollateral
  return refused(outcome, { wordsOf, headlineOf, detailOf, caveatsOf, actionsOf })
}

const fetching = `npx veritee collateral ${evidenceFile} -o ${endorsementsFile}`

/** Nothing is wrong yet. */
const withoutCollateral: Omit<Verdict, 'facts'> = {
  tone: 'todo',
  code: 'endorsement-missing',
  headline: 'Not verified yet: what Intel says of the platform is missing.',
  detail: `Fetch it with \`${fetching}\`, or with what runs your enclaves, and drop the JSON here. This page may not ask Intel itself: nothing leaves it.`,
  caveats: [],
  actions: [
    { label: 'Copy the command', copy: fetching },
    { label: 'Paste the JSON', focus: 'collateral' },
  ],
}

function headlineOf(outcome: QuoteOutcome, code: AttestationErrorCode): string {
  const { fails } = wordsOf(code)
  const { policy } = outcome
  if (code === 'root-mismatch') return isFixture(outcome) ? 'This is fixture evidence: Intel did not sign it.' : fails
  if (code === 'quote-tee') return `It is no quote of ${policy.kind.toUpperCase()}.`
  const [refused] = refusedStates(outcome)
  if (code === 'policy-tcb-status' && refused !== undefined) {
    return `Genuine, but ${statusWords[refused].short}.`
  }
  return headlineOfDates(outcome, code, fails)
}

function detailOf(outcome: QuoteOutcome, code: AttestationErrorCode): string {
  const states = code === 'tcb-revoked' ? (['Revoked'] as const) : refusedStates(outcome)
  if ((code !== 'policy-tcb-status' && code !== 'tcb-revoked') || states.length === 0) return wordsOf(code).why
  const listed = advisoriesOf(outcome)
  return [
    ...states.map((status) => `${status}: ${statusWords[status].means} ${statusWords[status].remedy}`),
    ...(listed.length === 0 ? [] : [`Advisories: ${listed.join(', ')}.`]),
  ].join(' ')
}

function actionsOf(outcome: QuoteOutcome, code: string): readonly Action[] {
  const { policy, isAuthentic } = outcome
  if (code === 'root-mismatch' && isFixture(outcome))
    return [{ label: 'Verify it under the fixture root', change: { root: 'fixture' } }]
  const refused = refusedStates(outcome)
  if (code === 'policy-tcb-status' && refused.length > 0) {
    return [
      {
        label: `Accept ${refused.join(' and ')}, to look at the rest`,
        change: { tcb: String([...policy.accepted, ...refused]) },
      },
    ]
  }
  if (code === 'policy-debug' && isAuthentic)
    return [{ label: 'Allow debug mode, to look at the rest', change: { debug: true } }]
  return []
}

function caveatsOf(outcome: QuoteOutcome): readonly string[] {
  const { policy, tcb } = outcome
  const { root, time } = commonCaveats(outcome)
  const say = (isSo: boolean, text: string): readonly string[] => (isSo ? [text] : [])
  return [
    ...root,
    ...statesOf(tcb)
      .filter((status) => status !== 'UpToDate' && policy.accepted.includes(status))
      .map((status) => `You accept the state ${status}. ${statusWords[status].means}`),
    ...say(policy.builds.length === 0, 'You have not said what should run there, so any code would do.'),
    ...say(policy.builds.some(hasAny), 'Registers that may hold anything were not compared.'),
    ...say(
      policy.reportData === undefined,
      'Any report data was accepted: this could be a replay, and its addressee is not known.',
    ),
    ...say(policy.debug, 'Debug mode was allowed: the operator can then read its memory.'),
    ...time,
    ...say(
      logMatches(outcome).includes('no'),
      'The event log is not the one that the registers were made by: do not believe it.',
    ),
  ]
}

export function quoteFactsOf(outcome: QuoteOutcome): readonly Fact[] {
  const { policy, error, tcb } = outcome
  const judged = judge(outcome)
  // By documents that do not go together, nothing is known of its state.
  const state =
    judged('policy-tcb-evaluation') === 'no'
      ? 'no'
      : statesOf(tcb).some((status) => status !== 'UpToDate') && judged('policy-tcb-status') === 'yes'
        ? 'open'
        : judged('policy-tcb-status', ...(error?.code === 'tcb-revoked' ? ['tcb-revoked'] : []))
  return [
    ...factsOfReading(outcome, policy.root === 'pinned' ? 'Chains begin at Intel’s root' : 'Chains begin at that root'),
    { label: signerIn(outcome), state: signedState(outcome) },
    { label: 'Platform up to date', state },
    { label: 'Runs what you expect', state: judged('policy-measurements') },
    { label: 'Made for you', state: judged('policy-report-data') },
    { label: 'Closed to its operator', state: policy.debug ? 'open' : judged('policy-debug') },
  ]
}

export const signerIn = ({ policy }: QuoteOutcome): string => signerOf(policy, 'Vouched for by Intel')

/** The states that count: that of the whole and, where a quote reports it, that of now. */
export function statesOf(tcb: QuoteOutcome['tcb']): readonly TcbStatus[] {
  if (tcb === undefined) return []
  const { tcbStatus, currentTcbStatus = tcbStatus } = tcb
  return [...new Set([tcbStatus, currentTcbStatus])]
}

function refusedStates({ tcb, policy: { accepted } }: QuoteOutcome): readonly TcbStatus[] {
  return statesOf(tcb).filter((status) => status !== 'UpToDate' && !accepted.includes(status))
}

/** As far as Intel lists any, for now and for launch. */
export function advisoriesOf({ tcb, checks }: QuoteOutcome): readonly string[] {
  if (tcb !== undefined) return advisoriesIn(...tcb.advisoryIDs, ...(tcb.currentAdvisoryIDs ?? []))
  return advisoriesIn(...checks.filter(({ id }) => id === 'tcb-revoked').map(({ actual = '' }) => actual))
}

/** For each RTMR whether the log replays to it: not asked where the log has no event of it. */
export function logMatches({ evidence, policy: { replayed } }: QuoteOutcome): readonly ('yes' | 'no' | 'open')[] {
  if (replayed === undefined || evidence === undefined || !('mrTd' in evidence)) return []
  const { rtmr0, rtmr1, rtmr2, rtmr3 } = evidence
  return [rtmr0, rtmr1, rtmr2, rtmr3].map((quoted, i) => {
    const value = replayed.rtmrs[i]
    if (quoted.every((byte, at) => byte === value?.[at])) return 'yes'
    return replayed.events.some(({ rtmr }) => rtmr === i) ? 'no' : 'open'
  })
}

/** Only for hints: the name of a root proves nothing. */
function isFixture({ evidence }: QuoteOutcome): boolean {
  try {
    const root = evidence?.certificates.at(-1)
    return root !== undefined && describeCertificate(root).subject.includes('veritee fixture root')
  } catch {
    return false
  }
}
