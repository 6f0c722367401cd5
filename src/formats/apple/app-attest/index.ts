/**
 * `veritee/app-attest`: keys of applications on Apple's devices.
 */
export * from '../../common.ts'
export { allowDebug } from '../../options.ts'
export {
  type AppAttestClaims,
  type AppAttestEnvironment,
  type AppAttestEvidence,
  decodeAppAttestEvidence,
} from './evidence.ts'
export type { AppAttestAssertionOptions, AppAttestOptions, AppAttestReferenceValues } from './options.ts'
export {
  type AppAttestAssertionResult,
  type AppAttestResult,
  verifyAppAttest,
  verifyAppAttestAssertion,
} from './verify.ts'
