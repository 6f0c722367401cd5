import { attestedFetch } from 'veritee/client'
import { verifyNitro } from 'veritee/nitro'
import { enclave, policy } from './policy.ts'

/** One client for the whole page: rejects before a byte of a request has left, unless what answers is the expected enclave. */
export const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  verify: (evidence, { nonce }) => verifyNitro(evidence, { ...policy, freshness: { nonce } }),
})
