/**
 * What a caller says about the enclave that it expects.
 */
import type { skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { type NsmOptions, type NsmPolicy, readNsmOptions } from '../options.ts'
import type { NitroCliReferenceValues, PcrReferenceValues } from '../reference-values.ts'
import { allowDebug, snapshotOptions } from '../../options.ts'
import { requireOption } from '../../../core/options.ts'

/** One accepted build: PCRs by name (`{ PCR0: '…' }`), or the JSON that nitro-cli prints, parsed. */
export type NitroReferenceValues = PcrReferenceValues | NitroCliReferenceValues

/** Options of `verifyNitro`. */
export interface NitroOptions extends NsmOptions {
  /**
   * The builds that are accepted: any one must match. PCR0 covers the whole image; PCR1 alone identifies no application, and PCR8 accepts every
   * image that its key ever signed. To accept any code, pass `skipReferenceValues`.
   */
  readonly referenceValues: NitroReferenceValues | readonly NitroReferenceValues[] | typeof skipReferenceValues
  /** Evidence of a debug enclave is refused unless this is the symbol {@link allowDebug}. */
  readonly debug?: typeof allowDebug
}

/** {@link NitroOptions}, checked and copied. */
export interface NitroPolicy extends NsmPolicy {
  readonly debug: boolean
}

/** @throws TypeError for every mistake that a caller can make */
export async function readNitroOptions(options: NitroOptions): Promise<NitroPolicy> {
  const own = snapshotOptions(options, ['referenceValues', 'userData', 'publicKey', 'debug', 'freshness'])
  const { debug } = own
  requireOption('debug', 'allowDebug', debug === undefined || debug === allowDebug)
  // No image measures to zero, and zeros are what a debug enclave shows.
  return { ...(await readNsmOptions(own, () => true)), debug: debug === allowDebug }
}
