/**
 * `veritee/tdx/events`: event logs of trust domains, for reference values that are given as events.
 */
export { appraiseEventLog, type RtmrReferenceValues, rtmrReferenceValues } from './appraise-events.ts'
export { type ReplayedEventLog, replayEventLog } from './event-log.ts'
export {
  allowOtherEvents,
  type EventExpectations,
  type ExpectedDstackEvents,
  type ExpectedEvent,
  type ExpectedRegister,
} from './expected-events.ts'
export type { MeasuredEvent, RtmrIndex } from './measured-event.ts'
