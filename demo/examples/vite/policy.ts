/** Where the enclave answers, and what must run in it: what `nitro-cli build-enclave` printed for your release. */
export const enclave = { origin: 'https://enclave.example', options: {} }
export const policy = {
  referenceValues: { PCR0: 'PUT THE 96 HEXADECIMAL DIGITS OF YOUR RELEASE HERE' },
}
