/**
 * How options are read, everywhere: once, and all of them known. What is wrong here is the caller's
 * mistake: a `TypeError`.
 */

/** @throws TypeError unless `holds`: `name` must be what `expected` says */
export function requireOption(name: string, expected: string, holds: boolean): void {
  if (!holds) throw new TypeError(`${name} must be ${expected}`)
}

/** Whether `value` is an object as a literal makes it, in any realm, or as JSON does. */
export function isPlainObject(value: unknown): value is object {
  return Object(value) === value && !Object.getPrototypeOf(Object.getPrototypeOf(value) ?? value)
}

/**
 * A copy of a plain object's own properties, each read once, that inherits nothing.
 * @throws TypeError for objects of a class, or that inherit: what is not their own would not be
 *   copied, and so go unchecked
 */
export function snapshotOf<T extends object>(value: unknown, name: string): Partial<T> {
  requireOption(name, 'a plain object', isPlainObject(value))
  return Object.assign(Object.create(null) as Partial<T>, value)
}

/**
 * A {@link snapshotOf} options: a getter that changes its mind, or a later change, has no effect.
 * @param known all the options that there are
 * @throws TypeError for others, and for what is no plain object
 */
export function knownOptions<T extends object>(options: unknown, known: readonly (keyof T & string)[]): Partial<T> {
  const snapshot = snapshotOf<T>(options, 'options')
  for (const key in snapshot)
    if (!known.includes(key)) throw new TypeError(`option ${JSON.stringify(key)} must be one of ${known.join(', ')}`)
  return snapshot
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

/**
 * What is in a list, read once, holes included, which `every` and `map` pass over; nothing for what
 * is no list.
 */
export function itemsOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? [...(list as unknown[])] : []
}

/**
 * Reads what is the caller's own, and theirs to correct. @throws TypeError with the message of what
 * `read` throws
 */
export function readOwn<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new TypeError((cause as Error).message, { cause })
  }
}

/** @throws TypeError unless `value` is left out, or text that says something */
export function requireText(value: unknown, name: string): asserts value is string | undefined {
  requireOption(name, 'text', value === undefined || (typeof value === 'string' && value !== ''))
}
