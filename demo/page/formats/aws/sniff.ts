import type { Sniff } from '../family.ts'

export const sniff: Sniff = {
  formats: { nitro: 'AWS Nitro attestation document', 'nitro-tpm': 'AWS NitroTPM attestation document' },
  vendor: 'AWS',
  files: [
    // A COSE_Sign1 that says in its protected header that it carries a CoRIM. Tag 18 alone could be
    // a document as well.
    { field: 'corim', looksLike: (head) => head.startsWith('\xd2') && head.includes('application/rim+cbor') },
    { field: 'reference', looksLike: (head) => /^[\s[]*\{\s*"(?:Measurements|PCR\d+|name)"/.test(head) },
  ],
}
