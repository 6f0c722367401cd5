/**
 * `veritee/nitro-tpm`: AWS EC2 instances with NitroTPM.
 */
export { decodeNitroTpmEvidence, type NitroTpmClaims, type NitroTpmEvidence } from './evidence.ts'
export type { NitroTpmOptions, NitroTpmReferenceValues } from './options.ts'
export { type NitroTpmResult, verifyNitroTpm } from './verify.ts'
export * from '../common.ts'
