import { AttestationError, type NitroResult, verifyNitro } from 'veritee/nitro'
import { policy } from './policy.ts'

const verdict = document.querySelector('#verdict') as HTMLElement
const send = document.querySelector('#send') as HTMLButtonElement

async function attest(): Promise<NitroResult> {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const response = await fetch(`/attestation?nonce=${hex}`, { cache: 'no-store', redirect: 'error' })
  const evidence = new Uint8Array(await response.arrayBuffer())
  return verifyNitro(evidence, { ...policy, freshness: { nonce } })
}

try {
  const { claims } = await attest()
  verdict.textContent = `Verified: ${claims.moduleId}`
  // Only now is there anything to press. What it sends goes out encrypted to the publicKey of the result.
  send.disabled = false
} catch (error) {
  const code = error instanceof AttestationError ? error.code : 'error'
  verdict.textContent = `Refused (${code}): ${String(error)}`
}
