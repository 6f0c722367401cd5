/**
 * Everything below the verdict on a phone: first of all what the phone says of itself, in words.
 */
import type { AndroidKeyClaims, KeyDescription } from '../../../../src/formats/android/key/index.ts'
import { printable } from '../../../../src/inspect/index.ts'
import type { Bytes } from '../../bytes.ts'
import { toHex } from '../../bytes.ts'
import { evidenceFile, rootFile } from '../../code.ts'
import { type Child, h, hex, mark, pairs } from '../../dom.ts'
import { allFields, bytesView, rawBytes } from '../../view-bytes.ts'
import { chainView } from '../../view-chain.ts'
import { codeCard } from '../../view-code.ts'
import { digest } from '../../view-digest.ts'
import { evidenceSection } from '../../view-section.ts'
import type { Page } from '../family.ts'
import { phoneCommandLine, phoneImportCode, statusFile } from './code.ts'
import type { PhoneOutcome } from './outcome.ts'
import { signerIn } from './verdict.ts'

export function views(outcome: PhoneOutcome, { checks, state }: Page): readonly Child[] {
  const { evidence, bytes, error, policy, now, root } = outcome
  if (evidence === undefined)
    return [checks, section(outcome, 'raw', 'Content', rawBytes(bytes, 'such an attestation', error?.message ?? ''))]
  const isDecided = error !== undefined || outcome.result !== undefined
  const chain = [...evidence.certificates]
    .reverse()
    .map((der, i, { length }) => ({ role: i === length - 1 ? 'Key' : i === 0 ? 'First' : 'Authority', der }))
  const files: (readonly [string, Bytes])[] = [[evidenceFile, bytes]]
  if (policy.statusList !== undefined)
    files.push([statusFile, new Uint8Array(new TextEncoder().encode(state.collateral))])
  if (root !== undefined) files.push([rootFile, root])
  return [
    section(outcome, 'platform', 'What the phone says of itself', selfView(outcome)),
    isDecided && checks,
    section(outcome, 'chain', 'Certificates', chainView(chain, now, policy.at === 'clock' ? 'now' : 'then')),
    section(outcome, 'carries', 'What it carries', carriedView(outcome)),
    isDecided && codeCard(files, phoneImportCode(outcome), phoneCommandLine(outcome)),
  ]
}

function section(outcome: PhoneOutcome, id: string, title: string, ...body: readonly Child[]): HTMLElement {
  return evidenceSection(id, title, outcome.isAuthentic ? signerIn(outcome) : undefined, ...body)
}

/** An answer, with what it means. */
const answer = (kind: 'yes' | 'no' | 'open', text: string, ...more: readonly Child[]): Child => [
  h('span', {}, mark(kind), h('b', {}, text)),
  ...more.map((one) => h('span', { class: 'quiet' }, one)),
]

function selfView({ evidence }: PhoneOutcome): Child {
  if (evidence === undefined) return undefined
  if ('environment' in evidence) {
    const isPublished = evidence.environment === 'production'
    return pairs(
      ['Hardware or software?', answer('yes', 'Hardware: the Secure Enclave', 'App Attest makes keys nowhere else.')],
      [
        'Published?',
        isPublished
          ? answer('yes', 'Yes', 'Apple’s service for published applications answered.')
          : answer('no', 'No, in development', 'Those who develop it can make the application say anything.'),
      ],
      [
        'Whose app?',
        answer(
          'open',
          'One whose id has this digest',
          digest(toHex(evidence.appIdHash)),
          'SHA-256 of team and bundle: only a guess can be compared with it.',
        ),
      ],
      [
        'Locked? Verified?',
        answer(
          'open',
          'It does not say',
          'App Attest says nothing of the system: not whether it was changed, nor how old it is.',
        ),
      ],
    )
  }
  const { keyDescription } = evidence
  return keyDescription === undefined ? h('p', {}, 'Nothing that can be read.') : androidView(keyDescription)
}

type Boot = NonNullable<AndroidKeyClaims['rootOfTrust']>

const bootWords: Readonly<
  Record<Boot['verifiedBootState'], readonly [kind: 'yes' | 'no' | 'open', text: string, means: string]>
> = {
  verified: ['yes', 'Yes, by its maker’s key', 'The boot loader found exactly the system that the maker signed.'],
  'self-signed': [
    'open',
    'By a key of its owner’s',
    'Someone installed another system and signed it: Graphene OS, say. Its key is below.',
  ],
  unverified: ['no', 'No', 'The boot loader did not look at what it started.'],
  failed: ['no', 'It failed', 'What was started is not what was signed.'],
}

