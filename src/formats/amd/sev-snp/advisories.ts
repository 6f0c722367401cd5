/**
 * What AMD's bulletins say, held against a report. There is no signed list for machines, so this
 * table has a date and must be kept up by hand. It changes no verdict: `products`, `platformInfo`
 * and `minimumTcb` do.
 *
 * To bring it up to date: add or change a row, set {@link advisoriesAsOf}, and add a line to the
 * changelog. Floors are those that AMD or two independent reviews give; a product without a known
 * floor is left out.
 */
import { snapshotOf } from '../../../core/options.ts'
import type { SnpReport } from './report.ts'
import type { SnpProduct, SnpTcb, TcbPart } from './tcb.ts'

/** When this table was last compared with AMD's bulletins. */
export const advisoriesAsOf = '2026-11-29'

/** Which processors a floor is for, and the lowest versions that have the mitigation. */
interface Floor extends Partial<Record<TcbPart, number>> {
  readonly product: SnpProduct
  /** CPUID model and stepping; left out: the product as a whole. */
  readonly model?: number
  readonly stepping?: number
}

/** What a report says, for the rows. */
interface Facts {
  readonly report: SnpReport
  readonly product: SnpProduct
  readonly tcb: SnpTcb
}

interface Advisory {
  readonly id: string
  readonly applies: (facts: Facts) => boolean
}

/** A function, so that pages which import another entry do not hold the table. */
const advisories = (): readonly Advisory[] => [
  // arXiv 2605.12990, AMD-SB-3045: the root seed of a Milan chip can be read, once and for good, so
  // that its owner can sign any report of any TCB.
  { id: 'milan-root-seed', applies: ({ product }) => product === 'Milan' },
  // BadRAM, CVE-2024-21944.
  { id: 'AMD-SB-3015', applies: ({ report }) => !report.platformInfo.aliasCheckComplete },
  // EntrySign, CVE-2024-56161.
  {
    id: 'AMD-SB-3019',
    applies: isBelow([
      { product: 'Genoa', model: 0x11, stepping: 1, snp: 0x17, microcode: 0x54 },
      { product: 'Genoa', model: 0x11, stepping: 2, microcode: 0x4f },
      { product: 'Genoa', model: 0xa0, microcode: 0x19 },
      { product: 'Milan', model: 0x01, stepping: 1, snp: 0x18, microcode: 0xdb },
      { product: 'Milan', model: 0x01, stepping: 2, microcode: 0x44 },
    ]),
  },
  // RMPocalypse, CVE-2025-0033.
  {
    id: 'AMD-SB-3020',
    applies: isBelow([
      { product: 'Genoa', model: 0x11, stepping: 1, snp: 0x1b, microcode: 0x56 },
      { product: 'Genoa', model: 0x11, stepping: 2, snp: 0x1b, microcode: 0x51 },
      { product: 'Turin', snp: 0x04, microcode: 0x50 },
    ]),
  },
  // StackWarp, CVE-2025-29943: needs a sibling thread.
  {
    id: 'AMD-SB-3027',
    applies: (facts) =>
      facts.report.platformInfo.smtEnabled &&
      isBelow([
        { product: 'Genoa', model: 0x11, stepping: 1, microcode: 0x56 },
        { product: 'Genoa', model: 0x11, stepping: 2, microcode: 0x51 },
        { product: 'Turin', microcode: 0x51 },
      ])(facts),
  },
  // CVE-2023-20585: the IOMMU's write buffer.
  { id: 'AMD-SB-3016', applies: ({ report }) => !report.platformInfo.iommuWriteSafe },
  // CipherLeaks and Heracles: ciphertexts are seen, or pages moved to make them.
  {
    id: 'AMD-SB-3021',
    applies: ({ report }) => !report.platformInfo.ciphertextHiding || !report.policy.pageSwapDisabled,
  },
]

/** Ids of the advisories that a report gives a sign of, in the order of the table. */
export function advisoriesFor(facts: Facts): readonly string[] {
  return Object.freeze(
    advisories()
      .filter(({ applies }) => applies(facts))
      .map(({ id }) => id),
  )
}

/**
 * Whether the reported TCB is below a floor for this processor. A report of version 2 does not say
 * its model: every floor of its product counts.
 */
function isBelow(floors: readonly Floor[]): (facts: Facts) => boolean {
  return ({ report: { cpu }, product, tcb }) =>
    floors.some((floor) => {
      // Own properties alone: what a page's code has put on `Object.prototype` is no model.
      const { product: ofProduct, model, stepping, ...parts } = snapshotOf<Floor>(floor, 'floor')
      return (
        ofProduct === product &&
        (cpu === undefined || model === undefined || model === cpu.model) &&
        (cpu === undefined || stepping === undefined || stepping === cpu.stepping) &&
        (Object.entries(parts) as [TcbPart, number][]).some(([part, least]) => (tcb[part] ?? 0) < least)
      )
    })
}

/** What no report of SEV-SNP covers, in words for people. */
export const notCovered: readonly string[] = /* @__PURE__ */ Object.freeze([
  'When the report was made: it has no date. Only report data that holds your nonce says so.',
  'Where the machine is and who can touch it.',
  'What was loaded after launch (disks, configuration, environment), unless the measurement covers hashes of kernel and command line, or a verity root.',
  'ACPI tables and other data that the host gives to the firmware.',
  'That HOST_DATA is true: the host chooses it. It means something only where measured code compares it.',
  'Devices between processor and memory (Battering RAM, TEE.fail, WireTap), and side channels of caches and page faults.',
])
