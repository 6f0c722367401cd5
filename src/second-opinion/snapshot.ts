/**
 * Options as they were when they were given: both opinions are asked the same question, whatever
 * the caller's objects say later.
 */

const deepest = 8

/**
 * A copy of plain objects, lists, bytes and dates, each property read once. Everything else
 * (functions, symbols, the caller's cache) is what it was.
 */
export function snapshotOf(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > deepest) return value
  if (ArrayBuffer.isView(value))
    return Object.prototype.toString.call(value) === '[object Uint8Array]'
      ? Uint8Array.from(value as Uint8Array)
      : value
  if (value instanceof Date) return new Date(value)
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => snapshotOf(item, depth + 1))
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value
  const copy = Object.create(prototype) as object
  for (const [key, item] of Object.entries(value))
    Object.defineProperty(copy, key, {
      value: snapshotOf(item, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  return copy
}
