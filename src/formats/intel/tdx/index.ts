/**
 * `veritee/tdx`: Intel TDX.
 */
export { decodeTdxEvidence, type TdxClaims, type TdxEvidence } from './evidence.ts'
export { appraiseEventLog, type RtmrReferenceValues, rtmrReferenceValues } from './events/appraise-events.ts'
export { type ReplayedEventLog, replayEventLog } from './events/event-log.ts'
export {
  allowOtherEvents,
  type EventExpectations,
  type ExpectedDstackEvents,
  type ExpectedEvent,
  type ExpectedRegister,
} from './events/expected-events.ts'
export type { MeasuredEvent, RtmrIndex } from './events/measured-event.ts'
export { allowMigration, anyValue } from '../../../appraisal/expectations.ts'
export type { TdxOptions } from './options.ts'
export type { TdxReferenceValues, TdxRegister } from './reference-values.ts'
export { type TdxResult, verifyTdx } from './verify.ts'
export * from '../common.ts'
export type { TdxReport, TdxReportExtension } from '../quote/report.ts'
