import type { Sniff } from '../family.ts'

export const sniff: Sniff = {
  formats: { 'sev-snp': 'AMD SEV-SNP report' },
  vendor: 'AMD',
  files: [
    { field: 'collateral', looksLike: (head) => /^\s*\{\s*"(?:vek|certificateChain|crl)"/.test(head) },
    { field: 'reference', looksLike: (head) => /^[\s[]*\{\s*"measurement"/.test(head) },
  ],
}
