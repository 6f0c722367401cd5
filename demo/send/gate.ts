/**
 * The worker of the gate: requests to the enclave go over an attested session, or fail.
 */
import { attestedFetch } from '../../src/client/index.ts'
import { gateRequests, type GateScope } from '../../src/gate/index.ts'
import { optionsFor } from './verifying.ts'
import { type Crossing, recorded } from './wire.ts'

const attack = location.pathname.split('/').at(-2) ?? ''
const enclave = `http://${location.hostname === 'localhost' ? '127.0.0.1' : 'localhost'}:${location.port}`
const crossings: Crossing[] = []
const channel = new BroadcastChannel('veritee-wire')

gateRequests(
  self as unknown as GateScope,
  enclave,
  attestedFetch(enclave, {
    ...optionsFor(attack),
    fetch: recorded(crossings, () => {
      channel.postMessage(crossings)
    }),
  }),
)
