// The enclave's end on a TDX machine: quotes from Linux, Intel's collateral from a cache of ours.
import { serve } from '@hono/node-server'
import { tsmSource } from 'veritee/attesters'
import { createGateway } from 'veritee/gateway'
import { createCollateral } from './collateral.js'
import { machine, service } from './machine.js'

const collateral = createCollateral(service)
const gateway = createGateway({
  origins: process.env.ORIGIN ?? 'https://enclave.example',
  attest: tsmSource({ ...machine, endorsements: ({ evidence }) => collateral.of(evidence) }),
  handler: async (request) => Response.json({ characters: (await request.text()).length }),
  onError: (error) => console.error(error),
})
serve({ fetch: gateway, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
