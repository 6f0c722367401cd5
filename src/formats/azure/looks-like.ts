/**
 * Whether bytes look like a report of Azure's paravisor (HCL), and what is inside. A guess about
 * unverified input.
 */
import type { Bytes } from '../../encoding/bytes.ts'

/** An HCL report around a report of AMD SEV-SNP. */
export function isAzureSevSnp(evidence: Bytes): boolean {
  return typeOf(evidence) === 2
}

/** An HCL report around a quote of Intel TDX. */
export function isAzureTdx(evidence: Bytes): boolean {
  return typeOf(evidence) === 4
}

/** `HCLA`, and the report type of the runtime part. */
function typeOf(evidence: Bytes): number | undefined {
  if (evidence.length < 0x4d4) return undefined
  const data = new DataView(evidence.buffer, evidence.byteOffset, evidence.length)
  return data.getUint32(0) === 0x48434c41 ? data.getUint32(0x4c8, true) : undefined
}
