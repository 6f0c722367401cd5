/**
 * `veritee/gate`: a gate in a service worker. A page's ordinary requests to a name that exists
 * nowhere go to the enclave over an attested session, or not at all.
 */
export { VerificationError } from '../core/errors.ts'
export { type GateRefusal, gateRefusalOf, type GateNews } from './answer.ts'
export { type GateRegistration, installGate, type TrustedAddress } from './install.ts'
export { watchGate } from './watch.ts'
export { type GateListener, type GateOptions, type GateRequestEvent, gateRequests, type GateScope } from './worker.ts'
