import { attestedFetch } from 'veritee/client'
import { verifyNitro } from 'veritee/nitro'
import { enclave, policy } from './policy.ts'

/** What the enclave answered last, for the badge: visitors save it, and verify it themselves. */
export const answered: { evidence?: Uint8Array } = {}

/** One client for the whole page: rejects before a byte of a request has left, unless what answers is the expected enclave. */
export const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  verify(evidence, { nonce }) {
    answered.evidence = evidence
    return verifyNitro(evidence, { ...policy, freshness: { nonce } })
  },
})
