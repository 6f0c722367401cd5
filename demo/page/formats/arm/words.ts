/**
 * What every check of a token means, for people.
 */
import type { ArmErrorCode, AttestationErrorCode, CoseErrorCode } from '../../../../src/index.ts'
import { shape, type Stage, unsupported, type Words } from '../../words.ts'
import type { TokenKind } from './policy.ts'

const notAToken = 'This is not a token of Arm CCA or PSA.'
const broken = 'This looks like a token, but it is malformed.'
const ofItsMaker =
  'No vendor’s root vouches for these devices. A key is genuine because the maker told you so, by another way than the token.'

/** The reasons that a token shares with other evidence, in words of its own. */
type SharedCode =
  | 'format-unknown'
  | 'unsupported'
  | 'payload-size'
  | 'payload-cbor'
  | `payload-field-${'type' | 'missing' | 'size'}`
  | 'attestation-key-binding'
  | `policy-${'nonce' | 'measurements' | 'platform'}`

const words: Readonly<Record<ArmErrorCode | CoseErrorCode | SharedCode, Words>> = {
  'payload-size': {
    holds: 'It is as large as a token may be, and no larger',
    fails: notAToken,
    why: 'Bounds come first, so that no input can cost more than it is worth.',
  },
  'token-wrapper': {
    holds: 'It is a collection of two tokens: of the platform, and of the realm',
    fails: notAToken,
    why: `One part is signed by the platform, the other by the realm. ${shape}`,
  },
  'outer-cbor': { holds: '', fails: broken, why: shape, part: 'cose-shape' },
  'cose-shape': { holds: 'Every token is one signed envelope', fails: broken, why: shape },
  'cose-tag': {
    holds: 'Every token says that it is signed, or has a MAC, as it must',
    fails: 'A token is not protected in the way that it must be.',
    why: 'A signature proves which key made it. A MAC proves nothing to those who have the secret as well.',
  },
  'cose-alg': {
    holds: 'Every token names an algorithm that is known',
    fails: 'A token names an algorithm that is not accepted.',
    why: 'A signer who chooses the algorithm may choose a weak one.',
  },
  'cose-protected': { holds: '', fails: broken, why: shape, part: 'cose-shape' },
  'cose-unprotected': { holds: '', fails: broken, why: shape, part: 'cose-shape' },
  'payload-cbor': { holds: 'Claims are well-formed, every one once', fails: broken, why: shape },
  'payload-field-type': { holds: '', fails: broken, why: shape, part: 'payload-field-value' },
  'payload-field-size': { holds: '', fails: broken, why: shape, part: 'payload-field-value' },
  'payload-field-missing': {
    holds: '',
    fails: 'A claim that every such token has is missing.',
    why: shape,
    part: 'payload-field-value',
  },
  'token-profile': {
    holds: 'It follows a profile that is known',
    fails: 'It follows a profile that is not known.',
    why: 'The profile says what every claim means. An unknown one could mean anything.',
  },
  'payload-field-value': {
    holds: 'Every claim has a value that it may have',
    fails: 'A claim has a value that it may not have.',
    why: shape,
  },
  'realm-key': {
    holds: 'The key of the realm is a key',
    fails: 'The key of the realm is none.',
    why: 'A point that is not on its curve can be made to accept anything.',
  },
  'anchor-unknown': {
    holds: 'You have a key for this very device',
    fails: 'You have named no key for this device.',
    why: ofItsMaker,
  },
  'platform-signature': {
    holds: 'The platform’s token is signed by the key that you named',
    fails: 'Forged or altered: the platform’s signature does not fit.',
    why: 'One changed bit is enough to break it. Nothing in the token can be believed.',
  },
  'realm-signature': {
    holds: 'The realm’s token is signed by the key of the realm',
    fails: 'Forged or altered: the realm’s signature does not fit.',
    why: 'One changed bit is enough to break it. Nothing that it says of the realm can be believed.',
  },
  'cose-mac-refused': {
    holds: 'It is signed, as the key that you named demands',
    fails: 'It has a MAC, and the key that you named is public.',
    why: 'Anyone who knows a public key could use it as a secret, and make such a token.',
  },
  'cose-mac': {
    holds: 'Its MAC is by the secret that you named',
    fails: 'Forged or altered: the MAC does not fit the content.',
    why: 'Only those who have the secret can make it: the device, and you.',
  },
  'cose-signature-length': {
    holds: 'Every signature has the right length',
    fails: broken,
    why: 'The algorithm fixes the length.',
  },
  'cose-signature': {
    holds: 'The token is signed by the key that you named',
    fails: 'Forged or altered: the signature does not fit the content.',
    why: 'One changed bit is enough to break it. Nothing in the token can be believed.',
  },
  'attestation-key-binding': {
    holds: 'The platform vouches for the key of the realm',
    fails: 'Forged: the platform does not vouch for the key of the realm.',
    why: 'Otherwise anyone could put a realm of their own beside a genuine platform.',
  },
  'policy-nonce': {
    holds: 'It answers your nonce',
    fails: 'Genuine, but it does not answer your nonce: it may be a replay.',
    why: 'A token has no date. A nonce that no one could know before is all that says it is new.',
    open: 'No nonce was expected',
  },
  'policy-lifecycle': {
    holds: 'The platform is in a state that you accept',
    fails: 'Genuine, but its platform is not secured.',
    why: 'A platform that can be debugged, or is not provisioned yet, keeps nothing from those who hold it.',
  },
  'policy-measurements': {
    holds: 'It runs what you expect',
    fails: 'Genuine, but it runs something else than you expect.',
    why: 'The measurements are digests of what was started. One other byte in it, another digest.',
    open: 'What it runs was not compared: you named nothing',
  },
  'policy-platform': {
    holds: 'The firmware below it is what you expect',
    fails: 'Genuine, but on other firmware than you expect.',
    why: 'The firmware keeps realms apart. Another one could look inside.',
    open: 'The firmware was not compared',
  },
  'format-unknown': { holds: '', fails: notAToken, why: shape },
  unsupported,
}

/** What to say of a check of a token. */
export function wordsOf(code: AttestationErrorCode): Words {
  return Object.hasOwn(words, code) ? words[code as ArmErrorCode] : words['format-unknown']
}

/** The checks of one kind of token, in the order they are made. */
export function stagesOf(kind: TokenKind): readonly Stage[] {
  const isCca = kind === 'cca'
  return [
    {
      stage: 'decode',
      title: 'Well formed?',
      plan: isCca
        ? [
            'payload-size',
            'token-wrapper',
            'cose-shape',
            'cose-tag',
            'cose-alg',
            'payload-cbor',
            'token-profile',
            'payload-field-value',
            'realm-key',
          ]
        : ['payload-size', 'cose-shape', 'payload-cbor', 'token-profile', 'payload-field-value', 'cose-alg'],
    },
    {
      stage: 'verify',
      title: 'Authentic, by the key that you named?',
      plan: isCca
        ? [
            'anchor-unknown',
            'platform-signature',
            'cose-signature-length',
            'realm-signature',
            'attestation-key-binding',
          ]
        : [
            'anchor-unknown',
            'cose-mac-refused',
            'cose-tag',
            'cose-alg',
            'cose-signature-length',
            'cose-signature',
            'cose-mac',
          ],
    },
    {
      stage: 'appraise',
      title: 'What you expect?',
      plan: [
        'policy-nonce',
        'policy-lifecycle',
        'policy-measurements',
        ...(isCca ? (['policy-platform'] as const) : []),
      ],
    },
  ]
}
