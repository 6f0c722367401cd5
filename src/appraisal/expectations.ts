/**
 * What several formats let callers say, read once and checked. What is wrong here is the caller's
 * mistake: a `TypeError`.
 */
import { requireOption } from '../core/options.ts'
import { type Bytes, copyBytes, fromHex, isBytes } from '../encoding/bytes.ts'

/** Bytes as hexadecimal digits in either case, with or without `0x`. */
export type Hex = string

/** Pass it where a value would be compared, to accept any: because you compare it yourself, for example. */
export const anyValue: unique symbol = /* @__PURE__ */ Symbol.for('veritee.anyValue')

/** Pass it as `migration` to accept guests that may move to another machine, by an agent that you must trust as much as the guest. */
export const allowMigration: unique symbol = /* @__PURE__ */ Symbol.for('veritee.allowMigration')

/**
 * Pass it as `reportData` to accept evidence whatever it was made for. Anyone can then replay it: such
 * evidence has no date, and nothing else in it says to whom it speaks.
 */
export const skipReportData: unique symbol = /* @__PURE__ */ Symbol.for('veritee.skipReportData')

const reportDataSize = 64

/** @throws TypeError unless `value` is bytes, or their hexadecimal digits, of exactly `size` */
export function readSizedBytes(value: unknown, size: number, path: string): Bytes {
  const bytes = typeof value === 'string' ? fromHex(value, path) : isBytes(value) ? copyBytes(value) : new Uint8Array()
  requireOption(path, `${size} bytes (${2 * size} hex digits)`, bytes.length === size)
  return bytes
}

/** The report data that evidence must carry; `undefined` where the caller skips it. @throws TypeError */
export function readReportData(value: unknown): Bytes | undefined {
  if (value === skipReportData) return undefined
  const bytes = isBytes(value) ? copyBytes(value) : new Uint8Array()
  const expected = `exactly ${reportDataSize} bytes (Uint8Array), or skipReportData`
  requireOption('reportData', expected, bytes.length === reportDataSize)
  return bytes
}
