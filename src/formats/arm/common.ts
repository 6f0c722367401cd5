/**
 * What the entry points of Arm's tokens export beside their verifiers.
 */
export { skipFreshness } from '../../appraisal/freshness.ts'
export { anyValue, type Hex } from '../../appraisal/expectations.ts'
export type { Matched } from '../../appraisal/reference-values.ts'
export * from '../common.ts'
export type { AnchorIds, KeyAnchor, PublicJwk } from './anchors.ts'
export type { HashName } from './claims.ts'
export type { MeasuredComponent, SoftwareComponent } from './components.ts'
export type { AcceptableLifecycle, Lifecycle, LifecycleState } from './lifecycle.ts'
export type { TokenFreshness, TokenOptions } from './options.ts'
export type { ReferenceBasics } from './reference-values.ts'
export { dangerouslyAllowTestKeys } from './test-keys.ts'
