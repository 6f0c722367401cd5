/**
 * The options that enclaves and instances share.
 */
import type { ReferenceValue, skipReferenceValues } from '../../appraisal/reference-values.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import {
  type CommonOptions,
  type CommonPolicy,
  readExpectedBytes,
  readFreshness,
  readVerifierOptions,
} from '../options.ts'
import { awsNitroRootG1 } from './endorsements.ts'
import { readReferenceValues } from './reference-values.ts'

/** What both kinds of documents can be bound to. */
export interface NsmOptions extends CommonOptions {
  /** When given, `user_data` must be exactly this. Default: not compared. */
  readonly userData?: Uint8Array
  /** When given, `public_key` must be exactly this. Default: not compared. */
  readonly publicKey?: Uint8Array
}

/** {@link NsmOptions} with reference values, checked and copied. */
export interface NsmPolicy extends CommonPolicy {
  readonly referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues
  readonly userData: Bytes | undefined
  readonly publicKey: Bytes | undefined
}

/**
 * @param own a snapshot of the caller's options
 * @param refuseZero registers that must not be expected to be zero
 * @throws TypeError
 */
export async function readNsmOptions(
  own: Partial<NsmOptions> & { readonly referenceValues?: unknown },
  refuseZero: (register: string) => boolean,
): Promise<NsmPolicy> {
  return {
    referenceValues: readReferenceValues(own.referenceValues, refuseZero),
    userData: readExpectedBytes(own, 'userData'),
    publicKey: readExpectedBytes(own, 'publicKey'),
    freshness: readFreshness(own),
    ...(await readVerifierOptions(own, awsNitroRootG1)),
  }
}
