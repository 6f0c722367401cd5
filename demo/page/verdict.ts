/**
 * The verdict in one plain sentence, and what a visitor can do about it: the parts that all
 * families share. Everything that was left out is said: a link can carry any settings.
 */
import type { AttestationErrorCode } from '../../src/index.ts'
import type { Outcome } from './outcome.ts'
import type { Policy } from './policy.ts'
import type { State } from './state.ts'
import { day, duration, iso, moment } from './time.ts'
import type { Words } from './words.ts'

/** `todo`: something is missing that only has to be fetched. */
export type Tone = 'good' | 'fixture' | 'partial' | 'todo' | 'bad'

/** The next step that a verdict suggests: other settings, a field to fill in, or text to take away. */
export type Action =
  | { readonly label: string; readonly change: Partial<State> }
  | { readonly label: string; readonly focus: keyof State }
  | { readonly label: string; readonly copy: string }

export interface Verdict {
  readonly tone: Tone
  /** `valid`, or the reason code. */
  readonly code: string
  readonly headline: string
  readonly detail: string
  /** What was left out, or makes the verdict weaker than it looks. */
  readonly caveats: readonly string[]
  readonly actions: readonly Action[]
  readonly facts: readonly Fact[]
}

/** The questions of a visitor, at a glance. */
export interface Fact {
  readonly label: string
  readonly state: 'yes' | 'no' | 'open'
}

/** Answers a question from the checks that were made, whether others failed or not. */
export function judge({ checks }: Pick<Outcome, 'checks'>): (...ids: readonly string[]) => Fact['state'] {
  return (...ids) => {
    const made = checks.filter(({ id }) => ids.includes(id))
    if (made.some((check) => check.outcome === 'fail')) return 'no'
    return made.some((check) => check.outcome === 'pass') ? 'yes' : 'open'
  }
}

export function wellFormed({ checks, evidence }: Outcome): Fact {
  const decoding = checks
    .filter(({ stage, id }) => stage === 'decode' && !id.startsWith('endorsement-'))
    .map(({ outcome: came }) => came)
  const state = decoding.includes('fail') || evidence === undefined ? 'no' : decoding.length > 0 ? 'yes' : 'open'
  return { label: 'Well formed', state }
}

/** How far it came: whether it is well-formed, and whether its chain begins at the trusted root. */
export const factsOfReading = (outcome: Outcome, root: string): readonly Fact[] => [
  wellFormed(outcome),
  { label: root, state: judge(outcome)('root-mismatch') },
]

/**
 * Whether someone signed it. What failed before any signature was looked at leaves that open: dates
 * are judged first, and nothing is without endorsements.
 */
export function signedState({ isAuthentic, error }: Outcome): Fact['state'] {
  if (isAuthentic) return 'yes'
  const code = error?.code ?? ''
  return code.endsWith('-validity') || ['clock-suspect', 'endorsement-missing'].includes(code) ? 'open' : 'no'
}

/** The vendor as verdicts name it. */
export interface Vendor {
  /** `the AWS root` */
  readonly root: string
  /** `AWS’s` */
  readonly whose: string
  /** `document` */
  readonly thing: string
  /** Who has signed what, as a sentence. */
  readonly signed: string
}

/** What is said when everything that was asked holds, and nothing was left out. */
interface Whole {
  readonly headline: string
  readonly detail: string
}

/** What is said at once where no measurements were named. */
export const gapOf = (builds: readonly unknown[]): string =>
  builds.length === 0 ? ' What runs there was not compared.' : ''

/** @param whole `undefined` when something was left out @param gap what that is, if it must be said at once */
export function succeeded(
  { policy, now }: Outcome,
  { root, whose, thing, signed }: Vendor,
  whole: Whole | undefined,
  gap: string,
): Pick<Verdict, 'tone' | 'code' | 'headline' | 'detail'> {
  const asOf = policy.at === 'clock' ? '' : `, as of ${day(now)}`
  if (policy.root !== 'pinned') {
    const other = policy.root === 'fixture' ? 'the fixture root' : 'a root of your own'
    return {
      code: 'valid',
      tone: 'fixture',
      headline: whole
        ? `Everything checks out, but under ${other}, not ${whose}.`
        : `Verified under ${other}, not ${whose}${asOf}.`,
      detail: `This is what a good ${thing} looks like. It proves nothing about real hardware.`,
    }
  }
  if (whole !== undefined)
    return { code: 'valid', tone: 'good', headline: whole.headline, detail: `${signed} ${whole.detail}` }
  return { code: 'valid', tone: 'partial', headline: `Verified under ${root}${asOf}.${gap}`, detail: signed }
}

