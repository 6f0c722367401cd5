/**
 * Evidence of every format that has a second opinion, on the command line, for the two tests of
 * `--second-opinion`. Of each, where a byte of a signature is.
 */
import { readFileSync } from 'node:fs'
import { repository, then } from './run.ts'

export interface Asked {
  readonly format: string
  /** Below `fixtures`. */
  readonly path: string
  readonly args: readonly string[]
  /** A byte of a signature whose reader takes any. */
  readonly signed: (evidence: Uint8Array) => number
}

const any = ['--skip-reference-values', '--skip-freshness']
const last = ({ length }: Uint8Array): number => length - 1
/** A certificate ends with its signature. */
const certificateAt = (at: number, evidence: Uint8Array): number =>
  at + 3 + ((evidence[at + 2] ?? 0) << 8) + (evidence[at + 3] ?? 0)
const header = 48

const rows: readonly Asked[] = [
  { format: 'nitro', path: 'nitro/valid', args: ['--root', 'fixtures/nitro/root.pem', ...any], signed: last },
  { format: 'nitro-tpm', path: 'nitro/valid-tpm', args: ['--root', 'fixtures/nitro/root.pem', ...any], signed: last },
  ...(['tdx', 'sgx'] as const).map((format) => ({
    format,
    path: `${format}/valid`,
    args: [
      ...['--root', `fixtures/${format}/root.pem`, '--collateral', `fixtures/${format}/valid/endorsements.json`],
      ...['--skip-reference-values', '--skip-report-data'],
    ],
    signed: () => header + { tdx: 584, sgx: 384 }[format] + 4 + 8,
  })),
  {
    format: 'sev-snp',
    path: 'sev-snp/valid',
    args: [
      ...['--root', 'fixtures/sev-snp/ark-genoa.pem', '--endorsements', 'fixtures/sev-snp/valid/endorsements.json'],
      ...['--skip-reference-values', '--skip-report-data'],
    ],
    signed: () => 0x2a0,
  },
  {
    format: 'cca',
    path: 'cca/valid',
    args: ['--anchor', 'fixtures/cca/anchors.json', '--skip-firmware', ...any],
    signed: last,
  },
  { format: 'psa', path: 'psa/valid', args: ['--anchor', 'fixtures/psa/anchors.json', ...any], signed: last },
  {
    format: 'android-key',
    path: 'android-key/valid',
    args: ['--root', 'fixtures/android-key/root.pem', '--skip-revocation', ...any],
    signed: (evidence) => certificateAt(0, evidence),
  },
  {
    format: 'app-attest',
    path: 'app-attest/valid',
    args: [
      ...['--root', 'fixtures/app-attest/root.pem', '--skip-reference-values', '--client-data'],
      (
        JSON.parse(readFileSync(`${repository}fixtures/app-attest/valid/expected.json`, 'utf8')) as Record<
          string,
          string
        >
      ).clientData ?? '',
    ],
    // The first of `x5c`, behind its name and the heads of a list and of a byte string.
    signed: (evidence) => certificateAt(Buffer.from(evidence).indexOf('x5c') + 3 + 1 + 3, evidence),
  },
]

export const formats: readonly Asked[] = rows.map((row) => ({
  ...row,
  args: ['--format', row.format, ...row.args, ...then],
}))

export const evidenceOf = ({ path }: Asked): Uint8Array =>
  new Uint8Array(readFileSync(`${repository}fixtures/${path}/evidence.bin`))
