/**
 * The worker of the gate: requests to the enclave go over an attested session, or are refused.
 */
import { attestedFetch } from '../../src/client/index.ts'
import { gateRequests, type GateScope } from '../../src/gate/index.ts'
import { gatedPolicy, gatedUntil } from './gated-policy.ts'
import { optionsFor } from './verifying.ts'
import { type Crossing, recorded } from './wire.ts'

const folder = location.pathname.split('/').at(-2) ?? ''
const attack = folder === 'gated' ? 'none' : folder
const enclave = `http://${location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${location.port}`
const crossings: Crossing[] = []
const channel = new BroadcastChannel('veritee-wire')

gateRequests(self as unknown as GateScope, {
  ...gatedPolicy,
  origin: enclave,
  expiresAt: new Date(gatedUntil),
  send: attestedFetch(enclave, {
    ...optionsFor(attack),
    fetch: recorded(crossings, () => {
      channel.postMessage(crossings)
    }),
  }),
})
