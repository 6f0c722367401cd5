/**
 * The verdict on a report in one plain sentence, and what a visitor can do about it.
 */
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
import type { ReportOutcome } from './outcome.ts'
import { allowances, type Allowance } from './policy.ts'
import { wordsOf } from './words.ts'

const vendor = {
  root: 'AMD’s root',
  whose: 'AMD’s',
  thing: 'report',
  signed: 'A key that AMD certified for this chip or cloud has signed this report, and nothing above it is revoked.',
}

export function reportVerdictOf(outcome: ReportOutcome): Verdict {
  return { ...(outcome.result === undefined ? refusal(outcome) : success(outcome)), facts: reportFactsOf(outcome) }
}

function success(outcome: ReportOutcome): Omit<Verdict, 'facts'> {
  const { policy, evidence } = outcome
  const isWhole =
    policy.builds.length > 0 &&
    !policy.builds.some(hasAny) &&
    policy.reportData !== undefined &&
    policy.minimumTcb !== undefined &&
    policy.allowed.length === 0 &&
    !policy.debug &&
    policy.at === 'clock'
  const whole = {
    headline: 'This guest is what you expect it to be.',
    detail: 'It was launched from what you named, it was made for your report data, and its host cannot look inside.',
  }
  const measured = evidence === undefined ? {} : { measurement: toHex(evidence.measurement) }
  return {
    ...succeeded(outcome, vendor, isWhole ? whole : undefined, gapOf(policy.builds)),
    caveats: caveatsOf(outcome),
    actions: [
      ...(policy.builds.length === 0 ? actionsWithoutMeasurements(policy, measured, 'measurements') : []),
      ...(policy.minimumTcb === undefined
        ? [{ label: 'Set a minimum for firmware and microcode', focus: 'minimumTcb' } as const]
        : []),
    ],
  }
}

function refusal(outcome: ReportOutcome): Omit<Verdict, 'facts'> {
  const { error, policy } = outcome
  if (error?.code === 'endorsement-missing' && policy.endorsements === undefined) return withoutEndorsements
  return refused(outcome, { wordsOf, headlineOf, caveatsOf, actionsOf })
}

const fetching = `npx veritee endorsements ${evidenceFile} -o ${endorsementsFile}`

/** Nothing is wrong yet. */
const withoutEndorsements: Omit<Verdict, 'facts'> = {
  tone: 'todo',
  code: 'endorsement-missing',
  headline: 'Not verified yet: what AMD says of its key is missing.',
  detail: `Fetch it with \`${fetching}\`, and drop the JSON here. This page may not ask AMD itself: nothing leaves it.`,
  caveats: [],
  actions: [
    { label: 'Copy the command', copy: fetching },
    { label: 'Paste the JSON', focus: 'collateral' },
  ],
}

function headlineOf(outcome: ReportOutcome, code: AttestationErrorCode): string {
  const { fails } = wordsOf(code)
  const { claims } = outcome
  if (code === 'policy-product' && claims !== undefined)
    return `Genuine, but on ${claims.product}, which you do not accept.`
  if (code === 'policy-vmpl' && claims !== undefined)
    return claims.vmpl > 3
      ? 'The host asked for this report, not the guest.'
      : `Genuine, but asked for at VMPL ${claims.vmpl}.`
  return headlineOfDates(outcome, code, fails)
}

/** What would have to be allowed, where something can be. */
const remedies: Partial<Record<AttestationErrorCode, Allowance>> = {
  'policy-product': 'Milan',
  'policy-platform-info': 'alias',
  'policy-provisional-firmware': 'provisional',
  'policy-migration': 'migration',
  'policy-vmpl': 'vmpl',
}

function actionsOf({ policy, isAuthentic, claims }: ReportOutcome, code: AttestationErrorCode): readonly Action[] {
  if (code === 'root-mismatch' && policy.root === 'pinned')
    return [{ label: 'Verify it under the fixture roots of this project', change: { root: 'fixture' } }]
  if (code === 'policy-debug' && isAuthentic)
    return [{ label: 'Allow debug mode, to look at the rest', change: { debug: true } }]
  const remedy = remedies[code]
  if (remedy === undefined || !isAuthentic || policy.allowed.includes(remedy)) return []
  // The host can never be meant, and other bits of the platform are not this allowance's.
  if (code === 'policy-vmpl' && (claims?.vmpl ?? 0) > 3) return []
  if (code === 'policy-platform-info' && claims?.platformInfo.aliasCheckComplete === true) return []
  return [
    {
      label: `Accept it, to look at the rest: ${allowances[remedy]}`,
      change: { allowed: String([...policy.allowed, remedy]) },
    },
  ]
}

function caveatsOf(outcome: ReportOutcome): readonly string[] {
  const { policy, claims } = outcome
  const { root, time } = commonCaveats(outcome)
  const say = (isSo: boolean, text: string): readonly string[] => (isSo ? [text] : [])
  return [
    ...root,
    ...say(
      claims?.product === 'Milan',
      'Its processor is a Milan. The owner of such a machine can sign any report (AMD-SB-3045, arXiv 2605.12990).',
    ),
    ...policy.allowed
      .filter((allowance) => allowance !== 'Milan')
      .map((allowance) => `You accept: ${allowances[allowance].replace(/^./, (first) => first.toLowerCase())}.`),
    ...say(policy.builds.length === 0, 'You have not said what should run there, so any code would do.'),
    ...say(policy.builds.some(hasAny), 'Registers that may hold anything were not compared.'),
    ...say(
      policy.minimumTcb === undefined,
      'You have set no minimum for firmware and microcode, so flaws that AMD has mended since may be open.',
    ),
    ...say(
      policy.reportData === undefined,
      'Any report data was accepted: this could be a replay, and for whom it was made is not known.',
    ),
    ...say(policy.debug, 'Debug mode was allowed: the host can then read its memory.'),
    ...time,
  ]
}

export function reportFactsOf(outcome: ReportOutcome): readonly Fact[] {
  const { policy } = outcome
  const judged = judge(outcome)
  const level = judged('policy-tcb', 'policy-provisional-firmware', 'policy-product')
  return [
    ...factsOfReading(outcome, policy.root === 'pinned' ? 'Chain begins at AMD’s root' : 'Chain begins at that root'),
    { label: signerIn(outcome), state: signedState(outcome) },
    // Without a minimum nothing is known of what was mended.
    {
      label: 'Platform up to your minimum',
      state: level === 'yes' && policy.minimumTcb === undefined ? 'open' : level,
    },
    { label: 'Runs what you expect', state: judged('policy-measurements') },
    { label: 'Made for you', state: judged('policy-report-data') },
    { label: 'Closed to its host', state: policy.debug ? 'open' : judged('policy-debug', 'policy-migration') },
  ]
}

export const signerIn = ({ policy }: ReportOutcome): string => signerOf(policy, 'Vouched for by AMD')
