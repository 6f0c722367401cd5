/**
 * What the document says, section by section. Each section says whether anybody vouches for it: until the signatures hold, anybody could have written it.
 */
import { printable } from '../../src/inspect.ts'
import { toHex } from './bytes.ts'
import { type Child, h, hex, mark, pairs } from './dom.ts'
import type { Outcome } from './outcome.ts'
import { readAs } from './read-as.ts'
import { duration, moment, relative } from './time.ts'
import { chainView } from './view-chain.ts'
import { pcrsView } from './view-pcrs.ts'

export function documentView(outcome: Outcome): Child {
  const { evidence } = outcome
  if (evidence === undefined) return section(outcome, 'raw', 'Content', rawBytes(outcome))
  return [
    section(outcome, 'chain', 'Certificates', chainView(outcome)),
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
  return h(
    'section',
    { class: `card ${isAuthentic ? 'signed' : 'unverified'}`, 'aria-labelledby': `${id}-title` },
    h(
      'header',
      {},
      h('h3', { id: `${id}-title` }, title),
      h('p', { class: 'trust' }, isAuthentic ? signer : 'Unverified: anybody can write this'),
    ),
    ...body,
  )
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

/** In hexadecimal, and as what it reads as. */
function bytesView(bytes: Uint8Array | undefined): Child {
  if (bytes === undefined) return h('span', { class: 'quiet' }, 'None')
  if (bytes.length === 0) return h('span', { class: 'quiet' }, 'Empty')
  const reading = readAs(bytes)
  return h(
    'div',
    { class: 'bytes' },
    reading?.text !== undefined &&
      h('pre', { class: 'text', tabindex: '0', 'aria-label': `Read as ${reading.kind}` }, reading.text),
    hex(toHex(bytes)),
    h(
      'span',
      { class: 'quiet' },
      `${bytes.length} bytes${reading === undefined ? '' : reading.text === undefined ? `, ${reading.kind}` : `, reads as ${reading.kind}`}`,
    ),
  )
}

function rawBytes({ bytes, error }: Outcome): Child {
  return h(
    'div',
    {},
    h('p', {}, `${bytes.length} bytes that do not read as a document: ${printable(error?.message ?? '')}`),
    bytes.length > 0 && hex(toHex(bytes.slice(0, 256))),
    bytes.length > 256 && h('p', { class: 'note' }, 'The first 256 bytes.'),
  )
}

/** JSON with bytes in hexadecimal; text from evidence with its control characters escaped. */
function structure(value: unknown): string {
  const plain = (inner: unknown): unknown => {
    if (inner instanceof Uint8Array) return toHex(inner)
    if (inner instanceof Date) return inner.toISOString()
    if (inner instanceof Map) return [...(inner as Map<unknown, unknown>)].map(plain)
    if (Array.isArray(inner)) return inner.map(plain)
    if (typeof inner === 'bigint') return `${inner}n`
    if (typeof inner === 'string') return printable(inner)
    if (typeof inner !== 'object' || inner === null) return inner
    return Object.fromEntries(Object.entries(inner).map(([key, entry]) => [printable(key), plain(entry)]))
  }
  return JSON.stringify(plain(value), null, 2)
}
