/**
 * `veritee/gate`: a gate in a page's service worker.
 */
export { type GateEvent, type GateRegistration, gateRequests, type GateScope, installGate } from './gate.ts'
