/**
 * What the document says, section by section. Each section says whether anyone vouches for it:
 * until the signatures hold, anyone could have written it.
 */
import type { NitroEvidence } from '../../../../src/formats/aws/nitro/index.ts'
import { printable } from '../../../../src/inspect/index.ts'
import { type Child, h, mark, pairs } from '../../dom.ts'
import type { NitroOutcome as Outcome } from './outcome.ts'
import { evidenceSection } from '../../view-section.ts'
import { duration, moment, relative } from '../../time.ts'
import { allFields, bytesView, comparedInWords, rawBytes } from '../../view-bytes.ts'
import { type CertificateIn, chainView } from '../../view-chain.ts'
import { signerIn } from './verdict.ts'
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
  return evidenceSection(id, title, outcome.isAuthentic ? signerIn(outcome) : undefined, ...body)
}

/** The certificates of a document, root first, with what each is for. */
function chainOf({ cabundle, certificate }: NitroEvidence): readonly CertificateIn[] {
  return [...cabundle, certificate].map((der, i, { length }) => ({ role: roleOf(i, length), der }))
}

function roleOf(index: number, length: number): string {
  if (index === 0) return 'Root'
  if (index === length - 1) return 'Enclave'
  return length === 5 ? (['Region', 'Zone', 'Instance'][index - 1] ?? '') : 'Authority'
}

function freshnessView({ evidence, policy, now, result, checks }: Outcome): Child {
  if (evidence === undefined) return undefined
  const { timestamp, nonce } = evidence
  const offset = timestamp.getTime() - now.getTime()
  const answered = checks.find(({ id }) => id === 'policy-nonce')?.outcome
  const isNonce = policy.freshness !== undefined && 'nonce' in policy.freshness
  const nonceState = comparedInWords(isNonce, answered, 'document').replace('None was', 'No nonce was')
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
    allFields(evidence, bytes),
  )
}
