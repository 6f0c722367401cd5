/**
 * `veritee/endorsements`: asks vendors what they say of a platform, for verifiers whose evidence
 * does not bring that along. Decides nothing.
 */
export { AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export { type DcapQvlBytes, type DcapQvlCollateral, fromDcapQvl } from './dcap-qvl.ts'
export { type AmdEndorsementsRequest, amdKdsUrl, fetchAmdEndorsements } from './amd.ts'
export { androidAttestationUrl, type AndroidStatusRequest, fetchAndroidStatus } from './google.ts'
export type { AndroidStatus } from '../formats/android/key/options.ts'
export type { SevSnpEndorsements } from '../formats/amd/sev-snp/endorsements.ts'
export type { Fetch } from './http.ts'
export {
  fetchIntelEndorsements,
  type IntelEndorsements,
  type IntelEndorsementsRequest,
  intelPcsUrl,
  intelRootCaCrlUrl,
} from './intel.ts'
