/**
 * Reference values for tokens. Each is a list of tests that must all hold; a token is as expected
 * when all tests of one of them do.
 */
import type { AttestationErrorCode } from '../../core/codes.ts'
import { isPlainObject, requireOption, snapshotOf } from '../../core/options.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { type Bytes, copyBytes, fromHex, isBytes } from '../../encoding/bytes.ts'
import { appraiseReferences, type Matched, type Reference, type Test } from '../../appraisal/reference-values.ts'

/** One reference value, checked and copied. */
export interface TokenReference<Measured> extends Reference<Measured> {
  /** Unix milliseconds; later than anything where it does not expire. */
  readonly validUntil: number
}

/** What reference values of every kind may say beside what is compared. */
export interface ReferenceBasics {
  /** Comes back in the result. */
  readonly name?: string
  /** Not accepted after this; no result is valid for longer. */
  readonly validUntil?: Date
}

/** What a format reads of one reference value. */
export interface ReadReference<Measured> {
  /** A snapshot, which inherits nothing. */
  readonly own: Partial<ReferenceBasics>
  readonly tests: readonly Test<Measured>[]
}

/**
 * Any one of the reference values must match; fails with `code`.
 * @param references `undefined` when the caller skips this
 * @param now Unix milliseconds: reference values that have expired match nothing
 * @returns the one that did; `undefined` when none did, or the caller skipped this
 */
export function appraiseTokenReferences<Measured>(
  { code, subject, now }: { readonly code: AttestationErrorCode; readonly subject: string; readonly now: number },
  measured: Measured,
  references: readonly TokenReference<Measured>[] | undefined,
  checks: CheckRecorder,
): TokenReference<Measured> | undefined {
  if (references === undefined) {
    checks.omit(code, 'skipped', `${subject} is not compared: reference values skipped`)
    return undefined
  }
  const subjectOf = (label: Matched): string => `${subject} as in ${label}, 1 of ${references.length}`
  const live = references.filter(({ validUntil }) => validUntil >= now)
  if (live.length > 0) return appraiseReferences({ code, subjectOf }, measured, live, checks)
  const otherwise = 'all reference values have expired'
  checks.appraises(code, subjectOf('a reference value'), { holds: false, otherwise })
  return undefined
}

/**
 * One reference value or several.
 * @param skip the symbol that means none
 * @returns `undefined` where the caller skips them
 * @throws TypeError when there is none, or one is not what `read` wants
 */
export function readReferences<Measured>(
  input: unknown,
  option: string,
  skip: symbol,
  read: (entry: unknown, path: string) => ReadReference<Measured>,
): readonly TokenReference<Measured>[] | undefined {
  if (input === skip) return undefined
  const list: readonly unknown[] = Array.isArray(input) ? [...(input as unknown[])] : [input]
  requireOption(option, `at least one, or ${String(skip.description).replace('veritee.', '')}`, list.length > 0)
  return list.map((entry, i) => {
    const path = `${option}[${i}]`
    const {
      own: { name, validUntil },
      tests,
    } = read(entry, path)
    requireOption(`${path}.name`, 'text', name === undefined || (typeof name === 'string' && name !== ''))
    return { label: name ?? i, validUntil: readValidUntil(validUntil, path), tests }
  })
}

/** @throws TypeError for what is neither a date nor left out */
export function readValidUntil(value: unknown, path: string): number {
  const time = value === undefined ? Infinity : value instanceof Date ? value.getTime() : NaN
  requireOption(`${path}.validUntil`, 'a Date', !Number.isNaN(time))
  return time
}

/** A copy of a plain object that has no other properties than these. @throws TypeError */
export function readFields<T extends object>(
  input: unknown,
  path: string,
  names: readonly (keyof T & string)[],
): Partial<T> {
  requireOption(path, `an object with ${names.join(', ')}`, isPlainObject(input))
  const own = snapshotOf<T>(input, path)
  for (const key in own) requireOption(`${path}.${key}`, `one of ${names.join(', ')}`, names.includes(key))
  return own
}

/** A copy of bytes, or of their hexadecimal digits, of one of these sizes. @throws TypeError */
export function readBytes(value: unknown, sizes: readonly number[], path: string): Bytes {
  const bytes = bytesFrom(value, path)
  requireOption(path, `${sizes.join(' or ')} bytes, or twice as many hexadecimal digits`, sizes.includes(bytes.length))
  return bytes
}

/** The same of any length, at least one byte. @throws TypeError */
export function readAnyBytes(value: unknown, path: string): Bytes {
  const bytes = bytesFrom(value, path)
  requireOption(path, 'at least one byte, or its hexadecimal digits', bytes.length > 0)
  return bytes
}

function bytesFrom(value: unknown, path: string): Bytes {
  return typeof value === 'string' ? fromHex(value, path) : isBytes(value) ? copyBytes(value) : new Uint8Array()
}
