/**
 * Everything below the verdict on a token.
 */
import type { MeasuredComponent } from '../../../../src/formats/arm/cca/index.ts'
import { printable } from '../../../../src/inspect/index.ts'
import { isZero, toHex } from '../../bytes.ts'
import { evidenceFile } from '../../code.ts'
import { type Child, h, hex, pairs } from '../../dom.ts'
import { registerRow, registerTable } from '../../register-table.ts'
import { allFields, bytesView, comparedInWords, rawBytes } from '../../view-bytes.ts'
import { codeCard } from '../../view-code.ts'
import { evidenceSection } from '../../view-section.ts'
import type { Page } from '../family.ts'
import { tokenCommandLine, tokenImportCode } from './code.ts'
import type { TokenOutcome } from './outcome.ts'
import { signerIn } from './verdict.ts'

export function views(outcome: TokenOutcome, { checks }: Page): readonly Child[] {
  const { evidence, bytes, error } = outcome
  if (evidence === undefined)
    return [checks, section(outcome, 'raw', 'Content', rawBytes(bytes, 'such a token', error?.message ?? ''))]
  return [
    section(outcome, 'platform', 'The device', deviceView(outcome)),
    outcome.policy.anchors.length > 0 && checks,
    'realm' in evidence && section(outcome, 'registers', 'The realm', realmView(outcome)),
    section(outcome, 'software', 'Software below', softwareView(deviceOf(outcome)?.softwareComponents ?? [])),
    section(outcome, 'carries', 'What it carries', carriedView(outcome)),
    outcome.policy.anchors.length > 0 &&
      codeCard([[evidenceFile, bytes]], tokenImportCode(outcome), tokenCommandLine(outcome)),
  ]
}

function section(outcome: TokenOutcome, id: string, title: string, ...body: readonly Child[]): HTMLElement {
  return evidenceSection(id, title, outcome.isAuthentic ? signerIn(outcome) : undefined, ...body)
}

type Device = Extract<NonNullable<TokenOutcome['evidence']>, { readonly clientId: unknown; readonly nonce: unknown }>

function deviceOf({
  evidence,
}: TokenOutcome):
  Omit<Device, 'nonce' | 'generation' | 'bootSeed' | 'certificationReference' | 'clientId'> | undefined {
  if (evidence === undefined) return undefined
  return 'platform' in evidence ? evidence.platform : evidence
}

/** The states of a platform, in words. */
const states: Readonly<Record<string, string>> = {
  unknown: 'It does not say in which state it is.',
  'assembly-and-test': 'It is in the factory still: nothing on it is protected.',
  provisioning: 'It is being provisioned: its keys may not be its own yet.',
  secured: 'It is secured: closed to debuggers, with keys of its own.',
  'non-rot-debug': 'It can be debugged, except for its root of trust: what runs there can be read.',
  'recoverable-rot-debug': 'Its root of trust can be debugged: nothing that it says need be true.',
  decommissioned: 'It was taken out of service: its keys are gone.',
}

function deviceView(outcome: TokenOutcome): Child {
  const device = deviceOf(outcome)
  if (device === undefined) return undefined
  const { lifecycle, lifecycleState, implementationId, instanceId, profile, verificationService } = device
  const { evidence } = outcome
  const certified =
    evidence !== undefined && 'certificationReference' in evidence ? evidence.certificationReference : undefined
  return pairs(
    [
      'State',
      [
        h('b', {}, lifecycleState),
        h('span', {}, states[lifecycleState] ?? ''),
        h('span', { class: 'quiet' }, `0x${lifecycle.toString(16).padStart(4, '0')} of the security lifecycle`),
      ],
    ],
    [
      'Make',
      [
        hex(toHex(implementationId)),
        h('span', { class: 'quiet' }, 'Implementation id: all devices of this make have it'),
      ],
    ],
    [
      'This device',
      [hex(toHex(instanceId)), h('span', { class: 'quiet' }, 'Instance id: the key must be that of this one')],
    ],
    ['Profile', profile === undefined ? 'not said' : h('span', { class: 'mono' }, printable(profile))],
    certified !== undefined && [
      'Certificate',
      [printable(certified), h('span', { class: 'quiet' }, 'Of PSA Certified, by the word of the device')],
    ],
    verificationService !== undefined && [
      'Service',
      [
        printable(verificationService),
        h('span', { class: 'quiet' }, 'Its maker wrote this. No link: no one vouches for the address'),
      ],
    ],
  )
}

