/**
 * The state of the platform in words: what Intel's status means, what to do about it, and which
 * advisories apply.
 */
import type { DcapPlatform } from '../../../../src/formats/intel/tdx/index.ts'
import { type Child, h, pairs } from '../../dom.ts'
import { day } from '../../time.ts'
import type { QuoteOutcome } from './outcome.ts'
import { type AnyStatus, statusWords } from './tcb.ts'
import { advisoriesOf, statesOf } from './verdict.ts'

export function platformView(outcome: QuoteOutcome): Child {
  const { tcb, evidence, error } = outcome
  const states: readonly AnyStatus[] = error?.code === 'tcb-revoked' ? ['Revoked'] : statesOf(tcb)
  const advisories = advisoriesOf(outcome)
  const platform = outcome.result?.claims.platform ?? evidence?.platform
  return h(
    'div',
    {},
    states.length === 0
      ? h('p', { class: 'note' }, 'Its state is not known: that takes a genuine quote, and collateral that is genuine.')
      : states.map((status) => statusView(status, outcome)),
    pairs(
      tcb !== undefined && ['In detail', partsOf(tcb)],
      states.length > 0 && ['Advisories', advisories.length === 0 ? noneListed : advisoryList(advisories)],
      tcb !== undefined && ['As of', `${day(tcb.tcbDate)}: everything that Intel knew by then is in the status`],
      tcb !== undefined && [
        'Recovery',
        `number ${tcb.tcbEvaluationDataNumber.tcbInfo} of TCB Info, ${tcb.tcbEvaluationDataNumber.qeIdentity} of the quoting enclave`,
      ],
      ...platformRows(platform),
    ),
  )
}

const noneListed = 'None listed. That does not mean that none is known: Intel adds them with each recovery.'

function statusView(status: AnyStatus, { policy }: QuoteOutcome): HTMLElement {
  const { means, remedy } = statusWords[status]
  const isGood = status === 'UpToDate'
  const isAccepted = isGood || policy.accepted.some((accepted) => accepted === status)
  return h(
    'div',
    { class: 'tcb' },
    h('p', {}, h('span', { class: `pill ${isGood ? 'match' : isAccepted ? 'zero' : 'mismatch'}` }, status)),
    h('p', {}, means),
    h('p', {}, isGood ? '' : h('b', {}, 'What to do: '), remedy),
    isAccepted && !isGood && h('p', { class: 'note' }, 'You accept this state.'),
  )
}

function partsOf(tcb: NonNullable<QuoteOutcome['tcb']>): string {
  const parts = {
    'processor and firmware': tcb.platformTcbStatus,
    'TDX module': tcb.tdxModuleTcbStatus,
    'quoting enclave': tcb.qeTcbStatus,
    'all of it at launch': tcb.currentTcbStatus && tcb.launchTcbStatus,
    'all of it now': tcb.currentTcbStatus,
  }
  return Object.entries(parts)
    .flatMap(([part, status]) => (status === undefined ? [] : [`${part} ${status}`]))
    .join(', ')
}

/** Addresses as text: this page loads nothing from elsewhere. */
function advisoryList(advisories: readonly string[]): HTMLElement {
  return h(
    'ul',
    { class: 'advisories' },
    ...advisories.map((id) =>
      h(
        'li',
        {},
        h('b', {}, id),
        h(
          'span',
          { class: 'quiet' },
          ` www.intel.com/content/www/us/en/security-center/advisory/${id.toLowerCase()}.html`,
        ),
      ),
    ),
  )
}

function platformRows(platform: DcapPlatform | undefined): readonly (readonly [string, Child])[] {
  if (platform === undefined) return []
  const memory = {
    standard: 'encrypted, with integrity and replay protection (client)',
    scalable: 'encrypted; an attacker on the memory bus may replay it',
    'scalable-with-integrity': 'encrypted, with integrity protection',
  }[platform.sgxType]
  return [
    ['Kind of platform', `FMSPC ${platform.fmspc}, certified by the ${platform.ca} CA`],
    ['Memory', memory],
  ]
}
