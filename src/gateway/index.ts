/**
 * `veritee/gateway`: the enclave's end of the attested channel.
 */
export { keyConfigDigest, reportDataOf, type ReportDataParts, type Role } from '../channel/binding.ts'
export { AttestationError, VerificationError } from '../core/errors.ts'
export type { AttestationErrorCode } from '../core/codes.ts'
export type { Clock } from './clock.ts'
export { createGateway, type Gateway } from './gateway.ts'
export type { GatewayLimits } from './limits.ts'
export type {
  Attest,
  Attestation,
  AttestRequest,
  ClientEvidence,
  GatewayKeyOptions,
  GatewayOptions,
  Handler,
  HandlerContext,
  VerifyClient,
} from './options.ts'
export type { GatewayMeter, GatewaySpan, GatewayTracer, SpanContext, SpanParent } from './telemetry.ts'
