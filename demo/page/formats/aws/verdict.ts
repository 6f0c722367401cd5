/**
 * The verdict on a document in one plain sentence, and what a visitor can do about it.
 */
import { describeCertificate } from '../../../../src/inspect/index.ts'
import type { AttestationErrorCode } from '../../../../src/index.ts'
import { toHex } from '../../bytes.ts'
import type { State } from '../../state.ts'
import { day, duration, moment } from '../../time.ts'
import {
  type Action,
  actionsWithoutMeasurements,
  commonCaveats,
  type Fact,
  factsOfReading,
  gapOf,
  judge,
  refused,
  signedState,
  signerOf,
  succeeded,
  type Verdict,
} from '../../verdict.ts'
import type { NitroOutcome as Outcome } from './outcome.ts'
import { wordsOf } from './words.ts'

const vendor = {
  root: 'the AWS root',
  whose: 'AWS’s',
  thing: 'document',
  signed: 'AWS signed this document with a certificate that leads to its pinned root.',
}

export const signerIn = ({ policy }: Outcome): string => signerOf(policy, 'Signed by AWS')

export function verdictOf(outcome: Outcome): Verdict {
  const facts = factsOf(outcome)
  if (outcome.refused !== undefined) return { ...refusalOfReference(outcome.refused), facts: [] }
  return { ...(outcome.result === undefined ? refusal(outcome) : success(outcome)), facts }
}

function refusalOfReference({ code, message }: NonNullable<Outcome['refused']>): Omit<Verdict, 'facts'> {
  return {
    tone: 'bad',
    code,
    headline: 'Not verified: the signed reference values were refused.',
    detail: message,
    caveats: [],
    actions: [],
  }
}

function success(outcome: Outcome): Omit<Verdict, 'facts'> {
  const { policy } = outcome
  const isWhole = policy.builds.length > 0 && policy.freshness !== undefined && !policy.debug && policy.at === 'clock'
  const thing = policy.isInstance ? 'instance' : 'enclave'
  const whole = {
    headline: `This ${thing} is what you expect it to be.`,
    detail: 'It runs the code that you named, it is fresh, and its operator cannot look inside.',
  }
  return {
    ...succeeded(outcome, vendor, isWhole ? whole : undefined, gapOf(policy.builds)),
    caveats: caveatsOf(outcome),
    actions: policy.builds.length === 0 ? actionsWithoutMeasurements(policy, measured(outcome), 'PCRs') : [],
  }
}

/** The registers that say what runs: those of the image, and of its signer. */
function measured({ evidence, policy }: Outcome): Readonly<Record<string, string>> {
  const wanted = policy.isInstance ? ['PCR4', 'PCR7'] : ['PCR0', 'PCR1', 'PCR2', 'PCR8']
  return Object.fromEntries(
    wanted.flatMap((register) => {
      const value = evidence?.pcrs[register as 'PCR0']
      return value?.some((byte) => byte !== 0) === true ? [[register, toHex(value)] as const] : []
    }),
  )
}

const refusal = (outcome: Outcome): Omit<Verdict, 'facts'> =>
  refused(outcome, { wordsOf, headlineOf, caveatsOf, actionsOf })

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
  if (code === 'policy-kind' && outcome.isAuthentic && !policy.isInstance)
    return [{ label: 'Accept an instance with NitroTPM, to look at the rest', change: { allowed: 'instance' } }]
  if (code === 'policy-debug' && outcome.isAuthentic)
    return [{ label: 'Allow debug mode, to look at the rest', change: { debug: true } }]
  return []
}

function caveatsOf(outcome: Outcome): readonly string[] {
  const { policy, now, evidence } = outcome
  const { root, time } = commonCaveats(outcome)
  return [
    ...root,
    ...(policy.builds.length === 0 ? ['You have not said what should run there, so any code would do.'] : []),
    ...(policy.at === 'evidence'
      ? [`Dates were checked as of the document’s own time, ${moment(now)}. This says nothing about now.`]
      : []),
    ...(policy.freshness === undefined && evidence !== undefined && policy.at !== 'evidence'
      ? ['Any age was accepted: this could be a replay of an older document.']
      : []),
    ...(policy.debug ? ['Debug mode was allowed: the operator of a debug enclave can read its memory.'] : []),
    ...(policy.isInstance ? ['An instance is accepted: it is not isolated from its operator as an enclave is.'] : []),
    ...time,
  ]
}

export function factsOf(outcome: Outcome): readonly Fact[] {
  const { isAuthentic, policy } = outcome
  const judged = judge(outcome)
  const isFresh =
    policy.freshness === undefined && judged('policy-freshness') !== 'no'
      ? 'open'
      : judged('policy-nonce', 'policy-freshness')
  return [
    ...factsOfReading(outcome, policy.root === 'pinned' ? 'Chain begins at the AWS root' : 'Chain begins at that root'),
    { label: signerIn(outcome), state: signedState(outcome) },
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
