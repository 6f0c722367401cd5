/**
 * The verdict on a phone in one plain sentence, and what a visitor can do about it.
 */
import type { AttestationErrorCode } from '../../../../src/index.ts'
import { toHex } from '../../bytes.ts'
import {
  type Action,
  actionsWithoutMeasurements,
  commonCaveats,
  type Fact,
  factsOfReading,
  headlineOfDates,
  judge,
  refused,
  signedState,
  signerOf,
  succeeded,
  type Verdict,
} from '../../verdict.ts'
import type { PhoneOutcome } from './outcome.ts'
import { wordsOf } from './words.ts'

const vendors = {
  'android-key': {
    root: 'Google’s roots',
    whose: 'Google’s',
    thing: 'phone',
    signed: 'A phone whose attestation key Google certified vouches for this key.',
  },
  'app-attest': {
    root: 'Apple’s root',
    whose: 'Apple’s',
    thing: 'phone',
    signed: 'Apple vouches for this key: it is in the Secure Enclave of a genuine device.',
  },
} as const

export const signerIn = ({ policy }: PhoneOutcome): string =>
  signerOf(policy, policy.kind === 'android-key' ? 'Vouched for by Google' : 'Vouched for by Apple')

/** The status list is missing, and no one said to go without. */
const lacksList = ({ policy }: PhoneOutcome): boolean =>
  policy.kind === 'android-key' && policy.statusList === undefined && !policy.skipsRevocation

export function phoneVerdictOf(outcome: PhoneOutcome): Verdict {
  return { ...verdictWithoutFacts(outcome), facts: phoneFactsOf(outcome) }
}

function verdictWithoutFacts(outcome: PhoneOutcome): Omit<Verdict, 'facts'> {
  const { policy, evidence, isAuthentic, result } = outcome
  if (policy.kind === 'app-attest' && policy.clientData === undefined && evidence !== undefined)
    return withoutClientData
  if (lacksList(outcome) && isAuthentic) return withoutList
  return result === undefined ? refusal(outcome) : success(outcome)
}

const listAddress = 'https://android.googleapis.com/attestation/status'

/** Nothing is wrong yet. */
const withoutList: Omit<Verdict, 'facts'> = {
  tone: 'todo',
  code: 'endorsement-missing',
  headline: 'Not verified yet: Google’s list of revoked keys is missing.',
  detail: `Fetch it from ${listAddress}, and drop the JSON here. This page may not ask Google itself: nothing leaves it.`,
  caveats: [],
  actions: [
    { label: 'Copy the command', copy: `curl -o status.json ${listAddress}` },
    { label: 'Paste the JSON', focus: 'collateral' },
    { label: 'Go without it', change: { allowed: 'no-revocation' } },
  ],
}

const withoutClientData: Omit<Verdict, 'facts'> = {
  tone: 'todo',
  code: 'app-attest-nonce',
  headline: 'Not verified yet: the client data are missing.',
  detail:
    'The certificate is for their digest. They are the bytes that the application hashed, with your challenge in them.',
  caveats: [],
  actions: [{ label: 'Paste the client data', focus: 'clientData' }],
}

function success(outcome: PhoneOutcome): Omit<Verdict, 'facts'> {
  const { policy } = outcome
  const isAndroid = policy.kind === 'android-key'
  const isWhole =
    policy.applications.length > 0 &&
    (!isAndroid || (policy.statusList !== undefined && (policy.nonce !== undefined || policy.page !== undefined))) &&
    !policy.debug &&
    policy.at === 'clock'
  const whole = {
    headline: 'This key is in a phone as you expect it.',
    detail: 'Your application asked for it, and hardware keeps it.',
  }
  const gap = policy.applications.length === 0 ? ' Whose application asked was not compared.' : ''
  return {
    ...succeeded(outcome, vendors[policy.kind], isWhole ? whole : undefined, gap),
    caveats: caveatsOf(outcome),
    actions:
      policy.applications.length === 0
        ? actionsWithoutMeasurements(policy, seenIn(outcome), 'values').map((action) =>
            'focus' in action ? { ...action, label: 'Name the application that you expect' } : action,
          )
        : [],
  }
}

