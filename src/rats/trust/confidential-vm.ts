/**
 * What confidential machines and enclaves of AMD and Intel have in common: a report with 64 bytes
 * of report data, and a platform in some state.
 */
import type { AttestationResult } from '../../core/result.ts'
import { type Attester, hasPassed, only, vectorOf } from './attester.ts'

/** @param seen what the format says of its platform */
export function machineOf(
  result: AttestationResult,
  seen: {
    readonly label: string
    /** Whether the platform is in the best state that its vendor knows. */
    readonly isUpToDate: boolean
    /** Of code that was compared: 2 where all that will ever run is measured, else 3. */
    readonly executables: number
    readonly isConfigured: boolean
  },
): Attester {
  const { debug, reportData } = result.claims as { readonly debug: boolean; readonly reportData: Uint8Array }
  const isAppraised = hasPassed(result, 'policy-measurements')
  // Accepted by name: an agent that moves the guest can read it.
  const isMigratable = result.checks.some(({ id, actual }) => id === 'policy-migration' && actual === 'on')
  return {
    key: result.format,
    label: seen.label,
    isAppraised,
    vector: vectorOf({
      hardware: seen.isUpToDate ? 2 : 32,
      executables: only(isAppraised, seen.executables),
      configuration: only(seen.isConfigured, 2),
      'runtime-opaque': debug ? 96 : isMigratable ? 32 : 2,
    }),
    nonce: hasPassed(result, 'policy-report-data') ? reportData : undefined,
  }
}
