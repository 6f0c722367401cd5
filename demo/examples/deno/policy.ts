/** What must run in the enclave: what `nitro-cli build-enclave` printed for your release. */
export const policy = {
  referenceValues: { PCR0: 'PUT THE 96 HEXADECIMAL DIGITS OF YOUR RELEASE HERE' },
}
