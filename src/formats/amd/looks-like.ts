/**
 * Whether bytes look like a report of AMD SEV-SNP. A guess about unverified input: good for
 * choosing a verifier. A report of version 3 and later with GUEST_SVN 0 begins like a quote of
 * Intel's SGX, so this question comes first.
 */
import type { Bytes } from '../../encoding/bytes.ts'

/** A report, with or without a certificate table behind it. */
export function isSevSnpReport(evidence: Bytes): boolean {
  if (evidence.length < 1184) return false
  const data = new DataView(evidence.buffer, evidence.byteOffset, evidence.length)
  const version = data.getUint32(0x000, true)
  const algorithm = data.getUint32(0x034, true)
  // Bit 17 of POLICY: AMD wants a one there.
  return version >= 2 && version <= 5 && algorithm === 1 && (data.getUint8(0x00a) & 2) !== 0
}
