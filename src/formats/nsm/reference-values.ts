/**
 * Reference values for PCRs, as callers write them.
 */
import { type ReferenceValue, skipReferenceValues } from '../../appraisal/reference-values.ts'
import { type Bytes, copyBytes, fromHex, isBytes, isZero } from '../../encoding/bytes.ts'

/** A SHA-384 value as 96 hexadecimal digits in either case, with or without `0x`. */
export type Hex = string

/** One accepted build: each register named here must hold exactly this value. `name` comes back in the result. */
export interface PcrReferenceValues {
  readonly name?: string
  readonly [pcr: `PCR${number}`]: Hex | Uint8Array
}

/** What `nitro-cli build-enclave` and `nitro-cli describe-eif` print, parsed. */
export interface NitroCliReferenceValues {
  readonly name?: string
  readonly Measurements: { readonly HashAlgorithm: string; readonly [pcr: `PCR${number}`]: Hex }
}

/** @throws TypeError when there is nothing to compare, a register is unknown, or a value is not 48 bytes or `refuseZero` */
export function readReferenceValues(
  input: unknown,
  refuseZero: (register: string) => string | undefined,
): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  if (list.length === 0)
    throw new TypeError('referenceValues must not be empty; to compare nothing, pass the symbol skipReferenceValues')
  return list.map((entry, i) =>
    readOne(entry, Array.isArray(input) ? `referenceValues[${i}]` : 'referenceValues', refuseZero),
  )
}

function readOne(input: unknown, path: string, refuseZero: (register: string) => string | undefined): ReferenceValue {
  const { name, Measurements: measurements, ...own } = entriesOf(input, path)
  const nitroCli = measurements !== undefined
  if (nitroCli && Object.keys(own).length > 0) throw new TypeError(`${path} must hold either Measurements or registers`)
  const { HashAlgorithm: hash, ...values } = nitroCli
    ? entriesOf(measurements, `${path}.Measurements`)
    : { HashAlgorithm: undefined, ...own }
  if (nitroCli && !(typeof hash === 'string' && /^sha384\b/i.test(hash))) {
    throw new TypeError(`${path}.Measurements.HashAlgorithm must be Sha384`)
  }
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw new TypeError(`${path}.name must be text that is not empty`)
  const registers = new Map(
    Object.entries(values).map(([register, value]) => [register, readValue(register, value, path, refuseZero)]),
  )
  if (registers.size === 0) throw new TypeError(`${path} names no register: it would match anything`)
  if ([...registers.values()].every(isZero))
    throw new TypeError(`${path} expects nothing but zeros: it would identify nothing`)
  return { registers, ...(name !== undefined && { name }) }
}

function readValue(
  register: string,
  value: unknown,
  path: string,
  refuseZero: (register: string) => string | undefined,
): Bytes {
  if (!/^PCR(?:[0-9]|[12][0-9]|3[01])$/.test(register))
    throw new TypeError(`${path} names ${JSON.stringify(register)}; registers are PCR0 to PCR31`)
  const name = `${path}.${register}`
  if (!isBytes(value) && typeof value !== 'string')
    throw new TypeError(`${name} must be hexadecimal text or a Uint8Array`)
  const bytes = typeof value === 'string' ? fromHex(value, name) : copyBytes(value)
  if (bytes.length !== 48)
    throw new TypeError(`${name} must be 48 bytes (96 hexadecimal digits), found ${bytes.length}`)
  const problem = isZero(bytes) ? refuseZero(register) : undefined
  if (problem !== undefined) throw new TypeError(`${name} is all zero: ${problem}`)
  return bytes
}

/** Own properties only, each read once. */
function entriesOf(input: unknown, path: string): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || isBytes(input)) {
    throw new TypeError(`${path} must be an object like { PCR0: '…' }, or what nitro-cli prints`)
  }
  return Object.fromEntries(Object.entries(input))
}
