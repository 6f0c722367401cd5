import { AttestationError, verifyNitro } from 'veritee/nitro'
import { policy } from './policy.ts'

const form = document.querySelector('form') as HTMLFormElement
const verdict = document.querySelector('[role=status]') as HTMLElement

/** Rejects before a byte of the secret has left, unless what answers is the expected enclave. */
async function send(secret: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const response = await fetch(`/attestation?nonce=${hex}`, { cache: 'no-store', redirect: 'error' })
  const evidence = new Uint8Array(await response.arrayBuffer())
  const { claims, publicKey } = await verifyNitro(evidence, { ...policy, freshness: { nonce } })
  if (publicKey === undefined) throw new Error('the enclave has no key to encrypt to')

  // Only now, and for the enclave alone. RSA-OAEP carries 190 bytes under a key of 2048 bits; for
  // more, let it carry an AES key.
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('spki', new Uint8Array(publicKey), algorithm, false, ['encrypt'])
  const body = await crypto.subtle.encrypt(algorithm, key, new TextEncoder().encode(secret))
  const { ok, status } = await fetch('/message', { method: 'POST', body })
  if (!ok) throw new Error(`the enclave answered ${status}`)
  return claims.moduleId
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  send(String(new FormData(form).get('secret'))).then(
    (enclave) => (verdict.textContent = `Sent to ${enclave}`),
    (error: unknown) => {
      const isRefusal = error instanceof AttestationError
      verdict.textContent = isRefusal
        ? `Nothing was sent (${error.code}): ${error.message}`
        : `Failed: ${String(error)}`
    },
  )
})
