/**
 * Trust in trust domains and enclaves on Intel's processors.
 */
import type { AttestationResult } from '../../core/result.ts'
import { hasPassed, type Rows } from './attester.ts'
import { machineOf } from './confidential-vm.ts'

export const intel: Rows = {
  // Attributes are part of the reference values.
  tdx: (result) => [
    machineOf(result, {
      label: 'cvm',
      isUpToDate: isUpToDate(result),
      executables: 3,
      isConfigured: hasPassed(result, 'policy-measurements'),
    }),
  ],
  sgx: (result) => [
    machineOf(result, {
      label: 'enclave',
      isUpToDate: isUpToDate(result),
      executables: 2,
      isConfigured: hasPassed(result, 'policy-measurements'),
    }),
  ],
}

/** At launch and now, where the quote says both. */
function isUpToDate({ claims }: AttestationResult): boolean {
  const { tcbStatus, currentTcbStatus = tcbStatus } = claims as { tcbStatus: string; currentTcbStatus?: string }
  return tcbStatus === 'UpToDate' && currentTcbStatus === 'UpToDate'
}