const levelWords: Readonly<
  Record<KeyDescription['keyMintSecurityLevel'], readonly [kind: 'yes' | 'no', text: string, means: string]>
> = {
  software: ['no', 'Software', 'Android itself keeps the key: who breaks Android can copy it.'],
  tee: [
    'yes',
    'Hardware: a trusted execution environment',
    'A part of the processor that Android cannot read keeps the key.',
  ],
  strongbox: [
    'yes',
    'Hardware: a chip of its own (StrongBox)',
    'A secure element, with a processor and memory of its own, keeps the key.',
  ],
}

function androidView(description: KeyDescription): Child {
  const { hardwareEnforced, softwareEnforced, keyMintSecurityLevel } = description
  const boot = hardwareEnforced.rootOfTrust
  const application = softwareEnforced.application ?? hardwareEnforced.application
  const patches = [
    ['Android', hardwareEnforced.osPatchLevel],
    ['vendor', hardwareEnforced.vendorPatchLevel],
    ['boot', hardwareEnforced.bootPatchLevel],
  ] as const
  return pairs(
    [
      'Locked?',
      boot === undefined
        ? answer('open', 'It does not say')
        : boot.deviceLocked
          ? answer('yes', 'Yes', 'Its boot loader starts signed systems only.')
          : answer('no', 'No, unlocked', 'Its owner can start any system, and make Android say anything.'),
    ],
    ['Verified?', boot === undefined ? answer('open', 'It does not say') : verifiedBoot(boot)],
    ['Hardware or software?', answer(...levelWords[keyMintSecurityLevel])],
    [
      'Whose app?',
      application === undefined
        ? answer('open', 'It does not say')
        : answer(
            'open',
            application.packages.map(({ name, version }) => `${printable(name)}, version ${version}`).join('; ') ||
              'none',
            ...application.signers.map((signer) => ['signed by ', digest(toHex(signer))]),
            'By Android’s word: the hardware does not know who asked.',
          ),
    ],
    [
      'How new?',
      patches.flatMap(([part, level]) => (level === undefined ? [] : [`${part} ${dateOf(level)}`])).join(', ') ||
        'It does not say',
    ],
    [
      'The key',
      `${hardwareEnforced.origin === 0 ? 'Made inside' : 'Imported, or made elsewhere'}; ${hardwareEnforced.noAuthRequired === true ? 'works without its user' : 'asks its user first'}`,
    ],
  )
}

const verifiedBoot = (boot: Boot): Child => {
  const [kind, text, means] = bootWords[boot.verifiedBootState]
  const key = toHex(boot.verifiedBootKey)
  return answer(kind, text, means, /^0*$/.test(key) ? 'No key of a system is named.' : ['key ', digest(key)])
}

/** `202605` and `20260501` as people write dates. */
const dateOf = (level: number | bigint): string =>
  String(level).replace(/^(\d{4})(\d\d)(\d\d)?$/, (_, year: string, month: string, day?: string) =>
    [year, month, ...(day === undefined ? [] : [day])].join('-'),
  )

function carriedView({ evidence, bytes, result, policy }: PhoneOutcome): Child {
  if (evidence === undefined) return undefined
  const isApple = 'environment' in evidence
  const challenge = isApple ? undefined : evidence.keyDescription?.attestationChallenge
  return h(
    'div',
    {},
    pairs(
      challenge !== undefined && ['Challenge', bytesView(challenge)],
      isApple && ['Key id', hex(toHex(evidence.keyId))],
      isApple && ['Receipt', `${evidence.receipt.length} bytes, for Apple’s server. Not verified here.`],
      result?.publicKey !== undefined && ['Public key', bytesView(result.publicKey)],
    ),
    h('h4', {}, 'What it does not prove'),
    h(
      'ul',
      { class: 'caveats' },
      ...(policy.kind === 'app-attest' ? limitsOfApple : limitsOfAndroid).map((text) => h('li', {}, text)),
    ),
    allFields(evidence, bytes),
  )
}

const limitsOfApple = ['Who holds the phone.', 'That its system was not changed.', 'Anything in the receipt.']
const limitsOfAndroid = [
  'Who holds the phone.',
  'Which application asked, where Android itself was broken: the hardware does not know.',
  'That no key of this phone has leaked without Google knowing.',
]
