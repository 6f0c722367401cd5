/**
 * Trust in guests on AMD SEV-SNP.
 */
import { hasPassed, type Rows } from './attester.ts'
import { machineOf } from './confidential-vm.ts'

export const amd: Rows = {
  'sev-snp'(result) {
    const { advisories } = result.claims as { readonly advisories: readonly string[] }
    return [
      machineOf(result, {
        label: 'cvm',
        // What AMD's bulletins say of this platform, as far as this version knows them.
        isUpToDate: advisories.length === 0,
        executables: 3,
        isConfigured: hasPassed(result, 'policy-guest-policy'),
      }),
    ]
  },
}
