/**
 * `veritee/android-key`: keys in the secure hardware of Android phones.
 */
export { skipFreshness } from '../../../appraisal/freshness.ts'
export * from '../../common.ts'
export type { EndorsementCache } from '../../../x509/endorsement-cache.ts'
export { allowDebug } from '../../options.ts'
export { type Hex, type NonceFreshness, skipRevocation } from '../../../appraisal/expectations.ts'
export type {
  AndroidApplication,
  Authorization,
  AuthorizationList,
  Integer,
  RootOfTrust,
  VerifiedBootState,
} from './authorization-list.ts'
export { type AndroidKeyClaims, type AndroidKeyEvidence, decodeAndroidKeyEvidence } from './evidence.ts'
export type { KeyDescription, SecurityLevel } from './key-description.ts'
export {
  type AndroidAppReferenceValues,
  type AndroidKeyOptions,
  type AndroidStatus,
  type KeyPurpose,
  type WebAuthnExpectation,
} from './options.ts'
export type { Provisioning } from '../profile.ts'
export { type AndroidKeyResult, verifyAndroidKey } from './verify.ts'
