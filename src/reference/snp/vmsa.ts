/**
 * The save area (VMSA) that a virtual processor starts from, as each monitor fills it: 4096 bytes,
 * zero but for these registers. It is the last thing that a launch measures.
 *
 * Source: AMD 24593, appendix B, table B-4; what the monitors write: virtee/sev-snp-measure,
 * `vmsa.py`.
 */
import type { Bytes } from '../../encoding/bytes.ts'
import { pageSize, view } from './layout.ts'

/** The monitors whose launches can be computed: QEMU, EC2's and Google's. */
export type Vmm = 'qemu' | 'ec2' | 'gce'

/** What differs between monitors. */
interface Habits {
  readonly ss: number
  readonly bootCs: number
  readonly tr: number
  readonly gpat: bigint
  readonly mxcsr: number
  readonly fcw: number
  /** `undefined`: the signature of the processor. */
  readonly rdx: number | undefined
}

/** MXCSR and FCW of QEMU are those of hosts with Linux 6.10 and later. */
function habitsOf(vmm: Vmm): Habits {
  const qemu = { ss: 0x93, bootCs: 0x9b, tr: 0x8b, gpat: 0x7040600070406n, mxcsr: 0x1f80, fcw: 0x37f, rdx: undefined }
  switch (vmm) {
    case 'qemu':
      return qemu
    case 'ec2':
      return { ...qemu, ss: 0x92, bootCs: 0x9a, tr: 0x83, mxcsr: 0, fcw: 0, rdx: 0x600 }
    case 'gce':
      return { ...qemu, gpat: 0x70106n, mxcsr: 0, fcw: 0, rdx: 0x600 }
  }
}

/** Where the first processor begins. */
export const bootEip = 0xfffffff0

/** What decides a save area. */
export interface Processor {
  readonly vmm: Vmm
  /** Where it begins. */
  readonly eip: number
  readonly isBoot: boolean
  /** CPUID signature, for QEMU. */
  readonly signature: number
  /** SEV_FEATURES. */
  readonly guestFeatures: bigint
}

export function vmsaOf({ vmm, eip, isBoot, signature, guestFeatures }: Processor): Bytes {
  const { ss, bootCs, tr, gpat, mxcsr, fcw, rdx } = habitsOf(vmm)
  const page = new Uint8Array(pageSize)
  const fields = view(page)
  const segment = (at: number, attributes: number, { selector = 0, base = 0 } = {}): void => {
    fields.setUint16(at, selector, true)
    fields.setUint16(at + 2, attributes, true)
    fields.setUint32(at + 4, 0xffff, true)
    fields.setBigUint64(at + 8, BigInt(base), true)
  }
  const uint64 = (at: number, value: bigint): void => {
    fields.setBigUint64(at, value, true)
  }
  segment(0x000, 0x93) // ES
  segment(0x010, isBoot ? bootCs : 0x9b, { selector: 0xf000, base: (eip & 0xffff0000) >>> 0 }) // CS
  segment(0x020, ss) // SS
  segment(0x030, 0x93) // DS
  segment(0x040, 0x93) // FS
  segment(0x050, 0x93) // GS
  segment(0x060, 0) // GDTR
  segment(0x070, 0x82) // LDTR
  segment(0x080, 0) // IDTR
  segment(0x090, tr) // TR
  uint64(0x0d0, 0x1000n) // EFER: SVME
  uint64(0x148, 0x40n) // CR4: MCE
  uint64(0x158, 0x10n) // CR0: ET
  uint64(0x160, 0x400n) // DR7
  uint64(0x168, 0xffff0ff0n) // DR6
  uint64(0x170, 0x2n) // RFLAGS
  uint64(0x178, BigInt(eip & 0xffff)) // RIP
  uint64(0x268, gpat) // G_PAT
  uint64(0x310, BigInt(rdx ?? signature)) // RDX
  uint64(0x3b0, guestFeatures) // SEV_FEATURES
  uint64(0x3e8, 1n) // XCR0
  fields.setUint32(0x408, mxcsr, true) // MXCSR
  fields.setUint16(0x410, fcw, true) // X87_FCW
  return page
}
