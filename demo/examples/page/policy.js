/** Where the enclave answers, and what must run in it: what `nitro-cli build-enclave` printed for your release. */
globalThis.enclave = { origin: 'https://enclave.example', options: {} }
globalThis.policy = {
  referenceValues: { PCR0: 'PUT THE 96 HEXADECIMAL DIGITS OF YOUR RELEASE HERE' },
}
