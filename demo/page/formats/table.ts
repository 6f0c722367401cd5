/**
 * The families that this page has, one row each. Formats are told apart by the library's own table
 * (`detectFormat`), and nowhere else.
 */
import { detectFormat, type EvidenceCarrier, type EvidenceFormat } from '../../../src/index.ts'
import type { Bytes } from '../bytes.ts'
import { sniff as amd } from './amd/sniff.ts'
import { sniff as aws } from './aws/sniff.ts'
import type { Family, Sniff } from './family.ts'
import { sniff as intel } from './intel/sniff.ts'

interface Row {
  readonly sniff: Sniff
  /** Loads all the rest. */
  readonly load: () => Promise<{ readonly family: Family }>
}

const rows: readonly Row[] = [
  { sniff: aws, load: () => import('./aws/index.ts') },
  { sniff: intel, load: () => import('./intel/index.ts') },
  { sniff: amd, load: () => import('./amd/index.ts') },
]

/** Evidence, told by its shape. */
export interface Sighted extends Row {
  readonly format: EvidenceFormat
}

/**
 * The family of some evidence; the name of a carrier or format that this page has no family for;
 * `undefined` for all else.
 * @param wanted a format to read it as, where its shape does not tell
 */
export function familyOf(bytes: Bytes, wanted = ''): Sighted | EvidenceFormat | EvidenceCarrier | undefined {
  const format = Object.hasOwn(names, wanted) ? (wanted as EvidenceFormat) : detectFormat(bytes)
  const row = rows.find(({ sniff }) => format !== undefined && Object.hasOwn(sniff.formats, format))
  return row === undefined ? format : { ...row, format: format as EvidenceFormat }
}

/** What this page verifies: `AWS Nitro attestation document`, by the name of its format. */
export const names: Readonly<Record<string, string>> = Object.assign(
  {},
  ...rows.map(({ sniff }) => sniff.formats),
) as Record<string, string>

/** The field that a file of some family belongs into. @param head the first bytes, as Latin-1 */
export const fieldOf = (head: string): Sniff['files'][number]['field'] | undefined =>
  rows.flatMap(({ sniff }) => sniff.files).find(({ looksLike }) => looksLike(head))?.field