/** The application that asked: by Android's word. Apple's attestation has a digest of it only. */
function seenIn({ result }: PhoneOutcome): Readonly<Record<string, unknown>> {
  const application = result !== undefined && 'application' in result.claims ? result.claims.application : undefined
  if (application === undefined) return {}
  return { packageName: application.packages.map(({ name }) => name), signers: application.signers.map(toHex) }
}

const refusal = (outcome: PhoneOutcome): Omit<Verdict, 'facts'> =>
  refused(outcome, { wordsOf, headlineOf, caveatsOf, actionsOf })

const headlineOf = (outcome: PhoneOutcome, code: AttestationErrorCode): string =>
  headlineOfDates(outcome, code, wordsOf(code).fails)

function actionsOf({ policy, isAuthentic }: PhoneOutcome, code: AttestationErrorCode): readonly Action[] {
  if (code === 'root-mismatch' && policy.root === 'pinned')
    return [{ label: 'Verify it under the fixture root of this project', change: { root: 'fixture' } }]
  if (code === 'policy-boot' && isAuthentic)
    return [{ label: 'Accept an unlocked phone, to look at the rest', change: { debug: true } }]
  if (code === 'policy-debug' && isAuthentic)
    return [{ label: 'Accept development, to look at the rest', change: { debug: true } }]
  if (code === 'policy-application' && isAuthentic) return [{ label: 'Name another application', focus: 'reference' }]
  if (code === 'app-attest-nonce') return [{ label: 'Paste other client data', focus: 'clientData' }]
  return []
}

function caveatsOf(outcome: PhoneOutcome): readonly string[] {
  const { policy } = outcome
  const isAndroid = policy.kind === 'android-key'
  const { root, time } = commonCaveats(outcome)
  const say = (isSo: boolean, text: string): readonly string[] => (isSo ? [text] : [])
  return [
    ...root,
    ...say(policy.applications.length === 0, 'You have not said whose application asked, so any would do.'),
    ...say(
      isAndroid && policy.nonce === undefined && policy.page === undefined,
      'Any challenge was accepted: this could be a replay.',
    ),
    ...say(isAndroid && policy.statusList === undefined, 'Keys that are known to have leaked were accepted.'),
    ...say(policy.debug && isAndroid, 'Unlocked phones were accepted: their owner can change what runs there.'),
    ...say(policy.debug && !isAndroid, 'Applications in development were accepted.'),
    ...time,
  ]
}

export function phoneFactsOf(outcome: PhoneOutcome): readonly Fact[] {
  const { policy, error, isAuthentic } = outcome
  const judged = judge(outcome)
  const isUndecided = error === undefined && !isAuthentic
  const common = [
    ...factsOfReading(
      outcome,
      policy.root === 'pinned' ? `Chain begins at ${vendors[policy.kind].root}` : 'Chain begins at that root',
    ),
    { label: signerIn(outcome), state: isUndecided ? ('open' as const) : signedState(outcome) },
  ]
  if (policy.kind === 'app-attest')
    return [
      ...common,
      { label: 'For your client data', state: judged('app-attest-nonce') },
      { label: 'Asked for by your application', state: judged('policy-application') },
      { label: 'Published, not in development', state: policy.debug ? 'open' : judged('policy-debug') },
    ]
  return [
    ...common,
    { label: 'Not revoked', state: policy.statusList === undefined ? 'open' : judged('status-revoked') },
    { label: 'Answers your challenge', state: judged('policy-nonce') },
    { label: 'Kept by hardware', state: judged('policy-security-level') },
    { label: 'Made inside, for its use', state: judged('policy-key') },
    ...(policy.patchLevel === undefined
      ? []
      : [{ label: 'As new as you ask for', state: judged('policy-patch-level') }]),
    { label: 'Locked, with a verified system', state: policy.debug ? 'open' : judged('policy-boot') },
    { label: 'Asked for by your application', state: judged('policy-application') },
  ]
}
