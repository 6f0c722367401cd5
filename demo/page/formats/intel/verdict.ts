/**
 * The verdict on a quote in one plain sentence, and what a visitor can do about it. Everything that
 * was left out is said: a link can carry any settings.
 */
import type { TcbStatus } from '../../../../src/formats/intel/tdx/index.ts'
import { describeCertificate } from '../../../../src/inspect/index.ts'
import type { AttestationErrorCode } from '../../library.ts'
import { evidenceFile } from '../../code.ts'
import { day, duration, iso, moment } from '../../time.ts'
import type { Action, Fact, Verdict } from '../../verdict.ts'
import { collateralFile } from './code.ts'
import type { QuoteOutcome } from './outcome.ts'
import { advisoriesIn, statusWords } from './tcb.ts'
import { wordsOf } from './words-intel.ts'

const things = { tdx: 'trust domain', sgx: 'enclave' } as const

export function quoteVerdictOf(outcome: QuoteOutcome): Verdict {
  return outcome.result === undefined ? refusal(outcome) : success(outcome)
}

function success(outcome: QuoteOutcome): Verdict {
  const { policy, now, tcb } = outcome
  const thing = things[policy.kind]
  const caveats = caveatsOf(outcome)
  const asOf = policy.at === 'clock' ? '' : `, as of ${day(now)}`
  const isWhole =
    policy.builds.length > 0 &&
    !policy.builds.some(hasAny) &&
    policy.reportData !== undefined &&
    !policy.debug &&
    policy.at === 'clock' &&
    statesOf(tcb).every((status) => status === 'UpToDate')
  const common = { code: 'valid', caveats, actions: [] }
  if (policy.root !== 'pinned') {
    const root = policy.root === 'fixture' ? 'the fixture root' : 'a root of your own'
    return {
      ...common,
      tone: 'fixture',
      headline: isWhole
        ? `Everything checks out, but under ${root}, not Intel’s.`
        : `Verified under ${root}, not Intel’s${asOf}.`,
      detail: 'This is what a good quote looks like. It proves nothing about real hardware.',
    }
  }
  const signed = 'A platform that Intel certified has signed this quote, and Intel’s word on the platform is current.'
  if (isWhole) {
    return {
      ...common,
      tone: 'good',
      headline: `This ${thing} is what you expect it to be.`,
      detail: `${signed} It runs the code that you named, it was made for your report data, and its operator cannot look inside.`,
    }
  }
  const gap = policy.builds.length === 0 ? '. What runs there was not compared.' : '.'
  return { ...common, tone: 'partial', headline: `Verified under Intel’s root${asOf}${gap}`, detail: signed }
}

function refusal(outcome: QuoteOutcome): Verdict {
  const { error, isAuthentic, checks, policy } = outcome
  const code = error?.code ?? 'unsupported'
  const lacksCollateral = code === 'endorsement-missing' && policy.endorsements === undefined
  const others = isAuthentic
    ? checks.filter(({ outcome: came, id }) => came === 'fail' && id !== code).map(({ id }) => wordsOf(id).fails)
    : []
  return {
    tone: 'bad',
    code,
    headline: lacksCollateral
      ? 'Not verified yet: what Intel says of the platform is missing.'
      : headlineOf(outcome, code),
    detail: [
      lacksCollateral
        ? `Fetch it with \`npx veritee collateral ${evidenceFile} -o ${collateralFile}\`, or with what runs your enclaves, and drop the JSON here. This page may not ask Intel itself: nothing leaves it.`
        : detailOf(outcome, code),
      ...others,
    ].join(' '),
    caveats: isAuthentic ? caveatsOf(outcome) : [],
    actions: actionsOf(outcome, code),
  }
}

