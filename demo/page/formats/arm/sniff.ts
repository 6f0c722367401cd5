import type { Sniff } from '../family.ts'

export const sniff: Sniff = {
  formats: { cca: 'Arm CCA token', psa: 'PSA token' },
  vendor: 'any maker',
  files: [
    {
      field: 'anchors',
      looksLike: (head) => /^[\s[]*\{\s*"(?:implementation-?[iI]d|instance-?[iI]d|pkey)"/.test(head),
    },
    { field: 'firmware', looksLike: (head) => /^[\s[]*\{\s*"(?:softwareComponents|config)"/.test(head) },
    { field: 'reference', looksLike: (head) => /^[\s[]*\{\s*"(?:rim|rems|personalizationValue)"/.test(head) },
  ],
}
