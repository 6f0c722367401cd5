/**
 * What every check of a phone means, for people.
 */
import type {
  AndroidErrorCode,
  AppleErrorCode,
  AttestationErrorCode,
  CertificateErrorCode,
  WebAuthnErrorCode,
} from '../../../../src/index.ts'
import { shape, type Stage, unsupported, type Words } from '../../words.ts'
import type { PhoneKind } from './policy.ts'

const notAPhone = 'This is not the attestation of a phone.'
const broken = 'This looks like the attestation of a phone, but it is malformed.'
const brokenChain = 'The certificates are not those of a genuine phone.'
const ofThePage = 'A page gets a credential for one challenge, one domain and one origin.'

type SharedCode =
  | 'format-unknown'
  | 'unsupported'
  | 'payload-size'
  | 'outer-cbor'
  | 'endorsement-format'
  | 'endorsement-missing'
  | `policy-${'nonce' | 'debug'}`

const words: Readonly<
  Record<AndroidErrorCode | AppleErrorCode | CertificateErrorCode | WebAuthnErrorCode | SharedCode, Words>
> = {
  'payload-size': {
    holds: 'It is as large as such evidence may be, and no larger',
    fails: notAPhone,
    why: 'Bounds come first, so that no input can cost more than it is worth.',
  },
  'outer-cbor': { holds: '', fails: broken, why: shape, part: 'webauthn-format' },
  'webauthn-format': {
    holds: 'It is wrapped as you expect: a bare chain, or a credential of a page',
    fails: 'It is wrapped in another way than you expect.',
    why: 'A credential of a page (WebAuthn) is verified together with what the page asked for: name its domain and its client data.',
  },
  'app-attest-format': {
    holds: 'It is a well-formed attestation of App Attest',
    fails: broken,
    why: shape,
  },
  'cert-parse': { holds: 'Every certificate is well-formed', fails: 'A certificate is malformed.', why: shape },
  'chain-shape': {
    holds: 'The chain has the shape of a factory’s, or of Google’s server',
    fails: 'The chain is not one that a phone has.',
    why: 'Software and emulators have chains of other shapes: nothing vouches for them.',
  },
  'endorsement-format': {
    holds: 'The list of revoked keys is well-formed',
    fails: 'The list of revoked keys is malformed.',
    why: 'It must be Google’s JSON, as it was served.',
  },
  'endorsement-missing': {
    holds: '',
    fails: 'The list of revoked keys is missing.',
    why: 'Fetch it from Google.',
    part: 'endorsement-format',
  },
  'root-mismatch': {
    holds: 'The chain begins at a trusted root',
    fails: 'It does not come from a trusted root.',
    why: 'Anyone can make a chain of certificates. Only those below a pinned root are the vendor’s.',
  },
  'cert-algorithm': {
    holds: 'Every certificate uses algorithms that are known',
    fails: brokenChain,
    why: 'A weak key anywhere in a chain would be enough for a forger.',
  },
  'cert-extension': {
    holds: 'Every certificate is used for what it was issued for',
    fails: brokenChain,
    why: 'The key below must issue nothing itself.',
  },
  'cert-path-length': {
    holds: 'No authority is deeper in the chain than allowed',
    fails: brokenChain,
    why: 'Each authority says how many more may follow below it.',
  },
  'cert-path': {
    holds: '',
    fails: brokenChain,
    why: 'Each must be issued by the one above it.',
    part: 'cert-chain-name',
  },
  'cert-chain-name': {
    holds: 'Every certificate names the one above it as its issuer',
    fails: brokenChain,
    why: 'The chain must be one line.',
  },
  'cert-chain-signature': {
    holds: 'Every certificate is signed by the one above it',
    fails: 'A certificate was not signed by the one above it.',
    why: 'This is what leads from the root down to the key of this one phone.',
  },
  'cert-validity': {
    holds: 'Every certificate that must be current is',
    fails: 'A certificate is not valid now.',
    why: 'Certificates from the factory are never renewed, and may be old. Those that Google’s server issues live for weeks.',
  },
  'clock-suspect': {
    holds: '',
    fails: 'Its dates do not fit your clock.',
    why: 'One of the two clocks is wrong.',
    part: 'cert-validity',
  },
  'status-expired': {
    holds: 'The list of revoked keys is recent',
    fails: 'The list of revoked keys is too old.',
    why: 'An old list does not know what leaked since.',
  },
  'status-revoked': {
    holds: 'No certificate of it is in Google’s list of revoked keys',
    fails: 'Google has revoked a key of this phone.',
    why: 'Keys that have leaked sign for any phone that never was.',
    open: 'Revocation was not checked',
  },
  'key-description': { holds: 'The description of the key is well-formed', fails: broken, why: shape },
  'webauthn-client-data': {
    holds: 'The client data are those of the page: challenge, domain and origin',
    fails: 'The client data are not those of your page.',
    why: ofThePage,
  },
  'webauthn-key': {
    holds: 'The credential is the attested key',
    fails: 'The credential is another key than the attested one.',
    why: 'Otherwise a genuine attestation would vouch for any key.',
  },
  'webauthn-signature': {
    holds: 'The attested key signed the client data',
    fails: 'Forged: the attested key did not sign the client data.',
    why: ofThePage,
  },
  'app-attest-nonce': {
    holds: 'The certificate is for these client data',
    fails: 'The certificate is for other client data than you expect.',
    why: 'They have your challenge in them: nothing else says that this is new, and for you.',
  },
  'app-attest-key': {
    holds: 'The certificate is for this key',
    fails: 'The certificate is for another key.',
    why: 'Otherwise a genuine attestation would vouch for any key.',
  },
  'app-attest-counter': {
    holds: 'The key has signed nothing yet',
    fails: 'The key was in use before.',
    why: 'An attestation is made once, before the key signs anything.',
  },
  'app-attest-signature': {
    holds: '',
    fails: 'Forged: the key did not sign this.',
    why: shape,
    part: 'app-attest-key',
  },
  'policy-nonce': {
    holds: 'It answers your challenge',
    fails: 'Genuine, but it does not answer your challenge: it may be a replay.',
    why: 'Who answers a number that no one could know before answers now.',
    open: 'No challenge was expected',
  },
  'policy-security-level': {
    holds: 'Hardware keeps the key, and the certificates say so too',
    fails: 'Genuine, but not kept by the hardware that you ask for.',
    why: 'What Android itself keeps can be copied by those who break Android.',
  },
  'policy-key': {
    holds: 'The key was made inside, and may do what it is used for',
    fails: 'Genuine, but the key was imported, or may do other things than you ask for.',
    why: 'A key that was made elsewhere can be somewhere else as well.',
  },
  'policy-boot': {
    holds: 'The phone is locked and runs its maker’s system',
    fails: 'Genuine, but the phone is unlocked, or runs a system of its own.',
    why: 'On an unlocked phone its owner can change the system, and with it what Android says of applications.',
  },
  'policy-patch-level': {
    holds: 'Its patches are as new as you ask for',
    fails: 'Genuine, but its patches are older than you accept.',
    why: 'An old system has flaws that are known.',
    open: 'Its patches were not judged',
  },
  'policy-application': {
    holds: 'Your application asked for it',
    fails: 'Genuine, but another application asked for it.',
    why: 'A package’s name proves nothing: who signed it does. On Android the system says it, not the hardware.',
    open: 'Any application was accepted',
  },
  'policy-debug': {
    holds: 'The application is published',
    fails: 'Genuine, but of an application in development.',
    why: 'Those who develop it can make it say anything.',
  },
  'format-unknown': { holds: '', fails: notAPhone, why: shape },
  unsupported,
}