function realmView({ evidence, policy, result }: TokenOutcome): Child {
  if (evidence === undefined || !('realm' in evidence)) return undefined
  const { rim, rems, personalizationValue, memoryEncryptionPolicy } = evidence.realm
  const build = policy.builds.find(({ name }, i) => (name ?? i) === result?.matched) ?? policy.builds[0]
  const named = (value: unknown, unnamed: string): string | undefined =>
    build === undefined ? undefined : typeof value === 'string' ? value : unnamed
  const expectedRim = typeof build?.rim === 'string' ? build.rim : undefined
  const expectedRems = build?.rems
  return [
    registerTable([
      registerRow({ register: 'RIM', meaning: 'What the realm began with', value: toHex(rim) }, expectedRim),
      ...rems.map((rem, i) =>
        registerRow(
          { register: `REM${i}`, meaning: 'Extended by the realm itself', value: toHex(rem) },
          expectedRems === 'any' || expectedRems === 'anyValue'
            ? undefined
            : named(Array.isArray(expectedRems) ? (expectedRems as unknown[])[i] : undefined, '00'.repeat(rem.length)),
        ),
      ),
      registerRow(
        { register: 'RPV', meaning: 'Chosen by the host, measured by nothing', value: toHex(personalizationValue) },
        named(build?.personalizationValue, '00'.repeat(64)),
      ),
    ]),
    memoryEncryptionPolicy !== undefined &&
      h(
        'p',
        { class: 'note' },
        `Memory is encrypted with a key that is ${memoryEncryptionPolicy === 'private' ? 'the realm’s own' : 'shared by realms'}.`,
      ),
  ]
}

function softwareView(components: readonly MeasuredComponent[]): Child {
  if (components.length === 0) return h('p', {}, 'It lists none.')
  return h(
    'table',
    { class: 'pcrs software' },
    h(
      'thead',
      {},
      h('tr', {}, ...['Component', 'Measurement', 'Signer'].map((title) => h('th', { scope: 'col' }, title))),
    ),
    h(
      'tbody',
      {},
      ...components.map(({ type, version, measurement, signerId }) =>
        h(
          'tr',
          {},
          h(
            'th',
            { scope: 'row' },
            h('b', {}, printable(type ?? 'not named')),
            h('span', {}, printable(version ?? '')),
          ),
          h('td', { 'data-label': 'Measurement' }, hex(toHex(measurement))),
          h('td', { 'data-label': 'Signer' }, isZero(signerId) ? 'none' : hex(toHex(signerId))),
        ),
      ),
    ),
  )
}

function carriedView(outcome: TokenOutcome): Child {
  const { evidence, bytes, checks, policy } = outcome
  if (evidence === undefined) return undefined
  const compared = checks.find(({ id }) => id === 'policy-nonce')?.outcome
  const nonce = 'realm' in evidence ? evidence.realm.challenge : evidence.nonce
  return h(
    'div',
    {},
    pairs(['Nonce', [h('span', {}, comparedInWords(policy.nonce !== undefined, compared, 'token')), bytesView(nonce)]]),
    h('h4', {}, 'What no such token proves'),
    h('ul', { class: 'caveats' }, ...limits.map((text) => h('li', {}, text))),
    allFields(evidence, bytes),
  )
}

const limits = [
  'That there is any hardware: a key is genuine because its maker told you so.',
  'What happens there now: it measures what was started.',
  'When it was made: it has no date, only your nonce.',
  'Who is at the other end of a connection: bind your channel’s key into the nonce.',
]
