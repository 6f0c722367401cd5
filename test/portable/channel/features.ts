/**
 * What a runtime has, asked of the runtime itself.
 */
import { streamOf, utf8 } from './bytes.ts'
import type { Features } from './model.ts'

export async function findFeatures(): Promise<Features> {
  return { x25519: await hasX25519(), mlkem: await hasMlKem(), requestStreams: await hasRequestStreams() }
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
 * MLKEM768-X25519 as a whole, or all that it is made of: ML-KEM-768, X25519 and two hashes.
 */
async function hasMlKem(): Promise<boolean> {
  const usages = ['encapsulateBits', 'decapsulateBits'] as unknown as KeyUsage[]
  const has = (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      () => false,
    )
  const { subtle } = crypto
  if (await has(subtle.generateKey('MLKEM768-X25519', false, usages))) return true
  const parts = [
    subtle.generateKey('ML-KEM-768', false, usages),
    subtle.generateKey({ name: 'X25519' }, false, ['deriveBits']),
    subtle.digest('SHA3-256', utf8('a')),
    // Two names for one number: drafts differ.
    subtle.digest({ name: 'cSHAKE256', length: 256, outputLength: 256 } as Algorithm, utf8('a')),
  ]
  return (await Promise.all(parts.map(has))).every(Boolean)
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
