/**
 * What a caller says about the enclave that it expects.
 */
import type { ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import { dcapOptionNames, type DcapOptions, type DcapPolicy, readDcapOptions } from '../options.ts'
import { snapshotOptions } from '../../options.ts'
import { readReferenceValues, type SgxReferenceValues } from './reference-values.ts'

/** Options of `verifySgx`. */
export interface SgxOptions extends DcapOptions {
  /**
   * The builds that are accepted: any one must match. To accept any code, pass
   * `skipReferenceValues`.
   */
  readonly referenceValues: SgxReferenceValues | readonly SgxReferenceValues[] | typeof skipReferenceValues
}

/** {@link SgxOptions}, checked and copied. */
export interface SgxPolicy extends DcapPolicy {
  readonly referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues
}

/** @throws TypeError for every mistake that a caller can make */
export async function readSgxOptions(options: SgxOptions): Promise<SgxPolicy> {
  const own = snapshotOptions(options, [...dcapOptionNames, 'referenceValues'])
  const ownPolicy: Omit<SgxPolicy, keyof DcapPolicy> = {
    referenceValues: readReferenceValues(own.referenceValues),
  }
  return Object.assign(ownPolicy, await readDcapOptions(own))
}
