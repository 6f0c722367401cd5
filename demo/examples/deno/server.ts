// A server on Deno in front of an enclave: what it is given, it passes on only after verifying who gets it. One client serves all requests.
import { AttestationError, attestedFetch } from 'veritee/client'
import { verifyNitro } from 'veritee/nitro'
import { enclave, policy } from './policy.ts'

const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  verify: (evidence, { nonce }) => verifyNitro(evidence, { ...policy, freshness: { nonce } }),
})

async function pass(request: Request): Promise<Response> {
  try {
    const { status, body } = await send('/message', { method: 'POST', body: await request.text() })
    return new Response(body, { status })
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return Response.json({ refused: error.code, why: error.message }, { status: 502 })
  }
}

Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.env.get('PORT') ?? 8000) }, pass)
