/**
 * The verdict on a token in one plain sentence, and what a visitor can do about it.
 */
import type { AttestationErrorCode } from '../../../../src/index.ts'
import { toHex } from '../../bytes.ts'
import {
  type Action,
  actionsWithoutMeasurements,
  commonCaveats,
  type Fact,
  gapOf,
  judge,
  refused,
  succeeded,
  type Verdict,
  wellFormed,
} from '../../verdict.ts'
import type { TokenOutcome } from './outcome.ts'
import { allowances, lifecycles } from './policy.ts'
import { wordsOf } from './words.ts'

const vendor = {
  root: 'the keys that you named',
  whose: 'a maker’s',
  thing: 'token',
  signed: 'The key that you named for this very device vouches for the token.',
}

export const signerIn = ({ policy }: TokenOutcome): string =>
  policy.root === 'fixture' ? 'Signed by a fixture key' : 'Vouched for by the key that you named'

export function tokenVerdictOf(outcome: TokenOutcome): Verdict {
  const { policy, evidence, result } = outcome
  const verdict =
    policy.anchors.length === 0 && evidence !== undefined
      ? withoutAnchors(outcome)
      : result === undefined
        ? refusal(outcome)
        : success(outcome)
  return { ...verdict, facts: tokenFactsOf(outcome) }
}

function success(outcome: TokenOutcome): Omit<Verdict, 'facts'> {
  const { policy } = outcome
  const isCca = policy.kind === 'cca'
  const isWhole =
    policy.builds.length > 0 &&
    (!isCca || policy.firmware.length > 0) &&
    !JSON.stringify([policy.builds, policy.firmware]).includes('"any') &&
    policy.nonce !== undefined &&
    policy.accepted.length === 0 &&
    !policy.testKeys
  const whole = {
    headline: `This ${isCca ? 'realm' : 'device'} is what you expect it to be.`,
    detail: 'It runs what you named, it answers your nonce, and it is closed to its operator.',
  }
  return {
    ...succeeded(outcome, vendor, isWhole ? whole : undefined, gapOf(policy.builds)),
    caveats: caveatsOf(outcome),
    actions: policy.builds.length === 0 ? actionsWithoutMeasurements(policy, measured(outcome), 'measurements') : [],
  }
}

function measured({ evidence }: TokenOutcome): Readonly<Record<string, unknown>> {
  if (evidence === undefined) return {}
  if ('realm' in evidence) return { rim: toHex(evidence.realm.rim) }
  return {
    softwareComponents: evidence.softwareComponents.map(({ type, version, measurement, signerId }) => ({
      ...(type !== undefined && { type }),
      ...(version !== undefined && { version }),
      measurement: toHex(measurement),
      signerId: toHex(signerId),
    })),
  }
}

/** Nothing is wrong yet. The ids tell which key to ask for. */
function withoutAnchors({ evidence }: TokenOutcome): Omit<Verdict, 'facts'> {
  const device = evidence === undefined ? undefined : 'platform' in evidence ? evidence.platform : evidence
  const ids =
    device &&
    JSON.stringify({ implementationId: toHex(device.implementationId), instanceId: toHex(device.instanceId) }, null, 2)
  return {
    tone: 'todo',
    code: 'anchor-unknown',
    headline: 'Not verified yet: you have named no key of its maker.',
    detail:
      'No vendor’s root vouches for such a device. Ask its maker for the key of this one, and never take it from the token.',
    caveats: [],
    actions: [
      { label: 'Paste the key', focus: 'anchors' },
      ...(ids === undefined ? [] : [{ label: 'Copy the ids of the device', copy: ids } as const]),
    ],
  }
}

const refusal = (outcome: TokenOutcome): Omit<Verdict, 'facts'> => refused(outcome, { wordsOf, caveatsOf, actionsOf })

function actionsOf({ evidence, isAuthentic, policy }: TokenOutcome, code: AttestationErrorCode): readonly Action[] {
  if (code === 'anchor-unknown') return [{ label: 'Name another key', focus: 'anchors' }]
  if (code !== 'policy-lifecycle' || !isAuthentic || evidence === undefined) return []
  const state = 'platform' in evidence ? evidence.platform.lifecycleState : evidence.lifecycleState
  if (!Object.hasOwn(lifecycles, state)) return []
  return [
    {
      label: `Accept it, to look at the rest: ${lifecycles[state as keyof typeof lifecycles]}`,
      change: { allowed: String([...policy.accepted, ...(policy.testKeys ? ['test-keys'] : []), state]) },
    },
  ]
}

function caveatsOf(outcome: TokenOutcome): readonly string[] {
  const { policy } = outcome
  const say = (isSo: boolean, text: string): readonly string[] => (isSo ? [text] : [])
  return [
    ...say(
      policy.root === 'fixture',
      'The keys are those of the fixtures of this project. Their private halves are public: anyone can sign with them.',
    ),
    ...say(policy.builds.length === 0, 'You have not said what should run there, so any code would do.'),
    ...say(policy.kind === 'cca' && policy.firmware.length === 0, 'Whatever firmware is below the realm was accepted.'),
    ...say(policy.nonce === undefined, 'Any age was accepted: a token has no date, and this could be a replay.'),
    ...[...policy.accepted, ...(policy.testKeys ? ['test-keys'] : [])].map(
      (word) => `You accept: ${(allowances[word] ?? word).replace(/^./, (first) => first.toLowerCase())}.`,
    ),
    ...commonCaveats(outcome).time,
  ]
}

export function tokenFactsOf(outcome: TokenOutcome): readonly Fact[] {
  const { isAuthentic, policy, error } = outcome
  const judged = judge(outcome)
  const isCca = policy.kind === 'cca'
  return [
    wellFormed(outcome),
    { label: 'You have its maker’s key', state: judged('anchor-unknown') },
    { label: signerIn(outcome), state: isAuthentic ? 'yes' : error === undefined ? 'open' : 'no' },
    ...(isCca ? [{ label: 'On the firmware you expect', state: judged('policy-platform') }] : []),
    { label: 'Runs what you expect', state: judged('policy-measurements') },
    { label: 'Answers your nonce', state: judged('policy-nonce') },
    {
      label: 'Secured, not open for debugging',
      state: policy.accepted.length > 0 ? 'open' : judged('policy-lifecycle'),
    },
  ]
}
