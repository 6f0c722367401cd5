/**
 * How a profile is read: own members only, all of them known. Whatever is wrong is a `TypeError`: a profile is the caller's.
 */
import { requireOption, snapshotOf } from '../core/options.ts'

/** Checks a pointer. @returns it, in the one form in which two pointers to one place are equal. @throws TypeError */
export type PointerReader = (value: unknown, name: string) => string

/** The members of an object: each of `required`, and none but these and `optional`. @throws TypeError */
export function membersOf(
  value: unknown,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const own = snapshotOf<Record<string, unknown>>(value, name)
  const missing = required.find((key) => !Object.hasOwn(own, key))
  const unknown = Object.keys(own).find((key) => !required.includes(key) && !optional.includes(key))
  const problem = unknown === undefined ? `with ${String(missing)}` : `without ${JSON.stringify(unknown.slice(0, 40))}`
  requireOption(name, `an object ${problem}`, missing === undefined && unknown === undefined)
  return own
}

/** The entries of an object whose names are the profile's own. @throws TypeError when there is none, or a name is no name */
export function namedOf(value: unknown, name: string): readonly (readonly [name: string, value: unknown])[] {
  const entries = Object.entries(snapshotOf<Record<string, unknown>>(value, name))
  requireOption(name, 'an object with at least one member', entries.length > 0 && entries.length <= 64)
  for (const [key] of entries) requireName(key, `name ${JSON.stringify(key.slice(0, 40))} of ${name}`)
  return entries
}

/** @throws TypeError */
export function requireName(value: unknown, name: string): string {
  requireOption(
    name,
    'a word of letters, digits, - and _',
    typeof value === 'string' && /^[A-Za-z][\w-]{0,63}$/.test(value),
  )
  return value as string
}

/** @throws TypeError unless it is 1 to `maximum` */
export function requireInteger(value: unknown, name: string, maximum: number): number {
  const holds = Number.isInteger(value) && (value as number) > 0 && (value as number) <= maximum
  requireOption(name, `an integer, 1 to ${maximum}`, holds)
  return value as number
}

/** @throws TypeError */
export function requireOneOf(value: unknown, name: string, words: readonly unknown[]): void {
  requireOption(name, words.join(' or '), words.includes(value))
}
