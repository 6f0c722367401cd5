/**
 * What several formats let callers say, read once and checked. What is wrong here is the caller's
 * mistake: a `TypeError`.
 */
import { isPlainObject, requireText, requireOption, snapshotOf } from '../core/options.ts'
import { type Bytes, givenBytes, givenHex } from '../encoding/bytes.ts'
import { skipFreshness } from './freshness.ts'
import { type ReferenceValue, skipReferenceValues } from './reference-values.ts'
import { equal, type RegisterTest } from './tests.ts'

/** Bytes as hexadecimal digits in either case, with or without `0x`. */
export type Hex = string

/**
 * Pass it where a value would be compared, to accept any: because you compare it yourself, for
 * example.
 */
export const anyValue: unique symbol = /* @__PURE__ */ Symbol.for('veritee.anyValue')

/**
 * Pass it as `migration` to accept guests that may move to another machine, by an agent that you
 * must trust as much as the guest.
 */
export const allowMigration: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowMigration')

/**
 * Pass it as `reportData` to accept evidence that was made for another purpose. Anyone can then
 * replay it: such evidence has no date, and nothing else in it says to whom it speaks.
 */
export const skipReportData: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipReportData')

/**
 * Pass it where a verifier asks for what its vendor has revoked, to go without: a key or CA that the
 * vendor revoked then passes. That is `revocation` for AMD, `endorsements` for Android.
 */
export const skipRevocation: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipRevocation')

/** How the caller knows that evidence without a date was made for it: by the nonce that it chose. */
export type NonceFreshness = { readonly nonce: Uint8Array } | typeof skipFreshness

/**
 * The nonce that evidence must carry; `undefined` where the caller skips freshness.
 * @param sizes the sizes that it may have, for messages
 * @throws TypeError
 */
export function readNonce(freshness: unknown, sizes: string, isSize: (length: number) => boolean): Bytes | undefined {
  if (freshness === skipFreshness) return undefined
  const own = isPlainObject(freshness) ? snapshotOf<Record<string, unknown>>(freshness, 'freshness') : {}
  requireOption('freshness', '{ nonce } or skipFreshness', Object.keys(own).join() === 'nonce')
  const nonce = givenBytes(own['nonce'])
  requireOption('nonce', `${sizes} bytes (Uint8Array)`, isSize(nonce.length))
  return nonce
}

const reportDataSize = 64

/** @throws TypeError unless `value` is bytes, or their hexadecimal digits, of exactly `size` */
export function readSizedBytes(value: unknown, size: number, path: string): Bytes {
  const bytes = givenHex(value, path)
  requireOption(path, `${size} bytes (${2 * size} hex digits)`, bytes.length === size)
  return bytes
}

/**
 * The report data that evidence must carry; `undefined` where the caller skips it. @throws
 * TypeError
 */
export function readReportData(value: unknown): Bytes | undefined {
  if (value === skipReportData) return undefined
  const bytes = givenBytes(value)
  const expected = `exactly ${reportDataSize} bytes (Uint8Array), or skipReportData`
  requireOption('reportData', expected, bytes.length === reportDataSize)
  return bytes
}

/**
 * What registers a reference value may name: each with its size in bytes, and what it must be when
 * it is not named; `undefined` when it must be.
 */
export type RegisterRules = Readonly<
  Record<string, readonly [size: number, unnamed: Hex | Uint8Array | typeof anyValue | undefined]>
>

/**
 * One reference value or several, of formats whose registers have fixed sizes.
 * @param example what a reference value looks like, for messages
 * @throws TypeError when there is nothing to compare, a register is unknown, or a value is not of
 *   its size
 */
export function readRegisterValues(
  input: unknown,
  rules: RegisterRules,
  example: string,
): readonly ReferenceValue[] | typeof skipReferenceValues {
  if (input === skipReferenceValues) return skipReferenceValues
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  requireOption('referenceValues', 'at least one, or skipReferenceValues', list.length > 0)
  return list.map((entry, i) => readRegisters(entry, rules, example, `referenceValues[${i}]`))
}

function readRegisters(input: unknown, rules: RegisterRules, example: string, path: string): ReferenceValue {
  requireOption(path, `like ${example}`, isPlainObject(input))
  const { name, ...values } = snapshotOf<Record<string, unknown>>(input, path)
  requireText(name, `${path}.name`)
  for (const key of Object.keys(values))
    requireOption(`${path}.${key}`, `one of ${Object.keys(rules).join(', ')}`, Object.hasOwn(rules, key))
  const registers = new Map<string, RegisterTest>()
  for (const [register, [size, unnamed]] of Object.entries(rules)) {
    const value = Object.hasOwn(values, register) ? values[register] : unnamed
    if (value !== anyValue) registers.set(register, equal(readSizedBytes(value, size, `${path}.${register}`)))
  }
  return { name, registers }
}
