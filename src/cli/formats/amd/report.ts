/**
 * What is particular to verdicts on reports of SEV-SNP: questions that their checks answer, what to
 * do about a refusal, and what they say.
 */
import { toHex } from '../../../encoding/bytes.ts'
import type { SevSnpClaims } from '../../../formats/amd/sev-snp/index.ts'
import type { Check } from '../../../index.ts'
import type { Row } from '../family.ts'
import { advisoryAsText, platformAsText, policyAsText, tcbAsText } from './words.ts'

/** What a check looks at, for people who do not know the codes. */
export const reportQuestions: Readonly<Record<string, string>> = {
  'report-size': 'A report, within the size limit',
  'cert-table': 'Certificate table behind it is well formed',
  'report-version': 'Of a version that is known here',
  'report-algorithm': 'Signed with the algorithm of AMD',
  'report-reserved': 'What is reserved is zero',
  'report-signing-key': 'Says which kind of key signed it',
  'report-product': 'Of a processor whose root is known here',
  'vek-product-mismatch': 'Key is of the same line of processors',
  'vek-cert-format': 'Certificate says what the key is for',
  'vek-tcb-mismatch': 'Key is of the TCB that the report says',
  'vek-chip-id-mismatch': 'Key is of the chip that the report names',
  'report-tcb': 'Versions do not contradict each other',
  'report-signature': 'Report is signed by that key',
  'policy-product': 'Runs on an accepted line of processors',
  'policy-csp': 'Runs in an accepted cloud',
  'policy-vmpl': 'Asked for by the level that may',
  'policy-guest-policy': 'The guest policy is as expected',
  'policy-platform-info': 'The platform is set up as expected',
  'policy-tcb': 'TCB is not below the minimum',
  'policy-firmware': 'Firmware is not below the minimum',
  'policy-provisional-firmware': 'The host cannot go back to older firmware',
  'policy-mitigations': 'Mitigations are on',
  'policy-guest-svn': 'Version of the guest is not below the minimum',
}

/** What to do about a refusal, where something can be done. */
export const reportHints: Readonly<Record<string, string>> = {
  'policy-product':
    'The owner of a Milan machine can forge its reports (AMD-SB-3045). To accept that: --processor Milan.',
  'policy-platform-info':
    'Reports of version 2 never say that memory was checked for aliases. To go without: --platform-info aliasCheckComplete=any.',
  'policy-provisional-firmware':
    'The host can still go back to the committed firmware. To accept that: --allow-provisional-firmware.',
  'vek-tcb-mismatch': 'The key certificate is of another TCB: fetch it for this report (veritee endorsements).',
  'vek-chip-id-mismatch': 'The key certificate is of another machine: fetch it for this report (veritee endorsements).',
}

/** What a report says, before and after what every result has. */
export function reportRows(claims: SevSnpClaims): readonly [before: readonly Row[], after: readonly Row[]] {
  const { product, cpu, cspId, chipId, advisories, committedVersion } = claims
  const model = cpu === undefined ? '' : `, model 0x${cpu.model.toString(16)}, stepping ${cpu.stepping}`
  return [
    [
      ['processor', `AMD ${product}${model}`],
      ['signed by', cspId === undefined ? 'the key of the chip (VCEK)' : `the key of ${cspId} (VLEK)`],
      ['chip', chipId && toHex(chipId)],
      ['asked by', `VMPL ${claims.vmpl}`],
      ['policy', policyAsText(claims.policy)],
      ['platform', platformAsText(claims.platformInfo)],
      ['reported', tcbAsText(claims.reportedTcb)],
      ['committed', `${tcbAsText(claims.committedTcb)}; firmware ${committedVersion.join('.')}`],
      ...(advisories.length === 0
        ? [['advisories', 'no sign of any that is known here'] as const]
        : advisories.map((id, i): Row => [i === 0 ? 'advisories' : '', `${id}: ${advisoryAsText(id)}`])),
      ['measured', toHex(claims.measurement)],
    ],
    [['report data', toHex(claims.reportData)]],
  ]
}

/**
 * Everything that makes this verdict weaker than it could be, beside what every verdict can lack.
 */
export function reportCaveats({ advisories, vmpl }: SevSnpClaims, checks: readonly Check[]): string[] {
  const isOmitted = (code: string): boolean => checks.some(({ id, outcome }) => id === code && outcome === 'skipped')
  const isMigratable = checks.some(
    ({ id, outcome, actual }) => id === 'policy-migration' && outcome === 'pass' && actual === 'on',
  )
  return [
    ...(advisories.includes('milan-root-seed') ? ['its owner can forge it'] : []),
    ...(vmpl === 0 ? [] : [`asked for at VMPL ${vmpl}`]),
    ...(isMigratable ? ['can be moved to another machine'] : []),
    ...(isOmitted('crl-revoked') ? ['without revocation'] : []),
    ...(isOmitted('policy-report-data') ? ['whatever it was made for'] : []),
  ]
}
