/**
 * The library, as a page gets it from the script tag: the global `veritee`. Only its types are imported here.
 */
import type * as nitro from '../../src/formats/nitro/index.ts'

/** Everything that `veritee/nitro` exports. */
export type Library = typeof nitro

export type {
  AppraisalError,
  AttestationError,
  AttestationErrorCode,
  Check,
  NitroEvidence,
  NitroOptions,
  NitroResult,
} from '../../src/formats/nitro/index.ts'
