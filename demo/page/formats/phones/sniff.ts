import type { Sniff } from '../family.ts'

export const sniff: Sniff = {
  formats: { 'android-key': 'Android key attestation', 'app-attest': 'Apple App Attest attestation' },
  vendor: { 'android-key': 'Google', 'app-attest': 'Apple' },
  files: [
    { field: 'collateral', looksLike: (head) => /^\s*\{\s*"entries"/.test(head) },
    { field: 'reference', looksLike: (head) => /^[\s[]*\{\s*"(?:packageName|appId)"/.test(head) },
  ],
}
