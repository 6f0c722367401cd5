/**
 * `veritee/nitro`: AWS Nitro Enclaves.
 */
export { decodeNitroEvidence, type NitroClaims, type NitroEvidence } from './evidence.ts'
export { allowSignedImages, type NitroOptions, type NitroReferenceValues } from './options.ts'
export { type NitroResult, verifyNitro } from './verify.ts'
export { allowDebug } from '../../options.ts'
export * from '../common.ts'
export { warmUp } from '../../../crypto/warm-up.ts'
