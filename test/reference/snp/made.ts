/**
 * Refusals of the measuring of a launch.
 */
import { VerificationError } from '../../../src/core/errors.ts'
import { measureSnp, type MeasureSnpOptions, type SnpImage } from '../../../src/reference/index.ts'

export { streamOf } from '../made.ts'

/** One processor, on QEMU. */
export const one: MeasureSnpOptions = { vcpus: 1, vcpuType: 'EPYC-v4' }

/** `code: message` of the refusal; another error, and acceptance, fail the test. */
export async function refusalOf(firmware: SnpImage, options: MeasureSnpOptions = one): Promise<string> {
  let result: unknown
  try {
    result = await measureSnp(firmware, options)
  } catch (error) {
    if (error instanceof VerificationError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error(`accepted, expected a refusal: ${JSON.stringify(result)}`)
}
