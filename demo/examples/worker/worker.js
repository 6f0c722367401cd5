// A Cloudflare Worker in front of an enclave: what it is given, it passes on only after verifying who gets it. One client serves all requests: the
// enclave is asked once, not for each of them.
import { AttestationError, attestedFetch } from 'veritee/client'
import { verifyNitro } from 'veritee/nitro'
import { enclave, policy } from './policy.js'

const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  verify: (evidence, { nonce }) => verifyNitro(evidence, { ...policy, freshness: { nonce } }),
})

export default {
  async fetch(request) {
    try {
      const { status, body } = await send('/message', { method: 'POST', body: await request.text() })
      return new Response(body, { status })
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error
      return Response.json({ refused: error.code, why: error.message }, { status: 502 })
    }
  },
}
