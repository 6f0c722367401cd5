/**
 * What a reader says to bad input. Anything but a `VerificationError` is a failure of the test, and
 * so is acceptance.
 */
import { VerificationError } from '../../src/core/errors.ts'
import type { Source } from '../../src/encoding/reader.ts'

/** The source of the tests: its name and its code must come back in every refusal. */
export const source: Source = { name: 'input', code: 'payload-cbor' }

/** Seeds and sizes of property tests: the same cases in each run. */
export const seeded = { seed: 20260601, numRuns: 500 } as const

/** `code: message` of the refusal that `body` ends with. */
export function refused(body: () => unknown): string {
  let result: unknown
  try {
    result = body()
  } catch (error) {
    if (error instanceof VerificationError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error(`accepted, expected a refusal: ${String(result)}`)
}

/**
 * The outcome of `body` for property tests: what it returned, or that it was refused. Other errors
 * go through.
 */
export function outcomeOf<T>(body: () => T): { readonly value: T } | 'refused' {
  try {
    return { value: body() }
  } catch (error) {
    if (error instanceof VerificationError) return 'refused'
    throw error
  }
}
