import type { Sniff } from '../family.ts'

export const sniff: Sniff = {
  formats: { tdx: 'Intel TDX quote', sgx: 'Intel SGX quote' },
  vendor: 'Intel',
  files: [
    { field: 'collateral', looksLike: (head) => /^\s*\{\s*"(?:tcbInfo|qeIdentity|pckC|rootCaCrl)/.test(head) },
    // dstack's log, and that of firmware: its first event names the specification that it follows.
    {
      field: 'log',
      looksLike: (head) =>
        /^\s*\[\s*\{[^]*"imr"|^\s*\{\s*"event_log"/.test(head) || head.slice(0, 64).includes('Spec ID Event03'),
    },
    { field: 'reference', looksLike: (head) => /^[\s[]*\{\s*"(?:mr[A-Z]\w+|rtmr\d)"/.test(head) },
  ],
}
