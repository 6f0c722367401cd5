/**
 * What `--help` prints.
 */
const overview = `veritee: check a confidential-computing enclave before any data is sent to it

  veritee verify FILE|-  [options]   verify evidence; exit code says how it went
  veritee inspect FILE|- [--json]    show evidence without verifying it
  veritee --version

Evidence is read as it is (binary), as hexadecimal or as base64; - reads standard input.
Exit codes: 0 ok, 1 usage, 2 not authentic, 3 authentic but not as expected.
\`veritee verify --help\` lists the options.`

const verifyHelp = `veritee verify FILE|- [options]

What must run there (one of these, required)
  --pcr0 HEX … --pcr31 HEX    registers of one accepted build, 96 hexadecimal digits each
  --measurements FILE         what nitro-cli build-enclave printed; repeat it to accept any of several
  --skip-reference-values     accept any code

How fresh it must be (one of these, required)
  --nonce HEX                 the evidence must answer exactly this nonce
  --max-age 5m                not older than this (s, m, h or d)
  --skip-freshness            accept any age

What it must carry
  --user-data HEX|@FILE       user_data must be exactly this
  --public-key HEX|@FILE      public_key must be exactly this

How to verify
  --format nitro|nitro-tpm    default: auto, told from the evidence
  --root FILE                 trust this root certificate (PEM or DER) instead of the vendor's; may be repeated
  --at 2026-06-01T12:00:00Z   verify as of then; --at evidence: as of the evidence's own time
  --skew 300s                 how far clocks may be apart
  --allow-debug               accept a debug enclave
  --json                      one JSON document for machines, also on failure`

const inspectHelp = `veritee inspect FILE|- [--json]

Shows what evidence says. Nothing is verified: anybody can write such a document.`

export function usageOf(command: string | undefined): string {
  if (command === 'verify') return verifyHelp
  return command === 'inspect' ? inspectHelp : overview
}
