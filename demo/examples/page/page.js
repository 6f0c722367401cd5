const verdict = document.querySelector('#verdict')

async function attest() {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const response = await fetch(`attestation?nonce=${hex}`, { cache: 'no-store', redirect: 'error' })
  const evidence = new Uint8Array(await response.arrayBuffer())
  return veritee.verifyNitro(evidence, { ...policy, freshness: { nonce } })
}

attest().then(
  ({ claims }) => {
    verdict.textContent = `Verified: ${claims.moduleId}`
    // Only now is there anything to press. What it sends goes out encrypted to the publicKey of the result.
    document.querySelector('#send').disabled = false
  },
  (error) => {
    verdict.textContent = `Refused (${error.code ?? error.name}): ${error.message}`
  },
)
