/**
 * What a caller says about the enclave that it expects.
 */
import type { ReferenceValue, skipReferenceValues } from '../../appraisal/reference-values.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { awsNitroRootG1 } from '../nsm/endorsements.ts'
import { type NitroCliReferenceValues, type PcrReferenceValues, readReferenceValues } from '../nsm/reference-values.ts'
import {
  type allowDebug,
  type CommonOptions,
  commonOptionNames,
  type CommonPolicy,
  readCommonOptions,
  readDebug,
  readExpectedBytes,
  snapshotOptions,
} from '../options.ts'

/** One accepted build: PCRs by name (`{ PCR0: '…' }`), or the JSON that nitro-cli prints, parsed. */
export type NitroReferenceValues = PcrReferenceValues | NitroCliReferenceValues

/** Options of `verifyNitro`. */
export interface NitroOptions extends CommonOptions {
  /**
   * The builds that are accepted: any one must match. PCR0 covers the whole image; PCR1 alone identifies no application, and PCR8 accepts every
   * image that its key ever signed. To accept any code, pass `skipReferenceValues`.
   */
  readonly referenceValues: NitroReferenceValues | readonly NitroReferenceValues[] | typeof skipReferenceValues
  /** When given, `user_data` must be exactly this. */
  readonly userData?: Uint8Array
  /** When given, `public_key` must be exactly this. */
  readonly publicKey?: Uint8Array
  /** Evidence of a debug enclave is refused unless this is the symbol {@link allowDebug}. */
  readonly debug?: typeof allowDebug
}

/** {@link NitroOptions}, checked and copied. */
export interface NitroPolicy extends CommonPolicy {
  readonly referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues
  readonly userData: Bytes | undefined
  readonly publicKey: Bytes | undefined
  readonly debug: boolean
}

const names: readonly (keyof NitroOptions)[] = [
  ...commonOptionNames,
  'referenceValues',
  'userData',
  'publicKey',
  'debug',
]

/** @throws TypeError for every mistake that a caller can make */
export function readNitroOptions(options: NitroOptions): NitroPolicy {
  const own = snapshotOptions(options, names)
  return {
    ...readCommonOptions(own, awsNitroRootG1),
    referenceValues: readReferenceValues(
      own.referenceValues,
      () => 'no image measures to zero, a debug enclave shows zeros',
    ),
    userData: readExpectedBytes(own, 'userData'),
    publicKey: readExpectedBytes(own, 'publicKey'),
    debug: readDebug(own.debug),
  }
}
