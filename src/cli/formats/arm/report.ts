/**
 * What is particular to verdicts on tokens: questions that their checks answer, what to do about a
 * refusal, and what they say.
 */
import { toHex } from '../../../encoding/bytes.ts'
import type { CcaClaims, CcaRealmClaims, MeasuredComponent } from '../../../formats/arm/cca/index.ts'
import type { PsaClaims } from '../../../formats/arm/psa/index.ts'
import type { Check } from '../../../index.ts'
import type { Row } from '../family.ts'

/** Questions about each of the tokens that there are, by the name that checks give it. */
const aboutTokens = (code: string, field: string, question: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['platform token', 'realm token', 'token'].map((name) => [
      `${code} ${name}: ${field}`,
      name === 'token' ? question : `${question}, ${name}`,
    ]),
  )

/** What a check looks at, for people who do not know the codes. */
export const tokenQuestions: Readonly<Record<string, string>> = {
  'token-wrapper': 'A collection of two tokens',
  'token-profile': 'Profiles are known',
  'payload-field-value': 'Every claim has a value that it may have',
  'realm-key': "The realm's key is a key",
  'anchor-unknown': 'You have a key for this very device',
  'platform-signature': 'Platform token is signed by the key that you have',
  'realm-signature': 'Realm token is signed by the key of the realm',
  'cose-mac-refused': 'Is signed: a public key is no secret',
  'cose-mac': 'MAC is by the secret that you have',
  'policy-lifecycle': 'The platform is in an accepted lifecycle state',
  'attestation-key-binding hash of the realm key in the platform token':
    'The platform vouches for the key of the realm',
  'policy-measurements realm': 'Is the expected realm',
  'policy-measurements firmware': 'Runs the expected firmware',
  'policy-platform firmware': 'Runs on the expected firmware',
  ...aboutTokens('cose-tag', 'tag', 'Is signed, or has a MAC, as it must'),
  ...aboutTokens('cose-alg', 'alg', 'Signature algorithm is a known one'),
  ...aboutTokens('cose-shape', 'COSE_Sign1', 'One signed envelope'),
  ...aboutTokens('cose-signature-length', 'signature bytes', 'Signature has the right length'),
  'cose-shape token: COSE_Sign1 or COSE_Mac0': 'One envelope, signed or with a MAC',
  'cose-alg token: alg': 'Algorithm is a known one',
  'cose-signature-length token: bytes of the MAC': 'MAC has the right length',
  'cose-signature token: alg': 'Signature algorithm is that of the key',
  'cose-signature token signed by the trust anchor': 'Is signed by the key that you have',
  'cose-signature the trust anchor': 'The key that you have is one',
  'payload-cbor claims of both tokens': 'Claims are strict CBOR',
  'payload-cbor claims of the token': 'Claims are strict CBOR',
}

/** What to do about a refusal, where something can be done. */
export const tokenHints: Readonly<Record<string, string>> = {
  'anchor-unknown':
    'Ask the maker of the device for its key, and put it into the file of --anchor. Never take it from the token.',
  'cose-mac-refused': 'The device makes MACs: verify them on a server, with its secret in the file of --anchor.',
  'policy-lifecycle':
    'A platform that is not secured can be debugged or changed. If that is what you want: --accept-lifecycle.',
}

type Claims = CcaClaims | PsaClaims

/** What a token says, before and after what every result has. */
export function tokenRows(claims: Claims): readonly [before: readonly Row[], after: readonly Row[]] {
  if ('generation' in claims) {
    const { generation, certificationReference, clientId, nonce } = claims
    return [
      [['claims', generation], ...deviceRows(claims), ['certified', certificationReference], ['client', `${clientId}`]],
      [['nonce', toHex(nonce)]],
    ]
  }
  const { platform, realm } = claims
  return [
    [
      ['platform', platform.profile],
      ['firmware', platform.matched === undefined ? undefined : `as in ${platform.matched}`],
      ...deviceRows(platform),
      ...realmRows(realm),
    ],
    [['challenge', toHex(realm.challenge)]],
  ]
}

/** The device, as both kinds of tokens name it. */
export function deviceRows({
  implementationId,
  instanceId,
  lifecycle,
  lifecycleState,
  softwareComponents,
}: Pick<PsaClaims, 'implementationId' | 'instanceId' | 'lifecycle' | 'lifecycleState' | 'softwareComponents'>): Row[] {
  return [
    ['make', toHex(implementationId)],
    ['device', toHex(instanceId)],
    ['lifecycle', `${lifecycleState} (0x${lifecycle.toString(16).padStart(4, '0')})`],
    ...softwareComponents.map((component, i): Row => [i === 0 ? 'software' : '', nameOf(component)]),
  ]
}

/** The measurements of a realm. */
export function realmRows({ rim, rems, personalizationValue, memoryEncryptionPolicy }: CcaRealmClaims): Row[] {
  return [
    ['RIM', toHex(rim)],
    ...rems.map((rem, i): Row => [`REM${i}`, rem.some(Boolean) ? toHex(rem) : 'zero']),
    ['RPV', personalizationValue.some(Boolean) ? toHex(personalizationValue) : 'zero'],
    ['memory keys', memoryEncryptionPolicy],
  ]
}

function nameOf({ type, version, measurement }: MeasuredComponent): string {
  return [type ?? 'without a type', version, toHex(measurement)].filter((part) => part !== undefined).join(' ')
}

/**
 * Everything that makes this verdict weaker than it could be, beside what every verdict can lack.
 */
export function tokenCaveats(checks: readonly Check[]): string[] {
  const isSkipped = (code: string): boolean => checks.some(({ id, outcome }) => id === code && outcome === 'skipped')
  const state = checks.find(({ id }) => id === 'policy-lifecycle')?.actual
  return [
    ...(isSkipped('policy-platform') ? ['whatever firmware is below'] : []),
    ...(isSkipped('policy-nonce') ? ['however old it is'] : []),
    ...(state === undefined || state.startsWith('secured') ? [] : [`platform ${state}`]),
  ]
}
