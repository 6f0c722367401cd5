/**
 * What every runtime is given to run: it asks the enclave, and says what came of it under the
 * enclave's own measurements and under others.
 */
import type { Enclave } from './enclave.ts'

/**
 * A module that imports the library from `specifier` and exports `use()`, which resolves to
 * {@link seen}.
 */
export const programFor = (specifier: string, { address, measurements, root }: Enclave): string => `
import { AttestationError, verifyNitro } from '${specifier}'
const trustAnchors = [Uint8Array.from('${root}'.match(/../g), (pair) => parseInt(pair, 16))]
async function ask(referenceValues) {
  const nonce = crypto.getRandomValues(new Uint8Array(32))
  const hex = Array.from(nonce, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const evidence = new Uint8Array(await (await fetch('${address}/attestation?nonce=' + hex)).arrayBuffer())
  try {
    return (await verifyNitro(evidence, { referenceValues, freshness: { nonce }, trustAnchors })).format
  } catch (error) {
    return error instanceof AttestationError ? error.code : String(error)
  }
}
export const use = async () => [await ask(${JSON.stringify(measurements)}), await ask({ PCR0: '${'ab'.repeat(48)}' })]
`

export const seen: readonly string[] = ['nitro', 'policy-pcr']
