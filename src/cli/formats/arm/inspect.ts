/**
 * `veritee inspect` for tokens.
 */
import { toHex } from '../../../encoding/bytes.ts'
import { decodeCcaEvidence } from '../../../formats/arm/cca/index.ts'
import { decodePsaEvidence } from '../../../formats/arm/psa/index.ts'
import { UsageError } from '../../failures.ts'
import { stringify } from '../../json.ts'
import { paint, row } from '../../text.ts'
import type { Inspection, Row } from '../family.ts'
import { deviceRows, realmRows } from './report.ts'

/** @throws UsageError, VerificationError */
export function inspectToken({ format, bytes, hasLog, warning, asJson }: Inspection): string {
  if (hasLog) throw new UsageError('--event-log is about TDX quotes: this is none')
  const [evidence, rows] = format === 'cca' ? ccaRows(bytes) : psaRows(bytes)
  if (asJson) return stringify({ verdict: 'unverified', warning, format, ...evidence })
  const lines = rows.flatMap(([name, value]) => (value === undefined ? [] : [row(name, value, [0, 11])]))
  return [paint('yellow', warning), '', ...lines, '', paint('yellow', warning)].join('\n')
}

function ccaRows(bytes: Uint8Array): readonly [evidence: object, rows: readonly Row[]] {
  const evidence = decodeCcaEvidence(bytes)
  const { wrapper, platform, realm } = evidence
  return [
    evidence,
    [
      ['kind', `Arm CCA token, tag ${wrapper}`],
      ['platform', platform.profile],
      ...deviceRows(platform),
      ['config', toHex(platform.config)],
      // What a stranger wrote there may look like an address.
      ['service', platform.verificationService && JSON.stringify(platform.verificationService)],
      ['realm', realm.profile ?? 'without a profile (RMM 1.0)'],
      ...realmRows(realm),
      ['challenge', toHex(realm.challenge)],
    ],
  ]
}

function psaRows(bytes: Uint8Array): readonly [evidence: object, rows: readonly Row[]] {
  const evidence = decodePsaEvidence(bytes)
  const { generation, profile, clientId, bootSeed, certificationReference, verificationService, nonce } = evidence
  return [
    evidence,
    [
      ['kind', `PSA token, claims of ${generation}`],
      ['profile', profile],
      ...deviceRows(evidence),
      ['certified', certificationReference],
      ['client', `${clientId}`],
      ['boot seed', bootSeed && toHex(bootSeed)],
      ['service', verificationService && JSON.stringify(verificationService)],
      ['nonce', toHex(nonce)],
    ],
  ]
}
