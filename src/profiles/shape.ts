/**
 * How a profile is read: own members only, all of them known. Whatever is wrong is a `TypeError`: a
 * profile is the caller's.
 */
import { isPlainObject, requireOption, snapshotOf } from '../core/options.ts'

/** Checks one value. @throws TypeError with the name of what is wrong */
export type Check = (value: unknown, name: string) => void

/**
 * Checks a pointer. @returns it, in the one form in which two pointers to one place are equal.
 * @throws TypeError
 */
export type PointerReader = (value: unknown, name: string) => string

type Members = Readonly<Record<string, Check>>

/** What holds, and how a message says it. */
export const is =
  (expected: string, holds: (value: unknown) => boolean): Check =>
  (value, name) => {
    requireOption(name, expected, holds(value))
  }

export const oneOf = (...words: readonly unknown[]): Check => is(words.join(' or '), (value) => words.includes(value))

export const integer = (maximum: number): Check =>
  is(
    `an integer, 1 to ${maximum}`,
    (value) => Number.isInteger(value) && (value as number) > 0 && (value as number) <= maximum,
  )

export const matching = (expected: string, pattern: RegExp): Check =>
  is(expected, (value) => typeof value === 'string' && pattern.test(value))

/** A name of the profile's own. */
export const word = (): Check => matching('a word of letters, digits, - and _', /^[A-Za-z][\w-]{0,63}$/)

/** Each of `required`, and none but these and `optional`. */
export const object =
  (required: Members, optional: Members = {}): Check =>
  (value, name) => {
    const own = snapshotOf<Record<string, unknown>>(value, name)
    const known = { ...required, ...optional }
    const missing = Object.keys(required).find((key) => !Object.hasOwn(own, key))
    const unknown = Object.keys(own).find((key) => !Object.hasOwn(known, key))
    requireOption(name, `an object with ${missing}`, missing === undefined)
    requireOption(name, `an object without ${unknown?.slice(0, 40)}`, unknown === undefined)
    for (const [key, check] of Object.entries(known)) if (Object.hasOwn(own, key)) check(own[key], `${name}.${key}`)
  }

/** An object with at least `minimum` members, whose names pass `key`. */
export const record =
  (key: Check, check: Check, minimum = 1): Check =>
  (value, name) => {
    requireOption(name, 'an object', isPlainObject(value))
    const entries = Object.entries(value as object)
    requireOption(name, `of ${minimum} to 64 members`, entries.length >= minimum && entries.length <= 64)
    for (const [own, inner] of entries) {
      key(own, `a name in ${name}`)
      check(inner, `${name}.${own.slice(0, 40)}`)
    }
  }

export const list =
  (check: Check): Check =>
  (value, name) => {
    requireOption(name, 'a list of at most 64', Array.isArray(value) && value.length <= 64)
    for (const [i, inner] of (value as readonly unknown[]).entries()) check(inner, `${name}[${i}]`)
  }
