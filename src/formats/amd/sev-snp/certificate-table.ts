/**
 * The certificates that a host puts behind a report (GHCB, AMD 56421, SNP Extended Guest Request):
 * entries of 24 bytes, a GUID in the order of RFC 4122, u32 offset from the beginning of the table
 * and u32 length; an entry of zeros ends the list. Nothing signs the table. Only the certificate of
 * the key that signed the report is ever used from it: ARK and ASK come from the caller.
 */
import type { CheckRecorder } from '../../../core/record.ts'
import { VerificationError } from '../../../core/errors.ts'
import { type Bytes, copyBytes, isZero, toHex } from '../../../encoding/bytes.ts'

const entrySize = 24
const maximumEntries = 32

/** Names of the GUIDs that are known here. */
const names: Readonly<Record<string, string>> = {
  '63da758de6644564adc5f4b93be8accd': 'VCEK',
  a8074bc2a25a483eaae639c045a0b8a1: 'VLEK',
  '4ab7b379bbac4fe4a02f05aef327c782': 'ASK',
  c0b406a4a803495297433fb6014cd0ae: 'ARK',
  ecae0c0f950243b1afa20ae2e0d565b6: 'platform info of go-sev-guest',
  '9f4116cdc5034f5a8f6ffb68882f4ce2': 'launch endorsement of Google',
}

/** One certificate, or what else a host put there. Nothing in it is verified. */
export interface CertificateTableEntry {
  /** In the usual form, lower case. */
  readonly guid: string
  /** `VCEK`, `VLEK`, `ASK`, `ARK` …; `undefined` for GUIDs that are not known here. */
  readonly name: string | undefined
  readonly data: Uint8Array
}

/**
 * @param table what comes behind the report; none is an empty table
 * @param hint what else the whole may be, for messages
 * @throws VerificationError `cert-table`
 */
export function decodeCertificateTable(
  table: Bytes,
  hint: string,
  checks: CheckRecorder,
): readonly CertificateTableEntry[] {
  if (table.length === 0) return []
  return checks.decodes('cert-table', 'certificate table behind the report', () => readEntries(table, hint))
}

function readEntries(table: Bytes, hint: string): readonly CertificateTableEntry[] {
  const demand = (holds: boolean, expected: string, found: string): void => {
    if (!holds) throw new VerificationError('cert-table', { subject: `certificate table${hint}`, expected, found })
  }
  const data = new DataView(table.buffer, table.byteOffset, table.length)
  const found: { guid: string; offset: number; length: number }[] = []
  let at = 0
  for (;;) {
    demand(at + entrySize <= table.length, 'an entry of zeros at its end', `none in ${table.length} bytes`)
    if (isZero(table.subarray(at, at + entrySize))) break
    demand(found.length < maximumEntries, `at most ${maximumEntries} entries`, 'more')
    const guid = toHex(table.subarray(at, at + 16))
    demand(
      found.every((entry) => entry.guid !== guid),
      'each GUID once',
      `${guid} twice`,
    )
    found.push({ guid, offset: data.getUint32(at + 16, true), length: data.getUint32(at + 20, true) })
    at += entrySize
  }
  // In the order of their places: what lies between them must be zero.
  let end = at + entrySize
  for (const { guid, offset, length } of [...found].sort((a, b) => a.offset - b.offset)) {
    const where = `${length} bytes at ${offset}`
    demand(offset + length <= table.length, `entry ${guid} inside its ${table.length} bytes`, where)
    demand(offset >= end, `entry ${guid} behind what comes before it (${end} bytes)`, where)
    demand(isZero(table.subarray(end, offset)), `zeros before entry ${guid}`, 'other bytes')
    end = offset + length
  }
  demand(isZero(table.subarray(end)), 'zeros behind its last entry', 'other bytes')
  return found.map(({ guid, offset, length }) => ({
    guid: guid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    name: Object.hasOwn(names, guid) ? names[guid] : undefined,
    data: copyBytes(table.subarray(offset, offset + length)),
  }))
}
