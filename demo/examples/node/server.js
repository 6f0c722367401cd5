// A server on Node in front of an enclave, with Hono: what it is given, it passes on only after verifying who gets it. One client serves all requests.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { AttestationError, attestedFetch } from 'veritee/client'
import { verifyNitro } from 'veritee/nitro'
import { enclave, policy } from './policy.js'

const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  verify: (evidence, { nonce }) => verifyNitro(evidence, { ...policy, freshness: { nonce } }),
})

const app = new Hono()
app.post('/', async (context) => {
  const { status, body } = await send('/message', { method: 'POST', body: await context.req.text() })
  return new Response(body, { status })
})
app.onError((error, context) => {
  if (!(error instanceof AttestationError)) throw error
  return context.json({ refused: error.code, why: error.message }, 502)
})
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
