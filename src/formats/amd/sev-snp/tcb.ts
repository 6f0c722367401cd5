/**
 * TCB_VERSION: security versions of the platform's parts, a byte each. Which byte is which depends
 * on the product. Versions are compared part by part, never as one number.
 *
 * Source: AMD 56860, table "TCB_VERSION Structure"; AMD 57230 for the numbering of processors.
 */
import type { Bytes } from '../../../encoding/bytes.ts'
import type { SnpCpu } from './report.ts'

/** The lines of processors whose roots are known here. Genoa is Bergamo and Siena as well. */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin'

export const products: readonly SnpProduct[] = ['Milan', 'Genoa', 'Turin']

/** Security versions by part. `fmc` is Turin's alone. */
export interface SnpTcb {
  readonly fmc?: number
  readonly bootloader: number
  readonly tee: number
  readonly snp: number
  /** Low byte of the microcode revision; not comparable between models of one product. */
  readonly microcode: number
}

export type TcbPart = keyof SnpTcb

/** All parts, in the order that people read them. */
export const tcbParts: readonly TcbPart[] = ['fmc', 'bootloader', 'tee', 'snp', 'microcode']

/** Where each part is. All other bytes are reserved. */
const layouts: Readonly<Record<SnpProduct, Readonly<Partial<Record<TcbPart, number>>>>> = {
  Milan: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Genoa: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
}

/** The parts of a product's TCB. */
export function partsOf(product: SnpProduct): readonly TcbPart[] {
  return Object.keys(layouts[product]) as TcbPart[]
}

/** @param bytes 8 of them */
export function tcbOf(bytes: Bytes, product: SnpProduct): SnpTcb {
  const parts = Object.entries(layouts[product]).map(([part, at]) => [part, bytes[at]] as const)
  return Object.freeze(Object.fromEntries(parts)) as unknown as SnpTcb
}

/** Whether the bytes that no part uses are zero. */
export function hasZeroReserved(bytes: Bytes, product: SnpProduct): boolean {
  const used = Object.values(layouts[product])
  return bytes.every((byte, at) => byte === 0 || used.includes(at))
}

/** Whether every part of `a` is at most that of `b`. */
export function isAtMost(a: SnpTcb, b: SnpTcb): boolean {
  return (Object.keys(a) as TcbPart[]).every((part) => (a[part] as number) <= (b[part] ?? -1))
}

/** For messages. */
export function textOfTcb(tcb: Partial<SnpTcb>): string {
  return Object.entries(tcb)
    .map(([part, value]) => `${part} ${value}`)
    .join(', ')
}

/** The product of a processor (AMD 57230, section 1.5); `undefined` where no root is known. */
export function productOf({ family, model }: SnpCpu): SnpProduct | undefined {
  if (family === 0x19) {
    if (model <= 0x0f) return 'Milan'
    return (model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf) ? 'Genoa' : undefined
  }
  return family === 0x1a && model <= 0x1f ? 'Turin' : undefined
}
