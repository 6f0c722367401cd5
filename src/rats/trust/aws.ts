/**
 * Trust in enclaves and instances on AWS.
 */
import { comparedIn, hasPassed, only, type Rows, vectorOf } from './attester.ts'

export const aws: Rows = {
  nitro(result) {
    const { nonce, debug } = result.claims as { readonly nonce?: Uint8Array; readonly debug: boolean }
    const compared = comparedIn(result, 'policy-pcr')
    // PCR0 to PCR2 measure the image; PCR3, PCR4 and PCR8 say whose it is, and where it runs.
    const isAppraised = compared.some((register) => /^PCR[012]$/.test(register))
    const vector = vectorOf({
      hardware: 2,
      executables: only(isAppraised, 3),
      configuration: only(
        compared.some((register) => /^PCR[348]$/.test(register)),
        2,
      ),
      'runtime-opaque': debug ? 96 : 2,
    })
    return [
      {
        key: 'nitro',
        label: 'nitro',
        isAppraised,
        vector,
        nonce: hasPassed(result, 'policy-nonce') ? nonce : undefined,
      },
    ]
  },
  'nitro-tpm'(result) {
    const { nonce } = result.claims as { readonly nonce?: Uint8Array }
    const compared = comparedIn(result, 'policy-pcr')
    const isAppraised = compared.length > 0
    // Measured boot, and no enclave: nothing is hidden from the instance's operator.
    const vector = vectorOf({ hardware: 2, executables: only(isAppraised, 3) })
    return [
      {
        key: 'nitro-tpm',
        label: 'nitro-tpm',
        isAppraised,
        vector,
        nonce: hasPassed(result, 'policy-nonce') ? nonce : undefined,
      },
    ]
  },
}
