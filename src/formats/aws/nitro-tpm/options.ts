/**
 * What a caller says about the instance that it expects.
 */
import type { skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type NsmOptions, type NsmPolicy, readNsmOptions } from '../options.ts'
import type { NitroCliReferenceValues, PcrReferenceValues } from '../reference-values.ts'
import { snapshotOptions } from '../../options.ts'

/** One accepted boot: registers, or `Measurements` with registers as tools print them. */
export type NitroTpmReferenceValues = PcrReferenceValues | NitroCliReferenceValues

/** Options of `verifyNitroTpm`. */
export interface NitroTpmOptions extends NsmOptions {
  /**
   * The boots that are accepted: any one must match. `nitro-tpm-pcr-compute` prints PCR4 (the unified kernel image), PCR7 (Secure Boot) and
   * PCR12 (the command line; zero when there is none). To accept any, pass `skipReferenceValues`.
   */
  readonly referenceValues: NitroTpmReferenceValues | readonly NitroTpmReferenceValues[] | typeof skipReferenceValues
}

/** @throws TypeError for every mistake that a caller can make */
export function readNitroTpmOptions(options: NitroTpmOptions): Promise<NsmPolicy> {
  // PCR0 to PCR7 belong to the firmware, which extends every one of them; from PCR8 on, zero says that nothing was measured.
  return readNsmOptions(
    snapshotOptions(options, ['freshness', 'referenceValues', 'userData', 'publicKey']),
    (register) => /^PCR[0-7]$/.test(register),
  )
}
