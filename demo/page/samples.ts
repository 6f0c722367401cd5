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
      { name: 'valid-tpm', title: 'A sound instance' },
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
  {
    title: 'Arm CCA',
    format: 'cca',
    samples: [
      { name: 'cca-valid', title: 'A sound realm' },
      { name: 'cca-other-rim', title: 'Another realm' },
      { name: 'cca-other-firmware', title: 'Other firmware below' },
      { name: 'cca-debug', title: 'A platform open for debugging' },
      { name: 'cca-other-binding', title: 'A realm that the platform does not know' },
      { name: 'cca-flipped-signature', title: 'One bit of a signature changed' },
    ],
  },
  {
    title: 'PSA',
    format: 'psa',
    samples: [
      { name: 'psa-valid', title: 'A sound device' },
      { name: 'psa-valid-mac', title: 'With a MAC, by a shared secret' },
      { name: 'psa-other-firmware', title: 'Other firmware' },
      { name: 'psa-other-nonce', title: 'A replay of a token' },
      { name: 'psa-mac-for-public-key', title: 'A public key as a secret' },
    ],
  },
  {
    title: 'Android',
    format: 'android-key',
    samples: [
      { name: 'android-key-valid', title: 'A locked phone' },
      { name: 'android-key-valid-strongbox', title: 'In a chip of its own' },
      { name: 'android-key-unlocked', title: 'An unlocked phone' },
      { name: 'android-key-software', title: 'A key in software' },
      { name: 'android-key-other-application', title: 'Another application' },
      { name: 'android-key-revoked', title: 'A key that has leaked' },
    ],
  },
  {
    title: 'Apple App Attest',
    format: 'app-attest',
    samples: [
      { name: 'app-attest-valid', title: 'A sound iPhone' },
      { name: 'app-attest-development', title: 'An application in development' },
      { name: 'app-attest-other-client-data', title: 'For other client data' },
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
