/**
 * What a caller says about the instance that it expects.
 */
import type { ReferenceValue, skipReferenceValues } from '../../appraisal/reference-values.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { awsNitroRootG1 } from '../nsm/endorsements.ts'
import { type PcrReferenceValues, readReferenceValues } from '../nsm/reference-values.ts'
import {
  type CommonOptions,
  commonOptionNames,
  type CommonPolicy,
  readCommonOptions,
  readExpectedBytes,
  snapshotOptions,
} from '../options.ts'

/** Options of `verifyNitroTpm`. */
export interface NitroTpmOptions extends CommonOptions {
  /**
   * The boots that are accepted: any one must match. `nitro-tpm-pcr-compute` prints PCR4 (the unified kernel image), PCR7 (Secure Boot) and
   * PCR12 (the command line; zero when there is none). To accept any, pass `skipReferenceValues`.
   */
  readonly referenceValues: PcrReferenceValues | readonly PcrReferenceValues[] | typeof skipReferenceValues
  /** When given, `user_data` must be exactly this. */
  readonly userData?: Uint8Array
  /** When given, `public_key` must be exactly this. */
  readonly publicKey?: Uint8Array
}

/** {@link NitroTpmOptions}, checked and copied. */
export interface NitroTpmPolicy extends CommonPolicy {
  readonly referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues
  readonly userData: Bytes | undefined
  readonly publicKey: Bytes | undefined
}

const names: readonly (keyof NitroTpmOptions)[] = [...commonOptionNames, 'referenceValues', 'userData', 'publicKey']

/** @throws TypeError for every mistake that a caller can make */
export function readNitroTpmOptions(options: NitroTpmOptions): NitroTpmPolicy {
  const own = snapshotOptions(options, names)
  return {
    ...readCommonOptions(own, awsNitroRootG1),
    referenceValues: readReferenceValues(own.referenceValues, (register) =>
      // PCR0 to PCR7 belong to the firmware, which extends every one of them; from PCR8 on, zero means that nothing was measured.
      /^PCR[0-7]$/.test(register) ? 'the firmware extends PCR0 to PCR7 at every boot' : undefined,
    ),
    userData: readExpectedBytes(own, 'userData'),
    publicKey: readExpectedBytes(own, 'publicKey'),
  }
}
