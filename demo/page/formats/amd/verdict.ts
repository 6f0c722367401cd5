/**
 * The verdict on a report in one plain sentence, and what a visitor can do about it. Everything
 * that was left out is said: a link can carry any settings.
 */
import type { AttestationErrorCode } from '../../library.ts'
import { evidenceFile } from '../../code.ts'
import { day, duration, iso, moment } from '../../time.ts'
import type { Action, Fact, Verdict } from '../../verdict.ts'
import { endorsementsFile } from './code.ts'
import type { ReportOutcome } from './outcome.ts'
import { allowances, type Allowance } from './policy.ts'
import { wordsOf } from './words-amd.ts'

export function reportVerdictOf(outcome: ReportOutcome): Verdict {
  return outcome.result === undefined ? refusal(outcome) : success(outcome)
}

function success(outcome: ReportOutcome): Verdict {
  const { policy, now } = outcome
  const caveats = caveatsOf(outcome)
  const asOf = policy.at === 'clock' ? '' : `, as of ${day(now)}`
  const isWhole =
    policy.builds.length > 0 &&
    !policy.builds.some(hasAny) &&
    policy.reportData !== undefined &&
    policy.minimumTcb !== undefined &&
    policy.allowed.length === 0 &&
    !policy.debug &&
    policy.at === 'clock'
  const common = { code: 'valid', caveats, actions: [] }
  if (policy.root !== 'pinned') {
    const root = policy.root === 'fixture' ? 'the fixture root' : 'a root of your own'
    return {
      ...common,
      tone: 'fixture',
      headline: isWhole
        ? `Everything checks out, but under ${root}, not AMD’s.`
        : `Verified under ${root}, not AMD’s${asOf}.`,
      detail: 'This is what a good report looks like. It proves nothing about real hardware.',
    }
  }
  const signed =
    'A key that AMD certified for this chip or cloud has signed this report, and nothing above it is revoked.'
  if (isWhole) {
    return {
      ...common,
      tone: 'good',
      headline: 'This guest is what you expect it to be.',
      detail: `${signed} It was launched from what you named, it was made for your report data, and its host cannot look inside.`,
    }
  }
  const gap = policy.builds.length === 0 ? '. What runs there was not compared.' : '.'
  return { ...common, tone: 'partial', headline: `Verified under AMD’s root${asOf}${gap}`, detail: signed }
}

function refusal(outcome: ReportOutcome): Verdict {
  const { error, isAuthentic, checks, policy } = outcome
  const code = error?.code ?? 'unsupported'
  const lacksEndorsements = code === 'endorsement-missing' && policy.endorsements === undefined
  const others = isAuthentic
    ? checks.filter(({ outcome: came, id }) => came === 'fail' && id !== code).map(({ id }) => wordsOf(id).fails)
    : []
  return {
    tone: 'bad',
    code,
    headline: lacksEndorsements ? 'Not verified yet: what AMD says of its key is missing.' : headlineOf(outcome, code),
    detail: [
      lacksEndorsements
        ? `Fetch it with \`npx veritee endorsements ${evidenceFile} -o ${endorsementsFile}\`, and drop the JSON here. This page may not ask AMD itself: nothing leaves it.`
        : wordsOf(code).why,
      ...others,
    ].join(' '),
    caveats: isAuthentic ? caveatsOf(outcome) : [],
    actions: actionsOf(outcome, code),
  }
}

function headlineOf(outcome: ReportOutcome, code: AttestationErrorCode): string {
  const { fails } = wordsOf(code)
  const { policy, checks, claims } = outcome
  if (code === 'policy-product' && claims !== undefined)
    return `Genuine, but on ${claims.product}, which you do not accept.`
  if (code === 'policy-vmpl' && claims !== undefined)
    return claims.vmpl > 3
      ? 'The host asked for this report, not the guest.'
      : `Genuine, but asked for at VMPL ${claims.vmpl}.`
  if (code.endsWith('-validity') && policy.at !== 'clock')
    return `${fails.replace(/ now\.$|\.$/, '')} at the time that you chose.`
  const check = checks.find(({ id, outcome: came }) => id === code && came === 'fail')
  const until = new Date(/ to (\S+)$/.exec(check?.expected ?? '')?.[1] ?? '')
  if (code.endsWith('-validity') && until < outcome.now)
    return `${fails.replace(/\.$/, '')}: it ended on ${moment(until)}.`
  return fails
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

function caveatsOf({ policy, now, claims }: ReportOutcome): readonly string[] {
  const caveats: string[] = []
  if (policy.root === 'fixture')
    caveats.push(
      'The trusted roots are the fixture roots of this project. Their keys are public: anyone can sign under them.',
    )
  else if (policy.root !== 'pinned')
    caveats.push('The trusted root is a certificate that was pasted into this page, or came with the link.')
  if (claims?.product === 'Milan')
    caveats.push(
      'Its processor is a Milan. The owner of such a machine can sign any report (AMD-SB-3045, arXiv 2605.12990).',
    )
  for (const allowance of policy.allowed)
    if (allowance !== 'Milan')
      caveats.push(`You accept: ${allowances[allowance].replace(/^./, (first) => first.toLowerCase())}.`)
  if (policy.builds.length === 0) caveats.push('You have not said what should run there, so any code would do.')
  else if (policy.builds.some(hasAny)) caveats.push('Registers that may hold anything were not compared.')
  if (policy.minimumTcb === undefined)
    caveats.push('You have set no minimum for firmware and microcode, so flaws that AMD has mended since may be open.')
  if (policy.at !== 'clock') caveats.push(`Dates were checked as of ${iso(now)}, not now.`)
  if (policy.reportData === undefined)
    caveats.push('Any report data was accepted: this could be a replay, and for whom it was made is not known.')
  if (policy.debug) caveats.push('Debug mode was allowed: the host can then read its memory.')
  if (policy.skewSeconds > 3600) caveats.push(`Clocks may be ${duration(policy.skewSeconds * 1000)} apart.`)
  return caveats
}

export function reportFactsOf(outcome: ReportOutcome): readonly Fact[] {
  const { checks, isAuthentic, policy, error } = outcome
  // Dates are judged before signatures, and a report without endorsements is not judged at all.
  const isOpen = error?.code.endsWith('-validity') === true || error?.code === 'endorsement-missing'
  const judged = (...ids: readonly string[]): Fact['state'] => {
    const made = checks.filter(({ id }) => ids.includes(id))
    if (made.some((check) => check.outcome === 'fail')) return 'no'
    return made.some((check) => check.outcome === 'pass') ? 'yes' : 'open'
  }
  const level = judged('policy-tcb', 'policy-provisional-firmware', 'policy-product')
  return [
    { label: signerOf(policy.root), state: isAuthentic ? 'yes' : isOpen ? 'open' : 'no' },
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

/** Who vouches for what the report says, when it is authentic. */
export function signerOf(root: ReportOutcome['policy']['root']): string {
  if (root === 'pinned') return 'Vouched for by AMD'
  return root === 'fixture' ? 'Signed under a fixture root' : 'Signed under your root'
}

const hasAny = (build: ReportOutcome['policy']['builds'][number]): boolean => Object.values(build).includes('any')
