/**
 * The verdict in one plain sentence, and what a visitor can do about it. Everything that was left
 * out is said: a link can carry any settings.
 */
import { describeCertificate } from '../../src/inspect/index.ts'
import type { AttestationErrorCode } from './library.ts'
import type { Outcome } from './outcome.ts'
import type { State } from './state.ts'
import { day, duration, iso, moment } from './time.ts'
import { wordsOf } from './words.ts'

export type Tone = 'good' | 'fixture' | 'partial' | 'bad'

/** A change of settings that the verdict suggests. */
export interface Action {
  readonly label: string
  readonly change: Partial<State>
}

export interface Verdict {
  readonly tone: Tone
  /** `valid`, or the reason code. */
  readonly code: string
  readonly headline: string
  readonly detail: string
  /** What was left out, or makes the verdict weaker than it looks. */
  readonly caveats: readonly string[]
  readonly actions: readonly Action[]
}

/** The four questions of a visitor, at a glance. */
export interface Fact {
  readonly label: string
  readonly state: 'yes' | 'no' | 'open'
}

export const fixtureRootName = 'veritee fixture root, NOT AWS'

export function verdictOf(outcome: Outcome): Verdict {
  return outcome.result === undefined ? refusal(outcome) : success(outcome)
}

function success(outcome: Outcome): Verdict {
  const { policy, now } = outcome
  const caveats = caveatsOf(outcome)
  const root = rootWords(outcome)
  const asOf = policy.at === 'clock' ? '' : `, as of ${day(now)}`
  const isWhole = policy.builds.length > 0 && policy.freshness !== undefined && !policy.debug && policy.at === 'clock'
  const common = { code: 'valid', caveats, actions: [] }
  if (policy.root !== 'aws') {
    return {
      ...common,
      tone: 'fixture',
      headline: isWhole
        ? `Everything checks out, but under ${root}, not AWS’s.`
        : `Verified under ${root}, not AWS’s${asOf}.`,
      detail: 'This is what a good document looks like. It proves nothing about real hardware.',
    }
  }
  const signed = 'AWS signed this document with a certificate that leads to its pinned root.'
  if (isWhole) {
    return {
      ...common,
      tone: 'good',
      headline: 'This enclave is what you expect it to be.',
      detail: `${signed} It runs the code that you named, it is fresh, and its operator cannot look inside.`,
    }
  }
  const gap = policy.builds.length === 0 ? '. What runs there was not compared.' : '.'
  return { ...common, tone: 'partial', headline: `Verified under the AWS root${asOf}${gap}`, detail: signed }
}

function refusal(outcome: Outcome): Verdict {
  const { error } = outcome
  const code = error?.code ?? 'unsupported'
  const { why } = wordsOf(code)
  const others = outcome.isAuthentic
    ? outcome.checks
        .filter(({ outcome: came, id }) => came === 'fail' && id !== code)
        .map(({ id }) => wordsOf(id).fails)
    : []
  return {
    tone: 'bad',
    code,
    headline: headlineOf(outcome, code),
    detail: [why, ...others].join(' '),
    caveats: outcome.isAuthentic ? caveatsOf(outcome) : [],
    actions: actionsOf(outcome, code),
  }
}

function headlineOf(outcome: Outcome, code: AttestationErrorCode): string {
  const { fails } = wordsOf(code)
  const check = outcome.checks.find(({ id, outcome: came }) => id === code && came === 'fail')
  const { evidence, now, policy } = outcome
  if (code === 'root-mismatch') return isFixture(outcome) ? 'This is fixture evidence: AWS did not sign it.' : fails
  if (code === 'cert-validity' && check?.expected !== undefined) {
    const isNow = policy.at === 'clock'
    const [notYet, notAnyMore] = isNow
      ? ['Not valid yet', 'Not valid now']
      : ['Not valid yet at the time that you chose', 'Not valid at the time that you chose']
    const from = new Date(check.expected.replace(/ to .*/, ''))
    if (new Date(check.actual ?? '') < from) return `${notYet}: a certificate in it begins on ${moment(from)}.`
    const expired = firstExpiry(outcome)
    const since = `${duration(now.getTime() - expired.getTime())} ${isNow ? 'ago' : 'before'}`
    return `${notAnyMore}: its certificates expired on ${moment(expired)}, ${since}.`
  }
  if (code === 'clock-suspect' && evidence !== undefined) {
    const offset = evidence.timestamp.getTime() - now.getTime()
    return `It answers your nonce, but its clock is ${duration(offset)} ${offset < 0 ? 'behind' : 'ahead of'} yours.`
  }
  if (code === 'policy-freshness' && evidence !== undefined) {
    const age = now.getTime() - evidence.timestamp.getTime()
    return age < 0
      ? `Genuine, but dated ${duration(age)} ahead of your clock.`
      : `Genuine, but too old: it was made ${duration(age)} before.`
  }
  return fails
}

