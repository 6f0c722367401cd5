/**
 * Reference values for enclaves, as callers write them: the code itself, or who signed it, as which product, from which version on.
 */
import { type ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import { type Hex, readSizedBytes } from '../options.ts'
import type { SgxReport } from '../quote/report.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../../core/options.ts'

/**
 * Key separation and sharing (KSS), a feature that enclaves may use: values beside their measurement. Each must be zero unless it is named here, for whoever
 * starts an enclave can choose the first, and every signer the others.
 */
export interface SgxKeySeparation {
  /** 64 bytes. */
  readonly configId?: Hex | Uint8Array
  /** 16 bytes. */
  readonly isvFamilyId?: Hex | Uint8Array
  /** 16 bytes. */
  readonly isvExtProdId?: Hex | Uint8Array
}

/** Exactly this code. */
export interface SgxCodeReferenceValues extends SgxKeySeparation {
  /** Comes back in the result. */
  readonly name?: string
  /** 32 bytes. */
  readonly mrEnclave: Hex | Uint8Array
}

/** Any code of this vendor's product from this version on. All three are needed: a vendor also signs other products, and old versions with known holes. */
export interface SgxSignerReferenceValues extends SgxKeySeparation {
  /** Comes back in the result. */
  readonly name?: string
  /** SHA-256 of the vendor's key, 32 bytes. */
  readonly mrSigner: Hex | Uint8Array
  readonly isvProdId: number
  readonly minimumIsvSvn: number
}

/** One accepted build, or one accepted line of builds. */
export type SgxReferenceValues = SgxCodeReferenceValues | SgxSignerReferenceValues

/** Checked and copied; the version, which is a minimum, stands beside the registers, which must be equal. */
export interface SgxReference extends ReferenceValue {
  readonly minimumIsvSvn: number | undefined
}

const keySeparation = { configId: 64, isvFamilyId: 16, isvExtProdId: 16 } as const
const code: readonly string[] = ['mrEnclave']
const signer: readonly string[] = ['mrSigner', 'isvProdId', 'minimumIsvSvn']

/** @throws TypeError when there is nothing to compare, a name is unknown, or a value is not of its size */
export function readReferenceValues(input: unknown): readonly SgxReference[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => readOne(entry, `referenceValues[${i}]`))
}

/**
 * The reference values as registers that must be equal: a minimum that is reached becomes the version that was found.
 */
export function referencesFor(
  { isvSvn }: SgxReport,
  references: readonly SgxReference[] | typeof skipReferenceValues,
): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (references === skipReferenceValues) return references
  return references.map(({ name, registers, minimumIsvSvn }) => ({
    name,
    registers:
      minimumIsvSvn === undefined
        ? registers
        : new Map([...registers, ['isvSvn', uint16(Math.max(minimumIsvSvn, isvSvn))]]),
  }))
}

/** The registers of a report, by the names that reference values give them; numbers big-endian, as people write them. */
export function registersOf(report: SgxReport): ReadonlyMap<string, Bytes> {
  const { mrEnclave, mrSigner, configId, isvFamilyId, isvExtProdId, isvProdId, isvSvn } = report
  return new Map(
    Object.entries({
      mrEnclave,
      mrSigner,
      configId,
      isvFamilyId,
      isvExtProdId,
      isvProdId: uint16(isvProdId),
      isvSvn: uint16(isvSvn),
    }) as [string, Bytes][],
  )
}

function readOne(input: unknown, path: string): SgxReference {
  requireOption(
    path,
    "like { mrEnclave: '…' } or { mrSigner: '…', isvProdId: 0, minimumIsvSvn: 0 }",
    isPlainObject(input),
  )
  const { name, configId, isvFamilyId, isvExtProdId, ...identity } = snapshotOf<Record<string, unknown>>(input, path)
  requireOption(`${path}.name`, 'text', name === undefined || (typeof name === 'string' && name !== ''))
  const keys = Object.keys(identity)
  const isCode = isSame(keys, code)
  requireOption(path, '{ mrEnclave } or { mrSigner, isvProdId, minimumIsvSvn }', isCode || isSame(keys, signer))
  const registers = new Map<string, Bytes>()
  const measurement = isCode ? 'mrEnclave' : 'mrSigner'
  const value = readSizedBytes(identity[measurement], 32, `${path}.${measurement}`)
  requireOption(`${path}.${measurement}`, 'other than zero', !isZero(value))
  registers.set(measurement, value)
  if (!isCode) registers.set('isvProdId', uint16(readUint16(identity['isvProdId'], `${path}.isvProdId`)))
  for (const [field, given] of Object.entries({ configId, isvFamilyId, isvExtProdId })) {
    const size = keySeparation[field as keyof typeof keySeparation]
    registers.set(field, given === undefined ? new Uint8Array(size) : readSizedBytes(given, size, `${path}.${field}`))
  }
  const minimumIsvSvn = isCode ? undefined : readUint16(identity['minimumIsvSvn'], `${path}.minimumIsvSvn`)
  return { name: name as string | undefined, registers, minimumIsvSvn }
}

const isSame = (keys: readonly string[], wanted: readonly string[]): boolean =>
  keys.length === wanted.length && wanted.every((key) => keys.includes(key))

function readUint16(value: unknown, path: string): number {
  requireOption(path, '0 to 65535', Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535)
  return value as number
}

const uint16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff)
