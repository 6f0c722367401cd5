/**
 * The report as a table that explains itself: what it measures against what the visitor expects,
 * then every field with what it means.
 */
import type { SevSnpEvidence } from '../../../../src/formats/amd/sev-snp/index.ts'
import { isZero, toHex } from '../../bytes.ts'
import { type Child, h, hex } from '../../dom.ts'
import { registerRow, registerTable } from '../../register-table.ts'
import type { ReportOutcome } from './outcome.ts'

/**
 * The library's name, AMD's name, what it is, how many bytes it has. What is not named must be
 * zero.
 */
const registers = [
  ['measurement', 'MEASUREMENT', 'What was in memory when the guest began to run', 48],
  ['hostData', 'HOST_DATA', 'Chosen by the host: it means something where measured code compares it', 32],
  ['familyId', 'FAMILY_ID', 'Of the ID block: chosen by its signer', 16],
  ['imageId', 'IMAGE_ID', 'Of the ID block: chosen by its signer', 16],
  ['idKeyDigest', 'ID_KEY_DIGEST', 'The key that signed the ID block', 48],
  ['authorKeyDigest', 'AUTHOR_KEY_DIGEST', 'The key that signed that key', 48],
] as const

export function registersView({ evidence, policy, result }: ReportOutcome): Child {
  if (evidence === undefined) return undefined
  const { builds } = policy
  // The one that matched; without a match the only one, if there is one.
  const build =
    builds.find(({ name }) => name !== undefined && name === result?.matched) ??
    (builds.length === 1 ? builds[0] : undefined)
  const rows = registers.map(([name, register, meaning, size]) =>
    registerRow(
      { register, meaning, value: toHex(evidence[name]) },
      build === undefined ? undefined : String(build[name] ?? '00'.repeat(size)),
    ),
  )
  return registerTable(
    rows.filter(({ state, register }) => register === 'MEASUREMENT' || state !== 'zero'),
    builds.length > 1 && build === undefined ? 'There are several builds: no single one is shown beside.' : undefined,
  )
}

/** Each field of the report: AMD's name, its value in words, and why anyone should care. */
export function fieldsTable(evidence: SevSnpEvidence): HTMLElement {
  return h(
    'table',
    { class: 'pcrs fields' },
    h(
      'thead',
      {},
      h('tr', {}, ...['Field', 'Value', 'What it means'].map((title) => h('th', { scope: 'col' }, title))),
    ),
    h(
      'tbody',
      {},
      ...fieldsOf(evidence).map(([name, value, meaning]) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, h('b', {}, name)),
          h('td', {}, value),
          h('td', { class: 'meaning' }, meaning),
        ),
      ),
    ),
  )
}

type Field = readonly [name: string, value: Child, meaning: string]

function fieldsOf(evidence: SevSnpEvidence): readonly Field[] {
  const { version, guestSvn, policy, vmpl, platformInfo, signingKey, reportId, reportIdMa, cpu, chipId } = evidence
  const words = (names: Readonly<Record<string, string>>, from: object): string =>
    Object.entries(names)
      .flatMap(([flag, text]) => ((from as Readonly<Record<string, unknown>>)[flag] === true ? [text] : []))
      .join(', ') || 'none'
  return [
    ['VERSION', String(version), 'Of the layout. From 3 on a report says its processor, from 5 on its mitigations.'],
    ['GUEST_SVN', String(guestSvn), 'Version of the guest, by its builder’s count.'],
    [
      'POLICY',
      words(
        {
          debug: 'DEBUG',
          migrateMa: 'migration agent',
          smtAllowed: 'SMT allowed',
          cxlAllowed: 'CXL allowed',
          singleSocket: 'single socket',
          memAes256Xts: 'AES-256-XTS',
          raplDisabled: 'RAPL off',
          ciphertextHiding: 'ciphertext hiding',
          pageSwapDisabled: 'no page swap',
        },
        policy,
      ),
      'Fixed at launch: what the firmware enforces. DEBUG lets the host read the memory.',
    ],
    ['VMPL', vmpl > 3 ? 'the host' : String(vmpl), 'Who in the guest asked for it. 0 is the most privileged level.'],
    [
      'PLATFORM_INFO',
      words(
        {
          smtEnabled: 'SMT',
          tsmeEnabled: 'TSME',
          eccEnabled: 'ECC',
          raplDisabled: 'RAPL off',
          ciphertextHiding: 'ciphertext hiding',
          aliasCheckComplete: 'alias check done',
          iommuWriteSafe: 'IOMMU write safe',
          tioEnabled: 'TIO',
        },
        platformInfo,
      ),
      'How the machine is set up. Without the alias check a memory module can lie (BadRAM).',
    ],
    ['SIGNING_KEY', signingKey, 'VCEK: of this chip. VLEK: of a cloud, for all of its machines.'],
    ['REPORT_ID', hex(toHex(reportId)), 'Drawn at launch: tells two guests of one image apart.'],
    [
      'REPORT_ID_MA',
      reportIdMa.every((byte) => byte === 255) ? 'none' : hex(toHex(reportIdMa)),
      'The agent that may move this guest to another machine.',
    ],
    [
      'CPUID',
      cpu === undefined ? 'not said' : `family ${cpu.family}, model ${cpu.model}, stepping ${cpu.stepping}`,
      'The processor. Which root must have signed follows from it.',
    ],
    [
      'CHIP_ID',
      isZero(chipId) ? 'hidden by the host' : hex(toHex(chipId)),
      'This one processor. The certificate must name the same.',
    ],
  ]
}
