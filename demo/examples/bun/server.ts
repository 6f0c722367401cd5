// A server on Bun in front of an enclave: whatever it is asked, it verifies first, with a nonce of its own.
import { AttestationError, verifyNitro } from 'veritee/nitro'
import { policy } from './policy.ts'

async function answer(): Promise<Response> {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const response = await fetch(`${Bun.env.ENCLAVE}/attestation?nonce=${hex}`)
  const evidence = new Uint8Array(await response.arrayBuffer())
  try {
    const { claims } = await verifyNitro(evidence, { ...policy, freshness: { nonce } })
    // Only now send anything on, encrypted to the publicKey of the result.
    return Response.json({ verified: claims.moduleId })
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return Response.json({ refused: error.code, why: error.message }, { status: 502 })
  }
}

const { url } = Bun.serve({ hostname: '127.0.0.1', port: Number(Bun.env.PORT ?? 8000), fetch: answer })
console.log(`Listening on ${url}`)
