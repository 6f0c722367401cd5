/**
 * `veritee inspect` for reports of SEV-SNP.
 */
import { isZero, toHex } from '../../../encoding/bytes.ts'
import { decodeSevSnpEvidence, type SevSnpEvidence } from '../../../formats/amd/sev-snp/index.ts'
import { tcbOf } from '../../../formats/amd/sev-snp/tcb.ts'
import { UsageError } from '../../failures.ts'
import { linksAsText, linksOf } from '../../inspect-chain.ts'
import { stringify } from '../../json.ts'
import { bytesAsText, paint, row, wrap } from '../../text.ts'
import type { Inspection } from '../family.ts'
import { platformAsText, policyAsText, tcbAsText } from './words.ts'

/** Fields with what they mean. */
const meanings = {
  measurement: 'MEASUREMENT  what the guest was launched from',
  hostData: 'HOST_DATA  chosen by the host at launch',
  familyId: 'FAMILY_ID  of the ID block',
  imageId: 'IMAGE_ID  of the ID block',
  idKeyDigest: 'ID_KEY_DIGEST  key that signed the ID block',
  authorKeyDigest: 'AUTHOR_KEY_DIGEST  key that signed that key',
  reportId: 'REPORT_ID  one for each launch',
  reportIdMa: 'REPORT_ID_MA  of the migration agent; all ones without one',
  chipId: 'CHIP_ID  the processor',
} as const

/** @throws UsageError for an event log; VerificationError for what is malformed */
export function inspectReport({ bytes, hasLog, warning, asJson }: Inspection): string {
  if (hasLog) throw new UsageError('--event-log is about TDX: this is a report of SEV-SNP')
  const evidence = decodeSevSnpEvidence(bytes)
  // Hosts deliver some of them as PEM, and others are no certificates.
  const certificates = evidence.certificates.filter(({ data }) => data[0] === 0x30)
  const chain = linksOf(certificates.map(({ name = 'other', data }) => [name, data]))
  if (asJson) return stringify({ verdict: 'unverified', warning, format: 'sev-snp', ...evidence, chain })
  const others = evidence.certificates.filter(({ data }) => data[0] !== 0x30)
  return [
    paint('yellow', warning),
    '',
    ...summary(evidence),
    '',
    ...fields(evidence),
    '',
    evidence.certificates.length === 0
      ? 'No certificates behind the report: endorsements must bring them along'
      : 'Certificates behind the report. Only that of its own key is ever used',
    ...chain.flatMap(linksAsText),
    ...others.map(({ name, guid, data }) => row(name ?? guid, `${data.length} bytes, not DER`, [2, 6])),
    '',
    paint('yellow', warning),
  ].join('\n')
}

function summary(evidence: SevSnpEvidence): string[] {
  const { version, product, cpu, vmpl, signingKey, policy, platformInfo, currentVersion, committedVersion } = evidence
  const model =
    cpu === undefined
      ? 'the report does not say'
      : `${product ?? 'unknown'} (family ${hex(cpu.family)}, model ${hex(cpu.model)}, stepping ${cpu.stepping})`
  return [
    field('kind', `report of AMD SEV-SNP, version ${version}, to be signed by a ${signingKey}`),
    field('processor', model),
    field('asked by', vmpl === 0xffff_ffff ? 'the HOST, not the guest' : `VMPL ${vmpl}`),
    field('policy', policyAsText(policy)),
    field('platform', platformAsText(platformInfo)),
    field('firmware', `${currentVersion.join('.')} runs, ${committedVersion.join('.')} is committed`),
    ...(['reportedTcb', 'committedTcb', 'currentTcb', 'launchTcb'] as const).map((name) =>
      field(
        `${name.slice(0, -3)} TCB`,
        product === undefined ? toHex(evidence[name]) : tcbAsText(tcbOf(evidence[name], product)),
      ),
    ),
    ...bytesAsText(evidence.reportData).map((line, i) => field(i === 0 ? 'report data' : '', line)),
    ...(policy.debug ? ['', 'In DEBUG MODE: the host can read and write its memory.'] : []),
  ]
}

function fields(evidence: SevSnpEvidence): string[] {
  return (Object.keys(meanings) as (keyof typeof meanings)[]).flatMap((name) => {
    const value = evidence[name]
    return [meanings[name], `       ${isZero(value) ? 'all zero' : wrap(toHex(value), 64).join('\n       ')}`]
  })
}

const hex = (value: number): string => `0x${value.toString(16)}`

function field(name: string, value: string): string {
  return row(name, value, [0, 13])
}
