/**
 * Refusals of the measuring of a launch.
 */
import { refusalText } from '../../support/refusal.ts'
import { measureSnp, type MeasureSnpOptions, type SnpImage } from '../../../src/reference/index.ts'

export { streamOf } from '../made.ts'

/** One processor, on QEMU. */
export const one: MeasureSnpOptions = { vcpus: 1, vcpuType: 'EPYC-v4' }

/** `code: message` of the refusal. */
export const refusedFirmware = (firmware: SnpImage, options: MeasureSnpOptions = one): Promise<string> =>
  refusalText(() => measureSnp(firmware, options))
