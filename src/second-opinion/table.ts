/**
 * The formats of which there is a second opinion: one row each. Its code, and the libraries that it
 * needs, are loaded when a row is asked for it.
 */
import type { Opine } from './question.ts'

/** One row. */
export interface Row {
  /** As results name their format. */
  readonly format: string
  readonly load: () => Promise<{ readonly opine: Opine }>
}

/** Every row. */
export const rows = (): readonly Row[] => [
  { format: 'nitro', load: () => import('./formats/nitro.ts') },
  { format: 'nitro-tpm', load: () => import('./formats/nitro-tpm.ts') },
  { format: 'tdx', load: () => import('./formats/tdx.ts') },
  { format: 'sgx', load: () => import('./formats/sgx.ts') },
  { format: 'sev-snp', load: () => import('./formats/sev-snp.ts') },
  { format: 'cca', load: () => import('./formats/cca.ts') },
  { format: 'psa', load: () => import('./formats/psa.ts') },
]
