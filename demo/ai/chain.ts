/**
 * The chain from silicon to model: each link in words, and the checks that hold it. What a check is
 * called says which link it belongs to; nothing here decides what holds.
 */
import { AttestationError, type AttestationErrorCode, type Check } from '../../src/ai/index.ts'

export interface Link {
  readonly name: string
  /** The sentence when all its checks passed. */
  readonly holds: string
  readonly fails: string
  /** Why it matters. */
  readonly why: string
  /** Checks that belong to it by name. */
  readonly checks: readonly AttestationErrorCode[]
}

/** `channel` is the last one: no check of a report is about it. */
export type LinkId =
  'silicon' | 'platform' | 'system' | 'fresh' | 'application' | 'key-service' | 'gpus' | 'key' | 'channel'

export const links: Readonly<Record<LinkId, Link>> = {
  silicon: {
    name: 'The processor',
    holds: 'A processor’s own key signed this quote, and the vendor’s pinned root vouches for that key.',
    fails: 'No processor of that vendor signed this quote.',
    why: 'Without it, any computer can claim to be a confidential machine.',
    checks: [],
  },
  platform: {
    name: 'Its state',
    holds: 'Its microcode and firmware are up to date, and nothing in it is open for debugging.',
    fails: 'The processor is genuine, and in a state that this page does not accept.',
    why: 'An old or open processor can be made to give its secrets away.',
    checks: [
      'policy-tcb-status',
      'policy-tcb-evaluation',
      'policy-endorsement-age',
      'policy-platform',
      'policy-debug',
      'policy-migration',
      'policy-service-td',
    ],
  },
  system: {
    name: 'Firmware and system',
    holds: 'It booted the firmware and the operating system that this page has the measurements of.',
    fails: 'It booted something else than this page expects.',
    why: 'What it says about the application is worth as much as the system that measured it.',
    checks: ['policy-measurements', 'policy-rtmr', 'policy-os-image', 'event-log-format', 'event-log-digest'],
  },
  fresh: {
    name: 'This very answer',
    holds: 'The quote answers this page’s nonce, and holds the keys that were served beside it.',
    fails: 'The quote does not answer this page’s nonce with these keys.',
    why: 'An old quote, or that of another machine, is genuine too.',
    checks: ['policy-report-data', 'report-json', 'report-field', 'report-select', 'report-nonce', 'report-binding'],
  },
  application: {
    name: 'The application',
    holds: 'Before anything else ran, the machine measured the application that this page accepts.',
    fails: 'The machine is genuine, and runs another application.',
    why: 'A genuine machine can run a program that writes prompts down.',
    checks: ['policy-compose', 'policy-event', 'policy-images', 'policy-app-id', 'compose-format'],
  },
  'key-service': {
    name: 'Its keys',
    holds: 'The application has its secrets from the key service that this page accepts.',
    fails: 'The application has its secrets from elsewhere.',
    why: 'Another key service could keep a copy of what opens the prompt.',
    checks: ['policy-key-provider'],
  },
  gpus: {
    name: 'The GPUs',
    holds: 'Each GPU signed evidence of its own, for the same nonce.',
    fails: 'A GPU did not answer this nonce.',
    why: 'The model runs there: a prompt is opened for them too.',
    checks: ['policy-gpu', 'policy-expired', 'policy-unproven'],
  },
  key: {
    name: 'The key of the channel',
    holds: 'A key inside the quote signed the key that prompts are sealed to.',
    fails: 'The key to seal prompts to is not one that the quote vouches for.',
    why: 'Whose key it is decides who can read the prompt.',
    checks: ['report-key', 'ohttp-key-config'],
  },
  channel: {
    name: 'The model’s words',
    holds: 'The prompt left sealed to that key, and each piece of the answer was authenticated, its end too.',
    fails: 'What came back is not what the proven machine sent.',
    why: 'An answer that was changed, or cut, must never look finished.',
    checks: [],
  },
}

/** What was seen of one report: checks of its quote, and of all around it. */
export interface Seen {
  readonly quote: readonly Check[]
  readonly report: readonly Check[]
}

export type LinkState = 'yes' | 'no' | 'open' | 'never'

export interface LinkView {
  readonly id: LinkId
  readonly state: LinkState
  readonly checks: readonly Check[]
}

/** @param error what ended it, if anything did @param answered whether a whole answer came back */
export function chainOf({ quote, report }: Seen, error: unknown, answered: boolean): readonly LinkView[] {
  const found = new Map<LinkId, Check[]>()
  const put = (id: LinkId, check: Check): void => {
    found.set(id, [...(found.get(id) ?? []), check])
  }
  for (const check of quote) put(linkOf(check.id, 'silicon'), check)
  for (const check of report) put(linkOf(check.id, 'key-service'), check)
  const failed = [...quote, ...report].some(({ outcome }) => outcome === 'fail')
  const code = error instanceof AttestationError ? error.code : undefined
  const lateFailure = error !== undefined && !failed
  // What is refused outside of a record of checks: before it, or after the report was proven.
  const culprit = lateFailure ? (code === undefined ? 'channel' : linkOf(code, 'channel')) : undefined
  return (Object.keys(links) as LinkId[]).map((id) => {
    const checks = found.get(id) ?? []
    const isWrong = id === culprit || checks.some(({ outcome }) => outcome === 'fail')
    const holds = id === 'channel' ? answered : checks.some(({ outcome }) => outcome === 'pass')
    const state = isWrong ? 'no' : holds ? 'yes' : error === undefined ? 'open' : 'never'
    return { id, state, checks }
  })
}

function linkOf(check: string, otherwise: LinkId): LinkId {
  const found = Object.entries(links).find(([, { checks }]) => (checks as readonly string[]).includes(check))
  return (found?.[0] as LinkId | undefined) ?? otherwise
}
