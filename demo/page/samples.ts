/**
 * The samples: fixtures of this repository, one per interesting failure, in groups. What each is
 * asked stands beside it in `fixtures`.
 */
import type { EvidenceFormat } from '../../src/index.ts'

export interface Sample {
  /** It is in addresses. All but those of Nitro begin with their format; see {@link folderOf}. */
  readonly name: string
  readonly title: string
}

export interface SampleGroup {
  readonly title: string
  readonly format: EvidenceFormat
  readonly samples: readonly Sample[]
}

export const sampleGroups: readonly SampleGroup[] = [
  {
    title: 'Sound',
    format: 'nitro',
    samples: [
      { name: 'valid', title: 'A sound enclave' },
      { name: 'valid-bound', title: 'Bound to a key and to data' },
      { name: 'valid-any-of-two', title: 'One of two builds' },
    ],
  },
  {
    title: 'Genuine, but not what you expect',
    format: 'nitro',
    samples: [
      { name: 'wrong-pcr', title: 'Other code' },
      { name: 'debug', title: 'Debug mode' },
      { name: 'replayed-nonce', title: 'A replay' },
      { name: 'too-old', title: 'Too old' },
      { name: 'wrong-user-data', title: 'Other user data' },
      { name: 'tpm-for-enclave', title: 'An instance, no enclave' },
    ],
  },
  {
    title: 'Out of date',
    format: 'nitro',
    samples: [
      { name: 'expired-leaf', title: 'Expired certificate' },
      { name: 'drifting-clock', title: 'Drifting clock' },
      { name: 'clock-ten-years-off', title: 'Your clock is wrong' },
    ],
  },
  {
    title: 'Forged or malformed',
    format: 'nitro',
    samples: [
      { name: 'tampered-payload', title: 'One bit changed' },
      { name: 'swapped-key', title: 'Signed by another key' },
      { name: 'stranger-issued-leaf', title: 'Certificate from a stranger' },
      { name: 'wrong-root-same-name', title: 'Look-alike root' },
      { name: 'leaf-is-ca', title: 'Leaf that may issue' },
      { name: 'duplicate-pcr', title: 'A register twice' },
      { name: 'trailing-byte', title: 'One byte too many' },
    ],
  },
  {
    title: 'Intel TDX',
    format: 'tdx',
    samples: [
      { name: 'tdx-valid', title: 'A sound trust domain' },
      { name: 'tdx-valid-events', title: 'With its event log' },
      { name: 'tdx-out-of-date', title: 'Updates are missing' },
      { name: 'tdx-debug', title: 'A trust domain in debug mode' },
      { name: 'tdx-tampered-quote', title: 'A quote with one bit changed' },
    ],
  },
  {
    title: 'Intel SGX',
    format: 'sgx',
    samples: [
      { name: 'sgx-valid', title: 'A sound SGX enclave' },
      { name: 'sgx-hardening-needed', title: 'Its software must be hardened' },
      { name: 'sgx-valid-hardening-accepted', title: 'The same, accepted' },
    ],
  },
  {
    title: 'AMD SEV-SNP',
    format: 'sev-snp',
    samples: [
      { name: 'sev-snp-valid', title: 'A sound guest' },
      { name: 'sev-snp-below-minimum-tcb', title: 'Below the minimum' },
      { name: 'sev-snp-milan', title: 'A processor whose owner can forge' },
      { name: 'sev-snp-debug', title: 'A guest in debug mode' },
      { name: 'sev-snp-another-chip', title: 'The key of another chip' },
      { name: 'sev-snp-tampered-report', title: 'A report with one field changed' },
    ],
  },
]

/** With the format that its name begins with. */
export const samples: readonly (Sample & { readonly format: EvidenceFormat })[] = sampleGroups.flatMap((group) =>
  group.samples.map((sample) => ({ ...sample, format: group.format })),
)

/** Where a sample is in `fixtures`: `tdx-valid` in `tdx/valid`. */
export const folderOf = ({ name, format }: { readonly name: string; readonly format: EvidenceFormat }): string =>
  `${format}/${name.startsWith(`${format}-`) ? name.slice(format.length + 1) : name}`
