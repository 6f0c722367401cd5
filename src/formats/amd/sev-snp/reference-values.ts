/**
 * Reference values for guests on SEV-SNP, as callers write them. What is not named must be zero, so
 * that leaving something out accepts less.
 */
import { type ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../../core/options.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import { anyValue, type Hex, readSizedBytes } from '../../../appraisal/expectations.ts'
import type { SnpReport } from './report.ts'

/** Bytes that must be there, or {@link anyValue} for what you compare yourself. */
export type SnpRegister = Hex | Uint8Array | typeof anyValue

/** One accepted guest. The measurement covers firmware, processors and, with a direct boot, the hashes of the kernel. */
export interface SnpReferenceValues {
  /** Comes back in the result. */
  readonly name?: string
  /** The launch digest, 48 bytes: `measureSnp` computes it. */
  readonly measurement: Hex | Uint8Array
  /** 32 bytes that the host gave at launch. It means something only where measured code compares it. Default: zero. */
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

/** Sizes in bytes. */
const registers: Readonly<Record<Register, number>> = {
  measurement: 48,
  hostData: 32,
  familyId: 16,
  imageId: 16,
  idKeyDigest: 48,
  authorKeyDigest: 48,
}
const names = /* @__PURE__ */ Object.keys(registers) as readonly Register[]

/** @throws TypeError when there is nothing to compare, a register is unknown, or a value is not of its size */
export function readReferenceValues(input: unknown): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => readOne(entry, `referenceValues[${i}]`))
}

/** The registers of a report, by the names that reference values give them. */
export function registersOf(report: SnpReport): ReadonlyMap<string, Bytes> {
  return new Map(names.map((name) => [name, report[name] as Bytes]))
}

function readOne(input: unknown, path: string): ReferenceValue {
  requireOption(path, "like { measurement: '…' }", isPlainObject(input))
  const { name, ...values } = snapshotOf<Record<string, unknown>>(input, path)
  requireOption(`${path}.name`, 'text', name === undefined || (typeof name === 'string' && name !== ''))
  for (const key of Object.keys(values))
    requireOption(
      `${path}.${key}`,
      `one of ${names.join(', ')}`,
      names.some((known) => known === key),
    )
  const expected = new Map<string, Bytes>()
  for (const register of names) {
    const size = registers[register]
    const value =
      Object.hasOwn(values, register) || register === 'measurement' ? values[register] : new Uint8Array(size)
    if (value !== anyValue || register === 'measurement')
      expected.set(register, readSizedBytes(value, size, `${path}.${register}`))
  }
  requireOption(`${path}.measurement`, 'other than zero', !isZero(expected.get('measurement') ?? new Uint8Array()))
  return { name: name as string | undefined, registers: expected }
}
