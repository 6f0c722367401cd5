/**
 * What opening a file says to bad input. Anything but a `VerificationError` is a failure of the test, and so is acceptance.
 */
import { VerificationError } from '../../../src/reference/index.ts'

/** `code: message` of the refusal; acceptance and other errors fail the test. */
export async function refusalOf(read: () => unknown): Promise<string> {
  let result: unknown
  try {
    result = await read()
  } catch (error) {
    if (error instanceof VerificationError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error(`accepted, expected a refusal: ${JSON.stringify(result)}`)
}
