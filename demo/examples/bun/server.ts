// A server on Bun in front of an enclave: what it is given, it passes on only after verifying who
// gets it, with a nonce of its own.
import { AttestationError, verifyNitro } from 'veritee/nitro'
import { policy } from './policy.ts'

const enclave = Bun.env.ENCLAVE

async function pass(request: Request): Promise<Response> {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const response = await fetch(`${enclave}/attestation?nonce=${hex}`)
  const evidence = new Uint8Array(await response.arrayBuffer())
  try {
    const { publicKey } = await verifyNitro(evidence, { ...policy, freshness: { nonce } })
    if (publicKey === undefined) throw new Error('the enclave has no key to encrypt to')

    // Only now, and for the enclave alone. RSA-OAEP carries 190 bytes under a key of 2048 bits; for
    // more, let it carry an AES key.
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('spki', new Uint8Array(publicKey), algorithm, false, ['encrypt'])
    const body = await crypto.subtle.encrypt(algorithm, key, await request.arrayBuffer())
    return await fetch(`${enclave}/message`, { method: 'POST', body })
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error
    return Response.json({ refused: error.code, why: error.message }, { status: 502 })
  }
}

const { url } = Bun.serve({ hostname: '127.0.0.1', port: Number(Bun.env.PORT ?? 8000), fetch: pass })
console.log(`Listening on ${url}`)
