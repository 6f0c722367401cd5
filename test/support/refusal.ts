/**
 * The refusal that a test expects.
 */
import { AttestationError } from '../../src/core/errors.ts'

/** The error that `promise` ends with; anything but an `AttestationError` fails the test. */
export async function refusalOf(promise: Promise<unknown>): Promise<AttestationError> {
  let result: unknown
  try {
    result = await promise
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
  throw new Error(`accepted, expected a refusal: ${Object.keys(result as object).join()}`)
}
