/**
 * Options of functions that are no verifiers: none of those that all verifiers take is among them.
 */
import { requireOption, snapshotOf } from '../formats/options.ts'

/** Each own property of `options`, read once. @param known all the options that there are @throws TypeError for others, and for what is no plain object */
export function knownOptions<T extends object>(options: unknown, known: readonly (keyof T & string)[]): Partial<T> {
  const snapshot = snapshotOf<T>(options, 'options')
  for (const key in snapshot)
    requireOption(`option ${JSON.stringify(key)}`, `one of ${known.join(', ')}`, known.includes(key))
  return snapshot
}
