/**
 * `veritee inspect` for keys of Android phones.
 */
import { toHex } from '../../../encoding/bytes.ts'
import {
  type AndroidKeyEvidence,
  type AuthorizationList,
  decodeAndroidKeyEvidence,
} from '../../../formats/android/key/index.ts'
import { UsageError } from '../../failures.ts'
import { linksAsText, linksOf } from '../../inspect-chain.ts'
import { stringify } from '../../json.ts'
import { bytesAsText, paint, row } from '../../text.ts'
import type { Inspection } from '../family.ts'

/** @throws UsageError, VerificationError */
export function inspectAndroidKey({ bytes, hasLog, warning, asJson }: Inspection): string {
  if (hasLog) throw new UsageError('--event-log is about TDX quotes: this is none')
  const evidence = decodeAndroidKeyEvidence(bytes)
  const { kind, certificates } = evidence
  const places = certificates.map((der, i) => [i === 0 ? 'leaf' : `${i}`, der] as const)
  const chain = linksOf([...places].reverse())
  if (asJson) return stringify({ verdict: 'unverified', warning, format: 'android-key', ...evidence, chain })
  return [
    paint('yellow', warning),
    '',
    field('kind', kind === 'chain' ? 'chain of an Android key' : 'WebAuthn attestation object of an Android key'),
    ...description(evidence),
    '',
    'Certificates, root first',
    ...chain.flatMap(linksAsText),
    '',
    paint('yellow', warning),
  ].join('\n')
}

function description({ keyDescription: key }: AndroidKeyEvidence): string[] {
  if (key === undefined) return [field('key', 'the leaf has no key description that can be read')]
  return [
    field('schema', `${key.attestationVersion}, KeyMint ${key.keyMintVersion}`),
    field('level', `attestation ${key.attestationSecurityLevel}, key ${key.keyMintSecurityLevel}`),
    ...bytesAsText(key.attestationChallenge).map((line, i) => field(i === 0 ? 'challenge' : '', line)),
    '',
    'What the hardware enforces',
    ...authorizations(key.hardwareEnforced),
    '',
    'What Android enforces',
    ...authorizations(key.softwareEnforced),
  ]
}

function authorizations({ rootOfTrust: boot, application, others, ...list }: AuthorizationList): string[] {
  const plain = Object.entries(list) as [string, number | bigint | readonly (number | bigint)[] | true][]
  const rows: (readonly [name: string, value: string])[] = [
    ...plain.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value as number)] as const),
    ...(boot === undefined
      ? []
      : ([
          ['device', `${boot.deviceLocked ? 'locked' : 'UNLOCKED'}, boot ${boot.verifiedBootState}`],
          ['boot key', toHex(boot.verifiedBootKey) || '(none)'],
        ] as const)),
    ...(application === undefined
      ? []
      : ([
          ['application', application.packages.map(({ name, version }) => `${name} ${version}`).join(', ')],
          ['signed by', application.signers.map(toHex).join(' ') || '(none)'],
        ] as const)),
    ...others.map(({ tag, value }) => [`tag ${tag}`, valueAsText(value)] as const),
  ]
  return rows.length === 0 ? ['  nothing'] : rows.map(([name, value]) => row(name, value, [2, 22, 54]))
}

function valueAsText(value: AuthorizationList['others'][number]['value']): string {
  if (value instanceof Uint8Array) return bytesAsText(value).join(' ')
  return Array.isArray(value) ? value.join(', ') : String(value)
}

function field(name: string, value: string): string {
  return row(name, value, [0, 11])
}
