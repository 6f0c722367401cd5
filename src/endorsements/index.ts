/**
 * `veritee/endorsements`: asks vendors what they say of a platform, for verifiers whose evidence does not bring that along. Decides nothing.
 */
export { AttestationError, type AttestationErrorCode, VerificationError } from '../errors.ts'
export { type DcapQvlBytes, type DcapQvlCollateral, fromDcapQvl } from './dcap-qvl.ts'
export type { Fetch } from './http.ts'
export {
  fetchIntelEndorsements,
  type IntelEndorsements,
  type IntelEndorsementsRequest,
  intelPcsUrl,
  intelRootCaCrlUrl,
} from './intel.ts'