/** What to say of a check of a phone. */
export function wordsOf(code: AttestationErrorCode): Words {
  return Object.hasOwn(words, code) ? words[code as AndroidErrorCode] : words['format-unknown']
}

/** The checks of one kind of phone, in the order they are made. @param isPage whether a page got a credential */
export function stagesOf(kind: PhoneKind): readonly Stage[] {
  if (kind === 'app-attest')
    return [
      { stage: 'decode', title: 'Well formed?', plan: ['app-attest-format', 'cert-parse'] },
      {
        stage: 'verify',
        title: 'Authentic, by Apple’s word?',
        plan: [
          'root-mismatch',
          'cert-algorithm',
          'cert-extension',
          'cert-path-length',
          'cert-chain-name',
          'cert-chain-signature',
          'cert-validity',
          'app-attest-nonce',
          'app-attest-key',
          'app-attest-counter',
        ],
      },
      { stage: 'appraise', title: 'What you expect?', plan: ['policy-debug', 'policy-application'] },
    ]
  return [
    {
      stage: 'decode',
      title: 'Well formed?',
      plan: ['payload-size', 'webauthn-format', 'chain-shape', 'cert-parse', 'endorsement-format'],
    },
    {
      stage: 'verify',
      title: 'Authentic, by Google’s word?',
      plan: [
        'chain-shape',
        'root-mismatch',
        'cert-chain-name',
        'cert-extension',
        'cert-algorithm',
        'cert-chain-signature',
        'cert-validity',
        'status-expired',
        'status-revoked',
        'key-description',
      ],
    },
    {
      stage: 'appraise',
      title: 'What you expect?',
      plan: [
        'policy-nonce',
        'policy-security-level',
        'policy-key',
        'policy-boot',
        'policy-patch-level',
        'policy-application',
      ],
    },
  ]
}
