/**
 * `veritee/endorsements`: asks vendors what they say of a platform, for verifiers whose evidence does not bring that along. Decides nothing.
 */
export { AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export { type DcapQvlBytes, type DcapQvlCollateral, fromDcapQvl } from './dcap-qvl.ts'
export type { Fetch } from './http.ts'
export {
  fetchIntelEndorsements,
  type IntelEndorsements,
  type IntelEndorsementsRequest,
  intelPcsUrl,
  intelRootCaCrlUrl,
} from './intel.ts'
