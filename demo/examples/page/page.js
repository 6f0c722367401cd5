const form = document.querySelector('form')
const verdict = document.querySelector('[role=status]')
const badge = document.querySelector('veritee-badge')

/** Rejects before a byte of a request has left, unless what answers is the expected enclave. */
const send = veritee.attestedFetch(enclave.origin, {
  ...enclave.options,
  verify(evidence, { nonce }) {
    badge.evidence = evidence
    return veritee.verifyNitro(evidence, { ...policy, freshness: { nonce } })
  },
  // Each script tag is a copy of the library: the client is told whose results to believe.
  isAttestationResult: veritee.isAttestationResult,
})

veritee.defineBadge()
badge.client = send

async function submit(secret) {
  try {
    const response = await send('/message', { method: 'POST', body: secret })
    if (!response.ok) throw new Error(`the enclave answered ${response.status}`)
    return `Sent to ${send.result.claims.moduleId}`
  } catch (error) {
    if (error instanceof veritee.AttestationError) return `Nothing was sent (${error.code}): ${error.message}`
    return `Failed: ${error.message}`
  }
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  verdict.textContent = await submit(new FormData(form).get('secret'))
})
