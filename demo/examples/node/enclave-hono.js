// The enclave's end on Node, with Hono: the app is a fetch handler, and so is the gateway around it. @hono/node-server serves both.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createGateway } from 'veritee/gateway'
import { attest } from './attest.js'

const app = new Hono()
app.post('/message', async (context) => context.json({ characters: (await context.req.text()).length }))

const gateway = createGateway({
  origins: process.env.ORIGIN ?? 'https://enclave.example',
  attest,
  handler: (request) => app.fetch(request),
  onError: (error) => console.error(error),
})
serve({ fetch: gateway, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
