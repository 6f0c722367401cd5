/**
 * Reference values for guests on SEV-SNP, as callers write them. What is not named must be zero, so
 * that leaving something out accepts less.
 */
import { type ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { requireOption } from '../../../core/options.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import { type anyValue, type Hex, readRegisterValues } from '../../../appraisal/expectations.ts'
import type { SnpReport } from './report.ts'

/** Bytes that must be there, or {@link anyValue} for what you compare yourself. */
export type SnpRegister = Hex | Uint8Array | typeof anyValue

/**
 * One accepted guest. The measurement covers firmware, processors and, with a direct boot, the
 * hashes of the kernel.
 */
export interface SnpReferenceValues {
  /** Comes back in the result. */
  readonly name?: string
  /** The launch digest, 48 bytes: `measureSnp` computes it. */
  readonly measurement: Hex | Uint8Array
  /**
   * 32 bytes that the host gave at launch. It means something only where measured code compares it.
   * Default: zero.
   */
  readonly hostData?: SnpRegister
  /** 16 bytes of the ID block. Default: zero. */
  readonly familyId?: SnpRegister
  /** 16 bytes of the ID block. Default: zero. */
  readonly imageId?: SnpRegister
  /** SHA-384 of the key that signed the ID block. Default: zero. */
  readonly idKeyDigest?: SnpRegister
  /** SHA-384 of the key that signed that key. Default: zero. */
  readonly authorKeyDigest?: SnpRegister
}

type Register = Exclude<keyof SnpReferenceValues, 'name'>

/** Each with its size and what it must be when it is not named; `undefined` when it must be. */
const registers: Readonly<Record<Register, readonly [size: number, unnamed: Hex | undefined]>> = {
  measurement: [48, undefined],
  hostData: [32, '0000000000000000000000000000000000000000000000000000000000000000'],
  familyId: [16, '00000000000000000000000000000000'],
  imageId: [16, '00000000000000000000000000000000'],
  idKeyDigest: [48, '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'],
  authorKeyDigest: [
    48,
    '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
  ],
}
const names = /* @__PURE__ */ Object.keys(registers) as readonly Register[]

/**
 * @throws TypeError when there is nothing to compare, a register is unknown, or a value is not of
 *   its size
 */
export function readReferenceValues(input: unknown): readonly ReferenceValue[] | typeof skipReferenceValues {
  const values = readRegisterValues(input, registers, "{ measurement: '…' }")
  if (values === skipReferenceValues) return values
  for (const [i, { registers: expected }] of values.entries()) {
    const path = `referenceValues[${i}].measurement`
    const measurement = expected.get('measurement')?.value
    requireOption(path, '48 bytes (96 hex digits)', measurement !== undefined)
    requireOption(path, 'other than zero', !isZero(measurement ?? new Uint8Array()))
  }
  return values
}

/** The registers of a report, by the names that reference values give them. */
export function registersOf(report: SnpReport): ReadonlyMap<string, Bytes> {
  return new Map(names.map((name) => [name, report[name] as Bytes]))
}
