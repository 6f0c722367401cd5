// The enclave's end on Node, with Express: Express takes what is not sealed, health checks say, and hands the two paths of the gateway to it.
// getRequestListener of @hono/node-server turns a fetch handler into one for Express.
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { createGateway } from 'veritee/gateway'
import { attest } from './attest.js'

const gateway = createGateway({
  origins: process.env.ORIGIN ?? 'https://enclave.example',
  attest,
  handler: async (request) => Response.json({ characters: (await request.text()).length }),
  onError: (error) => console.error(error),
})

const app = express()
app.get('/health', (_, response) => void response.send('up'))
// Before anything that reads bodies, such as express.json().
app.use(getRequestListener(gateway))
app.listen(Number(process.env.PORT ?? 8000), '127.0.0.1')