function actionsOf({ policy, evidence, ...outcome }: Outcome, code: string): readonly Action[] {
  if (code === 'root-mismatch' && isFixture({ evidence })) {
    return [{ label: 'Verify it under the fixture root', change: { root: 'fixture' } }]
  }
  if ((code === 'cert-validity' || code === 'policy-freshness') && policy.at !== 'evidence' && evidence !== undefined) {
    const change: Partial<State> = {
      at: 'evidence',
      ...(policy.freshness && 'maxAgeSeconds' in policy.freshness && { freshness: 'any' }),
    }
    return [{ label: `Verify it as of its own time, ${day(evidence.timestamp)}`, change }]
  }
  if (code === 'policy-debug' && outcome.isAuthentic)
    return [{ label: 'Allow debug mode, to look at the rest', change: { debug: true } }]
  return []
}

function caveatsOf(outcome: Outcome): readonly string[] {
  const { policy, now, evidence } = outcome
  const caveats: string[] = []
  if (policy.root === 'fixture')
    caveats.push('The trusted root is the fixture root of this project. Its keys are public: anyone can sign under it.')
  else if (policy.root !== 'aws')
    caveats.push('The trusted root is a certificate that was pasted into this page, or came with the link.')
  if (policy.builds.length === 0) caveats.push('You have not said what should run there, so any code would do.')
  if (policy.at === 'evidence')
    caveats.push(`Dates were checked as of the document’s own time, ${moment(now)}. This says nothing about now.`)
  else if (policy.at !== 'clock') caveats.push(`Dates were checked as of ${iso(now)}, not now.`)
  if (policy.freshness === undefined && evidence !== undefined && policy.at !== 'evidence') {
    caveats.push('Any age was accepted: this could be a replay of an older document.')
  }
  if (policy.debug) caveats.push('Debug mode was allowed: the operator of a debug enclave can read its memory.')
  if (policy.skewSeconds > 3600) caveats.push(`Clocks may be ${duration(policy.skewSeconds * 1000)} apart.`)
  return caveats
}

export function factsOf(outcome: Outcome): readonly Fact[] {
  const { checks, isAuthentic, policy, error } = outcome
  // Dates are judged before signatures.
  const isOutOfDate = error?.code === 'cert-validity' || error?.code === 'clock-suspect'
  const judged = (...ids: readonly string[]): Fact['state'] => {
    const made = checks.filter(({ id }) => ids.includes(id))
    if (made.some((check) => check.outcome === 'fail')) return 'no'
    return made.some((check) => check.outcome === 'pass') ? 'yes' : 'open'
  }
  const signer =
    policy.root === 'aws'
      ? 'Signed by AWS'
      : policy.root === 'fixture'
        ? 'Signed under the fixture root'
        : 'Signed under your root'
  const isFresh =
    policy.freshness === undefined && judged('policy-freshness') !== 'no'
      ? 'open'
      : judged('policy-nonce', 'policy-freshness')
  return [
    { label: signer, state: isAuthentic ? 'yes' : isOutOfDate ? 'open' : 'no' },
    { label: runs(policy), state: judged('policy-pcr') },
    { label: 'Fresh', state: isAuthentic ? isFresh : 'open' },
    { label: 'Closed to its operator', state: policy.debug ? 'open' : judged('policy-debug') },
  ]
}

/**
 * With one named build, which is what whoever measured an image has, the question is about that
 * image.
 */
function runs({ builds: [only, ...more] }: Outcome['policy']): string {
  return only?.name === undefined || more.length > 0 ? 'Runs what you expect' : `Runs ${only.name}`
}

/**
 * When the first of the certificates expired: from then on there is no valid path. The check names
 * the one nearest to the root.
 */
function firstExpiry({ evidence, now }: Outcome): Date {
  const certificates = evidence === undefined ? [] : [...evidence.cabundle, evidence.certificate]
  return certificates.reduce((first, der) => {
    const { notAfter } = describeCertificate(der)
    return notAfter < first ? notAfter : first
  }, now)
}

/** Only for hints: the name of a root proves nothing. */
function isFixture({ evidence }: Pick<Outcome, 'evidence'>): boolean {
  try {
    const [root] = evidence?.cabundle ?? []
    return root !== undefined && describeCertificate(root).subject.includes('veritee fixture root')
  } catch {
    return false
  }
}

const rootWords = ({ policy }: Outcome): string =>
  policy.root === 'fixture' ? 'the fixture root' : 'a root of your own'
