/**
 * What the document says, section by section. Each section says whether anyone vouches for it:
 * until the signatures hold, anyone could have written it.
 */
import { printable } from '../../src/inspect/index.ts'
import { type Child, h, mark, pairs } from './dom.ts'
import type { Outcome } from './outcome.ts'
import { evidenceSection } from './view-section.ts'
import { duration, moment, relative } from './time.ts'
import { bytesView, rawBytes, structure } from './view-bytes.ts'
import { chainOf, chainView } from './view-chain.ts'
import { pcrsView } from './view-pcrs.ts'

export function documentView(outcome: Outcome): Child {
  const { evidence } = outcome
  if (evidence === undefined)
    return section(outcome, 'raw', 'Content', rawBytes(outcome.bytes, 'a document', outcome.error?.message ?? ''))
  return [
    section(
      outcome,
      'chain',
      'Certificates',
      chainView(chainOf(evidence), outcome.now, outcome.policy.at === 'clock' ? 'now' : 'then'),
    ),
    section(outcome, 'pcrs', 'Registers', pcrsView(outcome)),
    section(outcome, 'fresh', 'Freshness', freshnessView(outcome)),
    section(outcome, 'carries', 'What it carries', fieldsView(outcome)),
  ]
}

function section(outcome: Outcome, id: string, title: string, ...body: readonly Child[]): HTMLElement {
  const { isAuthentic, policy } = outcome
  const signer =
    policy.root === 'aws'
      ? 'Signed by AWS'
      : policy.root === 'fixture'
        ? 'Signed under the fixture root'
        : 'Signed under your root'
  return evidenceSection(id, title, isAuthentic ? signer : undefined, ...body)
}

function freshnessView({ evidence, policy, now, result, checks }: Outcome): Child {
  if (evidence === undefined) return undefined
  const { timestamp, nonce } = evidence
  const offset = timestamp.getTime() - now.getTime()
  const answered = checks.find(({ id }) => id === 'policy-nonce')?.outcome
  const isNonce = policy.freshness !== undefined && 'nonce' in policy.freshness
  const nonceState = !isNonce
    ? 'No nonce was expected.'
    : answered === 'pass'
      ? 'The one you expect.'
      : answered === 'fail'
        ? 'Not the one you expect.'
        : 'Not compared: the document is not authentic.'
  const clock =
    policy.at === 'evidence'
      ? 'The document’s own time was used, so there is nothing to compare.'
      : `${duration(offset)} ${offset < 0 ? 'behind' : 'ahead of'} ${policy.at === 'clock' ? 'this device’s clock' : 'the time that you chose'}`
  return h(
    'div',
    {},
    pairs(
      ['Made', `${moment(timestamp)}${policy.at === 'clock' ? `, ${relative(timestamp, now)}` : ''}`],
      [
        'Clock offset',
        [
          clock,
          policy.at !== 'evidence' &&
            h(
              'span',
              { class: 'quiet' },
              `Ahead by more than ${duration(policy.skewSeconds * 1000)} is refused. A document that was made earlier looks like a slow clock: only a nonce tells the two apart.`,
            ),
        ],
      ],
      ['Nonce', [h('span', {}, nonceState), bytesView(nonce)]],
      result !== undefined && ['Attest again by', `${moment(result.validUntil)}, when the first certificate expires`],
    ),
  )
}

function fieldsView({ evidence, policy, checks, bytes }: Outcome): Child {
  if (evidence === undefined) return undefined
  const { moduleId, publicKey, userData, unknownFields, kind } = evidence
  const state = (id: string, expected: Uint8Array | undefined): Child => {
    const outcome = expected && checks.find((check) => check.id === id)?.outcome
    if (outcome === 'pass') return h('span', {}, mark('yes'), 'The one you expect.')
    return outcome === 'fail' && h('span', {}, mark('no'), 'Not the one you expect.')
  }
  return h(
    'div',
    {},
    pairs(
      [
        'Module',
        [
          h('span', { class: 'mono' }, printable(moduleId)),
          h(
            'span',
            { class: 'quiet' },
            kind === 'enclave' ? 'A Nitro Enclave, by its own account' : 'A whole EC2 instance with NitroTPM',
          ),
        ],
      ],
      ['Public key', [state('policy-public-key', policy.publicKey), bytesView(publicKey)]],
      ['User data', [state('policy-user-data', policy.userData), bytesView(userData)]],
      unknownFields.length > 0 && [
        'Unknown fields',
        [
          unknownFields.map(({ key }) => printable(key)).join(', '),
          h('span', { class: 'quiet' }, 'Signed, but not understood; without influence'),
        ],
      ],
    ),
    h(
      'details',
      { class: 'more' },
      h('summary', {}, `All fields, decoded from ${bytes.length} bytes`),
      h('pre', { tabindex: '0', 'aria-label': 'All fields' }, structure(evidence)),
    ),
  )
}
