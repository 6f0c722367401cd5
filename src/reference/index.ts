/**
 * `veritee/reference`: reference values, from the thing that is to run (an image, a role, an
 * instance, a signing certificate), and from files that were signed.
 */
export { VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { Hex } from '../appraisal/expectations.ts'
export { type EifMeasurements, type EifPcrs, type EifSignature, measureEif, type MeasureEifOptions } from './eif/eif.ts'
export type { EifArchitecture, EifSection, EifSectionType } from './eif/header.ts'
export type { EifImage, ReadingOptions } from './image-reader.ts'
export type { HashFactory, StreamingHash } from './streaming-hash.ts'
export { measureSnp, type SnpMeasurement } from './snp/measure.ts'
export type { MeasureSnpOptions, SnpImage } from './snp/options.ts'
export type { Vmm } from './snp/vmsa.ts'
export { pcr3OfRole, pcr4OfInstance, pcr8OfCertificate } from './eif/pcr.ts'
export type {
  Comid,
  CorimContent,
  CorimDigest,
  CorimEntity,
  CorimEnvironment,
  CorimKey,
  CorimMeasurement,
  CorimPeriod,
  CorimReference,
} from './corim/corim.ts'
export type { CorimEntry } from './corim/items.ts'
export type { CorimMeta } from './corim/envelope.ts'
export {
  decodeCorim,
  type DecodeCorimOptions,
  type DecodedCorim,
  openCorim,
  type OpenCorimOptions,
  type OpenedCorim,
} from './corim/file.ts'
export {
  type ArmEndorsements,
  type ArmPlatformReferenceValues,
  type ArmPsaReferenceValues,
  type ArmRealmReferenceValues,
  type ArmSoftwareComponent,
  type ArmTrustAnchor,
  dangerouslyAllowUnsigned,
  openArmEndorsements,
  type OpenArmEndorsementsOptions,
} from './corim/arm.ts'
export type { ReferenceEnvironment, ReferenceValuesOf } from './corim/environments.ts'
export type { SignedComponent, SignedDevice, SignedRealm } from './corim/environments/arm.ts'
export type { AwsReferenceValues, SignedReferenceValue } from './corim/environments/aws.ts'
export { type SignableReferenceValues, signReferenceValues, type SignReferenceValuesOptions } from './corim/sign.ts'
export { openReferenceValues, type OpenReferenceValuesOptions, type SignedReferenceValues } from './corim/signed.ts'
