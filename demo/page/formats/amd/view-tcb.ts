/**
 * The state of the platform: its versions side by side (what the report says, what is committed,
 * what the certificate is for, what you ask for), the processor, and advisories in words.
 */
import { advisoriesAsOf, type SevSnpClaims } from '../../../../src/formats/amd/sev-snp/index.ts'
import { type Child, h, pairs } from '../../dom.ts'
import type { ReportOutcome } from './outcome.ts'

const parts = [
  ['fmc', 'FMC', 'The first code that the security processor runs; Turin alone has it'],
  ['bootloader', 'Boot loader', 'Starts the security processor'],
  ['tee', 'TEE', 'Its operating system'],
  ['snp', 'SNP', 'Its firmware for SEV-SNP: what keeps the host out'],
  ['microcode', 'Microcode', 'Of the cores; its number means something for one model only'],
] as const

export function tcbView(outcome: ReportOutcome): Child {
  const { claims } = outcome
  if (claims === undefined)
    return h(
      'p',
      { class: 'note' },
      'Its state is not known: that takes a genuine report, and endorsements that are genuine.',
    )
  return h(
    'div',
    {},
    pairs(
      ['Processor', processorOf(claims)],
      [
        'Signed by',
        claims.cspId === undefined
          ? 'the key of this one chip (VCEK)'
          : `a key that AMD gave to ${claims.cspId} (VLEK)`,
      ],
      [
        'Firmware',
        `${claims.currentVersion.join('.')} runs, ${claims.committedVersion.join('.')} is committed: the host cannot go below`,
      ],
    ),
    versions(outcome, claims),
    h('h4', {}, 'Advisories'),
    claims.advisories.length === 0
      ? h(
          'p',
          {},
          `No sign of any that this page knows (as of ${advisoriesAsOf}). That does not mean that none is known.`,
        )
      : h(
          'ul',
          { class: 'advisories' },
          ...claims.advisories.map((id) => h('li', {}, h('b', {}, titleOf(id)), ' ', h('span', {}, meaningOf(id)))),
        ),
    h(
      'p',
      { class: 'note' },
      `Advisories are signs in the report, by a table of ${advisoriesAsOf}. They change no verdict: your minimum does.`,
    ),
  )
}

function processorOf({ product, cpu }: SevSnpClaims): string {
  const lines = { Milan: 'EPYC 7003', Genoa: 'EPYC 9004 and 8004', Turin: 'EPYC 9005' } as const
  const model =
    cpu === undefined
      ? 'the report does not say which model'
      : `family ${hex(cpu.family)}, model ${hex(cpu.model)}, stepping ${cpu.stepping}`
  return `${product} (${lines[product]}), ${model}`
}

const hex = (value: number): string => `0x${value.toString(16)}`

function versions({ policy, checks }: ReportOutcome, claims: SevSnpClaims): HTMLElement {
  const certificate = partsIn(checks.find(({ id }) => id === 'vek-tcb-mismatch')?.actual ?? '')
  const rows = parts.filter(([part]) => claims.reportedTcb[part] !== undefined)
  const cell = (label: string, value: number | undefined, isLow: boolean): HTMLElement =>
    h('td', { 'data-label': label, class: isLow ? 'low' : '' }, value === undefined ? '–' : String(value))
  return h(
    'table',
    { class: 'tcbs' },
    h('caption', {}, 'Versions, part by part'),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...['Part', 'Reported', 'Committed', 'Certificate', 'Minimum'].map((title) => h('th', { scope: 'col' }, title)),
      ),
    ),
    h(
      'tbody',
      {},
      ...rows.map(([part, name, meaning]) => {
        const least = policy.minimumTcb?.[part]
        const below = (value: number | undefined): boolean => least !== undefined && (value ?? -1) < least
        const [reported, committed] = [claims.reportedTcb[part], claims.committedTcb[part]]
        return h(
          'tr',
          {},
          h('th', { scope: 'row' }, h('b', {}, name), h('span', {}, meaning)),
          cell('Reported', reported, below(reported)),
          cell('Committed', committed, below(committed)),
          cell('Certificate', certificate[part], false),
          cell('Minimum', least, false),
        )
      }),
    ),
  )
}

/** `bootloader 10, tee 2, …`, as the check of the certificate says it. */
function partsIn(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(', ').flatMap((entry) => {
      const [, part, value] = /^([a-z]+) (\d+)$/.exec(entry) ?? []
      return part === undefined ? [] : [[part, Number(value)] as const]
    }),
  )
}

const titleOf = (id: string): string => (id === 'milan-root-seed' ? 'AMD-SB-3045' : id)

/** What each is about. */
export const advisoryMeanings: Readonly<Record<string, string>> = {
  'milan-root-seed':
    'MilanLaunchy: the secret that all keys of a Milan chip come from can be read by software, once and for good. Its owner can sign any report.',
  'AMD-SB-3015':
    'BadRAM: memory was not checked for modules that lie about their size, and map two addresses to one place.',
  'AMD-SB-3019': 'EntrySign: below these versions, microcode can be forged by the host.',
  'AMD-SB-3020': 'RMPocalypse: below these versions, the table that guards memory can be corrupted while it is set up.',
  'AMD-SB-3027': 'StackWarp: with SMT on, a sibling thread of the host can move the stack of the guest.',
  'AMD-SB-3016': 'The IOMMU may hold writes of devices back.',
  'AMD-SB-3021': 'CipherLeaks and Heracles: the host can watch ciphertexts, or move pages to learn from them.',
}

function meaningOf(id: string): string {
  return Object.hasOwn(advisoryMeanings, id) ? (advisoryMeanings[id] as string) : ''
}
