/**
 * Reference values for PCRs, as callers write them.
 */
import { type ReferenceValue, skipReferenceValues } from '../../appraisal/reference-values.ts'
import { type Hex, readSizedBytes } from '../../appraisal/expectations.ts'
import { equal } from '../../appraisal/tests.ts'
import { type Bytes, isZero } from '../../encoding/bytes.ts'
import { requireText, requireOption, snapshotOf } from '../../core/options.ts'

/**
 * One accepted build: each register named here must hold exactly this value. `name` comes back in
 * the result.
 */
export interface PcrReferenceValues {
  readonly name?: string
  readonly [pcr: `PCR${number}`]: Hex | Uint8Array
}

/** What `nitro-cli build-enclave` and `nitro-cli describe-eif` print, parsed. */
export interface NitroCliReferenceValues {
  readonly name?: string
  readonly Measurements: { readonly HashAlgorithm: string; readonly [pcr: `PCR${number}`]: Hex }
}

/**
 * Registers of an enclave that no good boot leaves at zero: PCR0 to PCR2 measure its image, and
 * debug enclaves alone have zeros there; PCR4 names the instance. Zeros elsewhere are a value like
 * any other: PCR3 says that the instance has no role, and documents print zeros from PCR5 on (but
 * in PCR8, if the image is signed).
 */
export const isSetInEnclaves = (register: string): boolean => /^PCR[0124]$/.test(register)

/**
 * Registers of an instance that no boot leaves at zero: the firmware extends PCR0 to PCR7, always.
 * From PCR8 on, zero says that nothing was measured.
 */
export const isSetInInstances = (register: string): boolean => /^PCR[0-7]$/.test(register)

/**
 * @param refuseZero registers that must not be expected to be zero
 * @throws TypeError when there is nothing to compare, a register is unknown, or a value is not 48
 *   bytes or refused
 */
export function readReferenceValues(
  input: unknown,
  refuseZero: (register: string) => boolean,
): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => readOne(entry, `referenceValues[${i}]`, refuseZero))
}

function readOne(input: unknown, path: string, refuseZero: (register: string) => boolean): ReferenceValue {
  const { name, Measurements: printed, ...own } = snapshotOf<Record<string, unknown>>(input, path)
  // Beside printed ones, a register would be a second opinion. What else the tools print is not for
  // comparison.
  const isRegister = (key: string): boolean => key.toLowerCase().includes('pcr')
  requireOption(path, 'one list of PCRs', printed === undefined || !Object.keys(own).some(isRegister))
  // A snapshot of what is left, too: `own` inherits from Object.prototype.
  const { HashAlgorithm: hash = 'Sha384', ...values } = snapshotOf<Record<string, unknown>>(
    printed === undefined ? own : printed,
    path,
  )
  requireOption(`${path}.HashAlgorithm`, 'Sha384', /^sha384\b/i.test(String(hash)))
  requireText(name, `${path}.name`)
  const registers = new Map(
    Object.entries(values).map(([register, value]) => [register, readValue(register, value, `${path}.${register}`)]),
  )
  const zero = [...registers].filter(([, value]) => isZero(value)).map(([register]) => register)
  const refused = zero.find(refuseZero)
  const problem = refused === undefined ? '' : `: leave out ${refused} where you expect nothing of it`
  requireOption(path, `registers other than zero${problem}`, zero.length < registers.size && refused === undefined)
  const tests = new Map([...registers].map(([register, value]) => [register, equal(value)]))
  return { name, registers: tests }
}

function readValue(register: string, value: unknown, path: string): Bytes {
  requireOption(path, 'PCR0 to PCR31', /^PCR(?:\d|[12]\d|3[01])$/.test(register))
  return readSizedBytes(value, 48, path)
}
