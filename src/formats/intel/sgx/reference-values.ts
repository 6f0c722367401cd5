/**
 * Reference values for enclaves, as callers write them: the code itself, who signed it, or both,
 * and how it was started.
 */
import { type ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type Bytes, isZero } from '../../../encoding/bytes.ts'
import { type Hex, readSizedBytes } from '../../../appraisal/expectations.ts'
import { atLeast, equal, type RegisterTest } from '../../../appraisal/tests.ts'
import type { SgxReport } from '../quote/report.ts'
import { isPlainObject, requireText, requireOption, snapshotOf } from '../../../core/options.ts'

/**
 * Key separation and sharing (KSS), a feature that enclaves may use: values beside their
 * measurement. Each must be zero unless it is named here: the starter of an enclave can choose
 * `configId` and `configSvn`, and every signer the others.
 */
export interface SgxKeySeparation {
  /** CONFIGID, 64 bytes. */
  readonly configId?: Hex | Uint8Array
  /** CONFIGSVN, 0 to 65535: exactly this one. */
  readonly configSvn?: number
  /** ISVFAMILYID, 16 bytes. */
  readonly isvFamilyId?: Hex | Uint8Array
  /** ISVEXTPRODID, 16 bytes. */
  readonly isvExtProdId?: Hex | Uint8Array
}

/**
 * How an enclave was started, which its measurement does not cover. Default of each: any. Bytes are
 * in the order of the report.
 */
export interface SgxSettings {
  /** MISCSELECT, 4 bytes: what the processor tells the enclave of exceptions. */
  readonly miscSelect?: Hex | Uint8Array
  /** XFRM, 8 bytes, the second half of ATTRIBUTES: processor features that the enclave may use. */
  readonly xfrm?: Hex | Uint8Array
  /**
   * PROVISIONKEY, bit 4 of ATTRIBUTES: whether the enclave can get keys that are the same for every
   * owner of the machine.
   */
  readonly provisionKey?: boolean
}

/**
 * Exactly this code. The signature of its vendor can be asked for as well: that is what settles how
 * it may be started.
 */
export interface SgxCodeReferenceValues extends SgxKeySeparation, SgxSettings {
  /** Comes back in the result. */
  readonly name?: string
  /** MRENCLAVE, 32 bytes. */
  readonly mrEnclave: Hex | Uint8Array
  /** MRSIGNER: SHA-256 of the vendor's key, 32 bytes. */
  readonly mrSigner?: Hex | Uint8Array
  readonly isvProdId?: number
  readonly minimumIsvSvn?: number
}

/**
 * Any code of this vendor's product from this version on. All three are needed: a vendor also signs
 * other products, and old versions with known holes.
 */
export interface SgxSignerReferenceValues extends SgxKeySeparation, SgxSettings {
  /** Comes back in the result. */
  readonly name?: string
  /** MRSIGNER: SHA-256 of the vendor's key, 32 bytes. */
  readonly mrSigner: Hex | Uint8Array
  readonly isvProdId: number
  readonly minimumIsvSvn: number
}

/** One accepted build, or one accepted line of builds. */
export type SgxReferenceValues = SgxCodeReferenceValues | SgxSignerReferenceValues

/** What a register is written as: bytes of a size, a number, or yes and no. */
type Kind = number | 'uint16' | 'boolean'

/** Each in the order of messages, and whether it must be zero where it is not named. */
const fields: Readonly<Record<string, readonly [kind: Kind, unnamed: 'any' | 'zero']>> = {
  mrEnclave: [32, 'any'],
  mrSigner: [32, 'any'],
  isvProdId: ['uint16', 'any'],
  configId: [64, 'zero'],
  configSvn: ['uint16', 'zero'],
  isvFamilyId: [16, 'zero'],
  isvExtProdId: [16, 'zero'],
  miscSelect: [4, 'any'],
  xfrm: [8, 'any'],
  provisionKey: ['boolean', 'any'],
}
const names = /* @__PURE__ */ Object.keys(fields)
const signer: readonly string[] = ['mrSigner', 'isvProdId', 'minimumIsvSvn']
/** Those that say which code runs: zero is never one of them. */
const identities: readonly string[] = ['mrEnclave', 'mrSigner']

/**
 * @throws TypeError when there is nothing to compare, a name is unknown, or a value is not of its
 *   size
 */
export function readReferenceValues(input: unknown): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => readOne(entry, `referenceValues[${i}]`))
}

/**
 * The registers of a report, by the names that reference values give them; numbers big-endian, as
 * people write them.
 */
export function registersOf(report: SgxReport): ReadonlyMap<string, Bytes> {
  const { mrEnclave, mrSigner, miscSelect, attributes, configId, isvFamilyId, isvExtProdId } = report
  const isProvisioner = ((attributes[0] ?? 0) & 0x10) !== 0
  return new Map(
    Object.entries({
      mrEnclave,
      mrSigner,
      miscSelect,
      xfrm: attributes.subarray(8),
      provisionKey: flag(isProvisioner),
      configId,
      configSvn: uint16(report.configSvn),
      isvFamilyId,
      isvExtProdId,
      isvProdId: uint16(report.isvProdId),
      isvSvn: uint16(report.isvSvn),
    }) as [string, Bytes][],
  )
}

function readOne(input: unknown, path: string): ReferenceValue {
  requireOption(
    path,
    "like { mrEnclave: '…' } or { mrSigner: '…', isvProdId: 0, minimumIsvSvn: 0 }",
    isPlainObject(input),
  )
  const given = snapshotOf<Record<string, unknown>>(input, path)
  const { name } = given
  requireText(name, `${path}.name`)
  const isNamed = (field: string): boolean => Object.hasOwn(given, field)
  const known = ['name', 'minimumIsvSvn', ...names]
  const unknown = Object.keys(given).find((field) => !known.includes(field))
  if (unknown !== undefined)
    throw new TypeError(`${path}: ${JSON.stringify(unknown)} must be one of ${known.join(', ')}`)
  requireOption(
    path,
    '{ mrEnclave } or { mrSigner, isvProdId, minimumIsvSvn }, or all of them',
    isNamed('mrEnclave') || signer.every(isNamed),
  )
  const registers = new Map<string, RegisterTest>()
  for (const [field, [kind, unnamed]] of Object.entries(fields)) {
    if (isNamed(field)) registers.set(field, equal(readValue(given[field], kind, `${path}.${field}`)))
    else if (unnamed === 'zero') registers.set(field, equal(new Uint8Array(typeof kind === 'number' ? kind : 2)))
  }
  for (const field of identities)
    requireOption(
      `${path}.${field}`,
      'other than zero',
      !isNamed(field) || !isZero(registers.get(field)?.value as Bytes),
    )
  if (isNamed('minimumIsvSvn'))
    registers.set('isvSvn', atLeast(uint16(readUint16(given['minimumIsvSvn'], `${path}.minimumIsvSvn`))))
  return { name, registers }
}

function readValue(value: unknown, kind: Kind, path: string): Bytes {
  if (typeof kind === 'number') return readSizedBytes(value, kind, path)
  if (kind === 'uint16') return uint16(readUint16(value, path))
  requireOption(path, 'true or false', typeof value === 'boolean')
  return flag(value as boolean)
}

function readUint16(value: unknown, path: string): number {
  requireOption(path, '0 to 65535', Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535)
  return value as number
}

const uint16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff)
const flag = (value: boolean): Bytes => Uint8Array.of(Number(value))
