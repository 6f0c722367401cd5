import { type BadgeElement, defineBadge } from 'veritee/badge'
import { AttestationError, attestedFetch } from 'veritee/client'
import { verifyNitro } from 'veritee/nitro'
import { enclave, policy } from './policy.ts'

const form = document.querySelector('form') as HTMLFormElement
const verdict = document.querySelector('[role=status]') as HTMLElement
const badge = document.querySelector('veritee-badge') as HTMLElement & BadgeElement

/** Rejects before a byte of a request has left, unless what answers is the expected enclave. */
const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  verify(evidence, { nonce }) {
    badge.evidence = evidence
    return verifyNitro(evidence, { ...policy, freshness: { nonce } })
  },
})

defineBadge()
badge.client = send

async function submit(secret: string): Promise<string> {
  try {
    const response = await send('/message', { method: 'POST', body: secret })
    if (!response.ok) throw new Error(`the enclave answered ${response.status}`)
    return `Sent to ${(send.result?.claims as { moduleId: string }).moduleId}`
  } catch (error) {
    if (error instanceof AttestationError) return `Nothing was sent (${error.code}): ${error.message}`
    return `Failed: ${String(error)}`
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  verdict.textContent = await submit(String(new FormData(form).get('secret')))
})
