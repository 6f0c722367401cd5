/**
 * Reference values for tokens. Each is a list of tests that must all hold; a token is as expected
 * when all tests of one of them do.
 */
import type { AttestationErrorCode } from '../../core/codes.ts'
import { requireText, requireOption } from '../../core/options.ts'
import type { CheckRecorder, Comparison } from '../../core/record.ts'
import { type Bytes, givenHex } from '../../encoding/bytes.ts'
import { appraiseAnyOf, type Matched } from '../../appraisal/reference-values.ts'

/** Compares one thing that a token says with what is expected of it. */
export type Test<Measured> = (measured: Measured) => Comparison

/** One reference value, checked and copied: a list of tests that must all hold. */
export interface Reference<Measured> {
  /** Its name, else its index. */
  readonly label: Matched
  /** Unix milliseconds; later than anything where it does not expire. */
  readonly validUntil: number
  readonly tests: readonly Test<Measured>[]
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
export function appraiseReferences<Measured>(
  { code, subject, now }: { readonly code: AttestationErrorCode; readonly subject: string; readonly now: number },
  measured: Measured,
  references: readonly Reference<Measured>[] | undefined,
  checks: CheckRecorder,
): Reference<Measured> | undefined {
  if (references === undefined) {
    checks.omit(code, 'skipped', `${subject} is not compared: reference values skipped`)
    return undefined
  }
  const live = references.filter(({ validUntil }) => validUntil >= now)
  const alternatives = live.map((reference) => ({ ...reference, facts: reference.tests.map((test) => test(measured)) }))
  if (live.length > 0) return appraiseAnyOf(code, `${subject} as in`, alternatives, checks)
  const otherwise = 'all reference values have expired'
  checks.appraises(code, `${subject} as in a reference value, 1 of ${references.length}`, { holds: false, otherwise })
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
): readonly Reference<Measured>[] | undefined {
  if (input === skip) return undefined
  const list: readonly unknown[] = Array.isArray(input) ? [...(input as unknown[])] : [input]
  requireOption(option, `at least one, or ${String(skip.description).replace('veritee.', '')}`, list.length > 0)
  return list.map((entry, i) => {
    const path = `${option}[${i}]`
    const {
      own: { name, validUntil },
      tests,
    } = read(entry, path)
    requireText(name, `${path}.name`)
    return { label: name ?? i, validUntil: readValidUntil(validUntil, path), tests }
  })
}

/** @throws TypeError for what is neither a date nor left out */
export function readValidUntil(value: unknown, path: string): number {
  const time = value === undefined ? Infinity : value instanceof Date ? value.getTime() : NaN
  requireOption(`${path}.validUntil`, 'a Date', !Number.isNaN(time))
  return time
}

/** A copy of bytes, or of their hexadecimal digits, of one of these sizes. @throws TypeError */
export function readBytes(value: unknown, sizes: readonly number[], path: string): Bytes {
  const bytes = givenHex(value, path)
  requireOption(path, `${sizes.join(' or ')} bytes, or twice as many hexadecimal digits`, sizes.includes(bytes.length))
  return bytes
}

/** The same of any length, at least one byte. @throws TypeError */
export function readAnyBytes(value: unknown, path: string): Bytes {
  const bytes = givenHex(value, path)
  requireOption(path, 'at least one byte, or its hexadecimal digits', bytes.length > 0)
  return bytes
}