/** The next step where no measurements were named: name them, or take those that are there. */
export function actionsWithoutMeasurements(
  policy: Policy,
  values: Readonly<Record<string, unknown>>,
  name: string,
): readonly Action[] {
  return [
    { label: 'Enter the measurements that you expect', focus: 'reference' },
    ...(Object.keys(values).length === 0 || policy.debug
      ? []
      : [{ label: `Copy these ${name} as a policy`, copy: JSON.stringify(values, null, 2) } as const]),
  ]
}

/** What a family says of a refusal. */
export interface Says<O extends Outcome> {
  readonly wordsOf: (code: AttestationErrorCode) => Words
  /** Default: what the failed check says. */
  readonly headlineOf?: (outcome: O, code: AttestationErrorCode) => string
  /** Default: why the check is made. */
  readonly detailOf?: (outcome: O, code: AttestationErrorCode) => string
  readonly caveatsOf: (outcome: O) => readonly string[]
  readonly actionsOf: (outcome: O, code: AttestationErrorCode) => readonly Action[]
}

/** A refusal in words: what failed, why that matters, what else was not met, and what can be done about it. */
export function refused<O extends Outcome>(outcome: O, says: Says<O>): Omit<Verdict, 'facts'> {
  const { wordsOf, headlineOf, detailOf, caveatsOf, actionsOf } = says
  const code = outcome.error?.code ?? 'unsupported'
  const { why, fails } = wordsOf(code)
  return {
    tone: 'bad',
    code,
    headline: headlineOf?.(outcome, code) ?? fails,
    detail: [detailOf?.(outcome, code) ?? why, ...failuresBeside(outcome, code, wordsOf)].join(' '),
    caveats: outcome.isAuthentic ? caveatsOf(outcome) : [],
    actions: actionsOf(outcome, code),
  }
}

/** Which other expectations were not met, in words. */
function failuresBeside(outcome: Outcome, code: string, wordsOf: Says<never>['wordsOf']): readonly string[] {
  if (!outcome.isAuthentic) return []
  return outcome.checks
    .filter(({ outcome: came, id }) => came === 'fail' && id !== code)
    .map(({ id }) => wordsOf(id).fails)
}

/** A refusal for its dates, said with the date. */
export function headlineOfDates({ policy, checks, now }: Outcome, code: string, fails: string): string {
  if (!code.endsWith('-validity')) return fails
  if (policy.at !== 'clock') return `${fails.replace(/ now\.$|\.$/, '')} at the time that you chose.`
  const check = checks.find(({ id, outcome: came }) => id === code && came === 'fail')
  const until = new Date(/ to (\S+)$/.exec(check?.expected ?? '')?.[1] ?? '')
  return until < now ? `${fails.replace(/\.$/, '')}: it ended on ${moment(until)}.` : fails
}

/** What makes any verdict weaker: another root, another time, distant clocks. */
export function commonCaveats({ policy, now }: Outcome): {
  readonly root: readonly string[]
  readonly time: readonly string[]
} {
  return {
    root:
      policy.root === 'pinned'
        ? []
        : [
            policy.root === 'fixture'
              ? 'The trusted root is the fixture root of this project. Its keys are public: anyone can sign under it.'
              : 'The trusted root is a certificate that was pasted into this page, or came with the link.',
          ],
    time: [
      ...(policy.at instanceof Date ? [`Dates were checked as of ${iso(now)}, not now.`] : []),
      ...(policy.skewSeconds > 3600 ? [`Clocks may be ${duration(policy.skewSeconds * 1000)} apart.`] : []),
    ],
  }
}

/** Who vouches for what it says, when it is authentic. @param pinned `Signed by AWS` */
export function signerOf({ root }: Policy, pinned: string): string {
  if (root === 'pinned') return pinned
  return root === 'fixture' ? 'Signed under the fixture root' : 'Signed under your root'
}
