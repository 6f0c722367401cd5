/**
 * The samples: fixtures of this repository, one per interesting failure, in groups. What each is asked stands beside it in `fixtures/nitro`.
 */
export interface Sample {
  /** The folder in `fixtures/nitro`. */
  readonly name: string
  readonly title: string
}

export interface SampleGroup {
  readonly title: string
  readonly samples: readonly Sample[]
}

export const sampleGroups: readonly SampleGroup[] = [
  {
    title: 'Sound',
    samples: [
      { name: 'valid', title: 'A sound enclave' },
      { name: 'valid-bound', title: 'Bound to a key and to data' },
      { name: 'valid-any-of-two', title: 'One of two builds' },
    ],
  },
  {
    title: 'Genuine, but not what you expect',
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
    samples: [
      { name: 'expired-leaf', title: 'Expired certificate' },
      { name: 'drifting-clock', title: 'Drifting clock' },
      { name: 'clock-ten-years-off', title: 'Your clock is wrong' },
    ],
  },
  {
    title: 'Forged or malformed',
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
]

export const samples: readonly Sample[] = sampleGroups.flatMap((group) => group.samples)
