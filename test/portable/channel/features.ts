/**
 * What a runtime has, asked of the runtime itself.
 */
import { streamOf, utf8 } from './bytes.ts'
import type { Features } from './model.ts'

export async function findFeatures(): Promise<Features> {
  return { x25519: await hasX25519(), requestStreams: await hasRequestStreams() }
}

async function hasX25519(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])
    return true
  } catch {
    return false
  }
}

/**
 * Where streams are not known as bodies, one is taken for an object and becomes text, or there is
 * no `body`.
 */
async function hasRequestStreams(): Promise<boolean> {
  const init = { method: 'POST', body: streamOf([utf8('as it is')]), duplex: 'half' }
  try {
    const request = new Request('https://enclave.example/', init)
    return 'body' in Request.prototype && (await request.text()) === 'as it is'
  } catch {
    return false
  }
}
