/**
 * The worker of the gate: requests to the enclave go over an attested session, or are refused.
 */
import { attestedFetch } from '../../src/client/index.ts'
import { gateRequests, type GateScope } from '../../src/gate/index.ts'
import { reachMachine } from '../reach/index.ts'
import { gatedPolicy, gatedUntil } from './gated-policy.ts'
import { optionsFor } from './verifying.ts'
import { type Crossing, recorded } from './wire.ts'

const scope = self as unknown as GateScope & { readonly registration: { readonly scope: string } }
/** One script for all folders: the scope says whose worker this is. */
const folder = scope.registration.scope.split('/').at(-2) ?? ''
const attack = folder === 'gated' ? 'none' : folder
// With a server, the enclave is another origin of this machine.
const other = `http://${location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${location.port}`
const machine = reachMachine('../../', other)
const crossings: Crossing[] = []
const channel = new BroadcastChannel('veritee-wire')

gateRequests(scope, {
  ...gatedPolicy,
  origin: machine.origin,
  expiresAt: new Date(gatedUntil),
  send: attestedFetch(machine.origin, {
    ...optionsFor(attack),
    fetch: recorded(machine.fetch, crossings, () => {
      channel.postMessage(crossings)
    }),
  }),
})
