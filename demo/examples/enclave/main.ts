// The enclave: the app behind its gateway, with evidence from the Nitro Security Module.
import { createGateway } from 'veritee/gateway'
import { app } from './app.ts'
import { attest } from './attest.ts'

const gateway = createGateway({
  // What clients call it; the parent instance passes their connections on.
  origins: Deno.env.get('ORIGIN') ?? 'https://enclave.example',
  allowOrigins: '*',
  attest,
  handler: app,
  onError: (error) => console.error(error),
})
Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.env.get('PORT') ?? 8000) }, gateway)
