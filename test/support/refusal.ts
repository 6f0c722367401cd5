/**
 * What a refusal is in tests: one of the library's own errors. Acceptance fails a test, and so does
 * any other error.
 */
import { AttestationError } from '../../src/core/errors.ts'

/** The error that some work ends with. */
export async function refusalOf(work: PromiseLike<unknown> | (() => unknown)): Promise<AttestationError> {
  let result: unknown
  try {
    result = await (typeof work === 'function' ? work() : work)
  } catch (error) {
    if (error instanceof AttestationError) return error
    throw error
  }
  throw new Error(`accepted, expected a refusal: ${shown(result)}`)
}

/** `code: message` of the refusal that some work ends with. */
export async function refusalText(work: PromiseLike<unknown> | (() => unknown)): Promise<string> {
  const { code, message } = await refusalOf(work)
  return `${code}: ${message}`
}

const shown = (result: unknown): string =>
  Object(result) === result ? Object.keys(result as object).join() : String(result)
