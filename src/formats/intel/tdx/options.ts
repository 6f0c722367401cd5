/**
 * What a caller says about the trust domain that it expects.
 */
import type { ReferenceValue, skipReferenceValues } from '../../../appraisal/reference-values.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import { allowMigration, type Hex, readSizedBytes } from '../../../appraisal/expectations.ts'
import { dcapOptionNames, type DcapOptions, type DcapPolicy, readDcapOptions } from '../options.ts'
import { snapshotOptions } from '../../options.ts'
import { requireOption } from '../../../core/options.ts'
import { readReferenceValues, type TdxReferenceValues } from './reference-values.ts'

/** Options of `verifyTdx`. */
export interface TdxOptions extends DcapOptions {
  /**
   * The builds that are accepted: any one must match. To accept any code, pass
   * `skipReferenceValues`.
   */
  readonly referenceValues: TdxReferenceValues | readonly TdxReferenceValues[] | typeof skipReferenceValues
  /**
   * A TD that may be migrated is refused unless this is the symbol {@link allowMigration}. Default:
   * refused.
   */
  readonly migration?: typeof allowMigration
  /**
   * Hashes of service TDs (MRSERVICETD) that may be bound to it, 48 bytes each. Default: none.
   * Quotes of TDX 1.0 do not say.
   */
  readonly serviceTds?: readonly (Hex | Uint8Array)[]
}

/** {@link TdxOptions}, checked and copied. */
export interface TdxPolicy extends DcapPolicy {
  readonly referenceValues: readonly ReferenceValue[] | typeof skipReferenceValues
  readonly migration: boolean
  readonly serviceTds: readonly Bytes[]
}

/** @throws TypeError for every mistake that a caller can make */
export async function readTdxOptions(options: TdxOptions): Promise<TdxPolicy> {
  const own = snapshotOptions(options, [...dcapOptionNames, 'referenceValues', 'migration', 'serviceTds'])
  const { migration, serviceTds = [] } = own
  requireOption('migration', 'allowMigration', migration === undefined || migration === allowMigration)
  requireOption('serviceTds', 'a list', Array.isArray(serviceTds))
  const ownPolicy: Omit<TdxPolicy, keyof DcapPolicy> = {
    referenceValues: readReferenceValues(own.referenceValues),
    migration: migration === allowMigration,
    serviceTds: serviceTds.map((hash, i) => readSizedBytes(hash, 48, `serviceTds[${i}]`)),
  }
  return Object.assign(ownPolicy, await readDcapOptions(own))
}
