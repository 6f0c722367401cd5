/**
 * What is particular to verdicts on keys of Android phones: questions that their checks answer,
 * what to do about a refusal, and what they say.
 */
import { toHex } from '../../../encoding/bytes.ts'
import type { AndroidKeyClaims } from '../../../formats/android/key/index.ts'
import type { Check } from '../../../index.ts'
import { bytesAsText } from '../../text.ts'
import type { Row } from '../family.ts'

/** What a check looks at, for people who do not know the codes. */
export const androidQuestions: Readonly<Record<string, string>> = {
  'chain-shape': 'Chain has the shape of a factory, or of Google',
  'endorsement-format': 'Status list is well formed',
  'status-expired': 'Status list is recent',
  'status-revoked': 'No certificate is in the status list',
  'key-description': 'Key description is well formed',
  'webauthn-format': 'Attestation object where one is expected',
  'webauthn-client-data': 'Client data are those of the page',
  'webauthn-key': 'The credential is the attested key',
  'webauthn-signature': 'The attested key signed the client data',
  'policy-nonce': 'Answers the nonce',
  'policy-security-level': 'Hardware keeps the key, and certificates agree',
  'policy-key': 'Key was made inside, for what it is used for',
  'policy-boot': "Device is locked and runs its maker's system",
  'policy-patch-level': 'Patch levels are as new as asked for',
  'policy-application': 'Asked for by the expected application',
}

/** What to do about a refusal, where something can be done. */
export const androidHints: Readonly<Record<string, string>> = {
  'chain-shape':
    'Give the whole chain as the phone does, leaf first, root last. Software and emulators have other chains: nothing vouches for them.',
  'status-revoked': 'Google knows that a key of this chain has leaked, or withdrew it: do not accept the phone.',
  'status-expired': 'Fetch the status list anew.',
  'endorsement-format': 'Fetch the status list anew: https://android.googleapis.com/attestation/status.',
  'policy-boot':
    'The device is unlocked or runs a system of its own. A system that you know: --verified-boot-key HEX. In development: --allow-debug.',
}

const names: Readonly<Record<number, string>> = {
  0: 'encrypt',
  1: 'decrypt',
  2: 'sign',
  3: 'verify',
  5: 'wrap',
  6: 'agree',
  7: 'attest',
}

/** What a phone says, before and after what every result has. */
export function androidRows(claims: AndroidKeyClaims): readonly [before: readonly Row[], after: readonly Row[]] {
  const { rootOfTrust: boot, application, hardwareEnforced, expiredCertificates: expired } = claims
  const purposes = (hardwareEnforced.purpose ?? []).map((purpose) => names[Number(purpose)] ?? String(purpose))
  return [
    [
      [
        'key',
        `in ${claims.securityLevel === 'tee' ? 'a TEE' : 'StrongBox'}, to ${purposes.join(', ') || 'do nothing'}`,
      ],
      ['device', `${boot.deviceLocked ? 'locked' : 'UNLOCKED'}, boot ${boot.verifiedBootState}`],
      ['boot key', toHex(boot.verifiedBootKey) || '(none)'],
      ['patches', patchesOf(claims)],
      ['application', application?.packages.map(({ name, version }) => `${name} ${version}`).join(', ')],
      ['signed by', application?.signers.map(toHex).join(' ')],
      [
        'keys made',
        `${claims.provisioning === 'factory' ? 'in the factory' : 'remotely'}, schema ${claims.attestationVersion}`,
      ],
      ['expired', expired.length === 0 ? undefined : `certificates ${expired.join(', ')}: factories do not renew them`],
    ],
    bytesAsText(claims.challenge).map((line, i) => [i === 0 ? 'challenge' : '', line] as const),
  ]
}

function patchesOf({ osPatchLevel, vendorPatchLevel, bootPatchLevel }: AndroidKeyClaims): string {
  const levels = [
    ['system', osPatchLevel],
    ['vendor', vendorPatchLevel],
    ['boot', bootPatchLevel],
  ] as const
  const known = levels.flatMap(([part, level]) => (level === undefined ? [] : [`${part} ${level}`]))
  return known.join(', ') || 'none said'
}

/**
 * Everything that makes this verdict weaker than it could be, beside what every verdict can lack.
 */
export function androidCaveats({ rootOfTrust }: AndroidKeyClaims, checks: readonly Check[]): string[] {
  const isSkipped = (code: string): boolean => checks.some(({ id, outcome }) => id === code && outcome === 'skipped')
  const { deviceLocked, verifiedBootState } = rootOfTrust
  return [
    ...(!deviceLocked || verifiedBootState !== 'verified'
      ? [`device ${deviceLocked ? 'locked' : 'UNLOCKED'}, boot ${verifiedBootState}`]
      : []),
    ...(isSkipped('policy-application') ? ['whatever application'] : []),
    ...(isSkipped('policy-nonce') ? ['whenever it was made'] : []),
    ...(isSkipped('status-revoked') ? ['revocation not checked'] : []),
  ]
}