function headlineOf(outcome: QuoteOutcome, code: AttestationErrorCode): string {
  const { fails } = wordsOf(code)
  const { policy, checks } = outcome
  if (code === 'root-mismatch') return isFixture(outcome) ? 'This is fixture evidence: Intel did not sign it.' : fails
  if (code === 'quote-tee') return `It is no quote of ${policy.kind.toUpperCase()}.`
  const [refused] = refusedStates(outcome)
  if (code === 'policy-tcb-status' && refused !== undefined) {
    return `Genuine, but ${statusWords[refused].short}.`
  }
  const check = checks.find(({ id, outcome: came }) => id === code && came === 'fail')
  if (code.endsWith('-validity') && policy.at !== 'clock') {
    return `${fails.replace(/ now\.$|\.$/, '')} at the time that you chose.`
  }
  const until = new Date(/ to (\S+)$/.exec(check?.expected ?? '')?.[1] ?? '')
  if (code.endsWith('-validity') && until < outcome.now)
    return `${fails.replace(/\.$/, '')}: it ended on ${moment(until)}.`
  return fails
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
  const { policy, now, tcb, replayed } = outcome
  const caveats: string[] = []
  if (policy.root === 'fixture')
    caveats.push('The trusted root is the fixture root of this project. Its keys are public: anyone can sign under it.')
  else if (policy.root !== 'pinned')
    caveats.push('The trusted root is a certificate that was pasted into this page, or came with the link.')
  for (const status of statesOf(tcb))
    if (status !== 'UpToDate' && policy.accepted.includes(status))
      caveats.push(`You accept the state ${status}. ${statusWords[status].means}`)
  if (policy.builds.length === 0) caveats.push('You have not said what should run there, so any code would do.')
  else if (policy.builds.some(hasAny)) caveats.push('Registers that may hold anything were not compared.')
  if (policy.at !== 'clock') caveats.push(`Dates were checked as of ${iso(now)}, not now.`)
  if (policy.reportData === undefined)
    caveats.push('Any report data was accepted: this could be a replay, and its addressee is not known.')
  if (policy.debug) caveats.push('Debug mode was allowed: the operator can then read its memory.')
  if (policy.skewSeconds > 3600) caveats.push(`Clocks may be ${duration(policy.skewSeconds * 1000)} apart.`)
  if (replayed !== undefined && logMatches(outcome).includes('no'))
    caveats.push('The event log is not the one that the registers were made by: do not believe it.')
  return caveats
}

export function quoteFactsOf(outcome: QuoteOutcome): readonly Fact[] {
  const { checks, isAuthentic, policy, error, tcb } = outcome
  // Dates are judged before signatures, and a quote without collateral is not judged at all.
  const isOpen = error?.code.endsWith('-validity') === true || error?.code === 'endorsement-missing'
  const judged = (...ids: readonly string[]): Fact['state'] => {
    const made = checks.filter(({ id }) => ids.includes(id))
    if (made.some((check) => check.outcome === 'fail')) return 'no'
    return made.some((check) => check.outcome === 'pass') ? 'yes' : 'open'
  }
  // By documents that do not go together, nothing is known of its state.
  const state =
    judged('policy-tcb-evaluation') === 'no'
      ? 'no'
      : statesOf(tcb).some((status) => status !== 'UpToDate') && judged('policy-tcb-status') === 'yes'
        ? 'open'
        : judged('policy-tcb-status', ...(error?.code === 'tcb-revoked' ? ['tcb-revoked'] : []))
  return [
    { label: signerOf(policy.root), state: isAuthentic ? 'yes' : isOpen ? 'open' : 'no' },
    { label: 'Platform up to date', state },
    { label: 'Runs what you expect', state: judged('policy-measurements') },
    { label: 'Made for you', state: judged('policy-report-data') },
    { label: 'Closed to its operator', state: policy.debug ? 'open' : judged('policy-debug') },
  ]
}

/** Who vouches for what the quote says, when it is authentic. */
export function signerOf(root: QuoteOutcome['policy']['root']): string {
  if (root === 'pinned') return 'Vouched for by Intel'
  return root === 'fixture' ? 'Signed under the fixture root' : 'Signed under your root'
}

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
export function logMatches({ evidence, replayed }: QuoteOutcome): readonly ('yes' | 'no' | 'open')[] {
  if (replayed === undefined || evidence === undefined || !('mrTd' in evidence)) return []
  const { rtmr0, rtmr1, rtmr2, rtmr3 } = evidence
  return [rtmr0, rtmr1, rtmr2, rtmr3].map((quoted, i) => {
    const value = replayed.rtmrs[i]
    if (quoted.every((byte, at) => byte === value?.[at])) return 'yes'
    return replayed.events.some(({ rtmr }) => rtmr === i) ? 'no' : 'open'
  })
}

const hasAny = (build: QuoteOutcome['policy']['builds'][number]): boolean => Object.values(build).includes('any')

/** Only for hints: the name of a root proves nothing. */
function isFixture({ evidence }: QuoteOutcome): boolean {
  try {
    const root = evidence?.certificates.at(-1)
    return root !== undefined && describeCertificate(root).subject.includes('veritee fixture root')
  } catch {
    return false
  }
}
