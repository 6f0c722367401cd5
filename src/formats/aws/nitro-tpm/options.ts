/**
 * What a caller says about the instance that it expects.
 */
import type { skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type NsmOptions, type NsmPolicy, readNsmOptions } from '../options.ts'
import { isSetInInstances, type NitroCliReferenceValues, type PcrReferenceValues } from '../reference-values.ts'
import { snapshotOptions } from '../../options.ts'

/** One accepted boot: registers, or `Measurements` with registers as tools print them. */
export type NitroTpmReferenceValues = PcrReferenceValues | NitroCliReferenceValues

/** Options of `verifyNitroTpm`. */
export interface NitroTpmOptions extends NsmOptions {
  /**
   * The boots that are accepted: any one must match. `nitro-tpm-pcr-compute` prints PCR4 (the
   * unified kernel image), PCR7 (Secure Boot) and PCR12 (the command line; zero when there is
   * none). Name PCR4, or PCR7 where Secure Boot is on: what runs before can extend all others as it
   * likes, and PCR0 to PCR3 are AWS's firmware, the same under every system. To accept any, pass
   * `skipReferenceValues`.
   */
  readonly referenceValues: NitroTpmReferenceValues | readonly NitroTpmReferenceValues[] | typeof skipReferenceValues
}

/** @throws TypeError for every mistake that a caller can make */
export function readNitroTpmOptions(options: NitroTpmOptions): Promise<NsmPolicy> {
  return readNsmOptions(
    snapshotOptions(options, ['freshness', 'referenceValues', 'userData', 'publicKey']),
    isSetInInstances,
  )
}
