/**
 * The library, as a page gets it from the script tag: the global `veritee`. Only its types are
 * imported here.
 */
import type * as nitro from '../../src/formats/aws/nitro/index.ts'
import type * as reference from '../../src/reference/index.ts'

/** Everything that `veritee/nitro` exports. */
export type Library = typeof nitro

/** What the script of `veritee/reference` adds to it. */
export type ReferenceLibrary = typeof reference

export type { EifMeasurements, SignedReferenceValues } from '../../src/reference/index.ts'

export type {
  AmdErrorCode,
  AppraisalError,
  AttestationError,
  AttestationErrorCode,
  AwsErrorCode,
  CertificateErrorCode,
  Check,
  CoseErrorCode,
  NitroEvidence,
  NitroOptions,
  NitroResult,
  PolicyErrorCode,
  RuntimeErrorCode,
} from '../../src/formats/aws/nitro/index.ts'

declare global {
  /** Script tags put it there. */
  const veritee: Library
}
