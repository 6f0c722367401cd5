/**
 * Whether two readings of one piece of evidence say the same: every value is written in one
 * notation, which tells types apart, and compared as text.
 */

/** A value of one reading that the other has otherwise. */
export interface Difference {
  /** Where it is: `claims.pcrs.PCR0`. */
  readonly path: string
  readonly first: string
  readonly second: string
}

/**
 * The first value on which two readings differ; `undefined` where there is none. What is
 * `undefined` is not there.
 * @param path where both are
 */
export function findDifference(first: unknown, second: unknown, path: string): Difference | undefined {
  const [a, b] = [childrenOf(first), childrenOf(second)]
  if (a === undefined || b === undefined) {
    const [one, other] = [written(first), written(second)]
    return one === other ? undefined : { path, first: one, second: other }
  }
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const found = findDifference(a.get(name), b.get(name), `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** The properties of an object that is nothing more than that. */
function childrenOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value instanceof Date || value instanceof Map || ArrayBuffer.isView(value)) return undefined
  return new Map(Object.entries(value).filter(([, item]) => item !== undefined))
}

/**
 * A value as text. Entries of maps stay in their order, properties of objects do not matter in
 * theirs.
 */
export function written(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value instanceof Uint8Array)
    return `h'${Array.from(value, (byte) => (byte + 256).toString(16).slice(1)).join('')}'`
  if (value instanceof Date) return `date ${value.getTime()}`
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (value instanceof Map) {
    return `map {${[...(value as Map<unknown, unknown>)].map(([key, item]) => `${written(key)}: ${written(item)}`).join(', ')}}`
  }
  const children = childrenOf(value)
  if (children === undefined) return String(value)
  const sorted = [...children].sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, item]) => `${key}: ${written(item)}`).join(', ')}}`
}
