/**
 * A worker whose policy the server writes before it. It has no enclave: what it is asked for is
 * refused.
 */
import { attestedFetch } from '../../../../src/client/index.ts'
import { type GateScope, gateRequests } from '../../../../src/gate/index.ts'

declare const policy: { readonly version: number; readonly expiresAt: string; readonly isBroken: boolean }

const origin = 'https://enclave.example'
gateRequests(self as unknown as GateScope, {
  name: 'https://payments-3f9c.invalid',
  origin,
  send: attestedFetch(origin, { verify: () => Promise.reject(new Error('there is no enclave')) }),
  policyVersion: policy.version,
  expiresAt: new Date(policy.expiresAt),
})
if (policy.isBroken)
  addEventListener('install', (event) => {
    ;(event as Event & { waitUntil(work: Promise<unknown>): void }).waitUntil(Promise.reject(new Error('broken')))
  })
