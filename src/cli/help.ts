/**
 * What `--help` prints.
 */
const overview = `veritee: check a confidential-computing enclave before any data is sent to it

  veritee verify FILE|-  OPTIONS     verify evidence; the exit code tells
  veritee inspect FILE|- [--json]    show evidence without verifying it
  veritee --version

Evidence is read as binary, hexadecimal or base64; - reads standard input.
Exit codes: 0 ok, 1 usage, 2 not authentic, 3 authentic but not as expected.

  veritee verify enclave.bin --measurements measurements.json --nonce 5f0c…

\`veritee verify --help\` lists the options.`

const verifyHelp = `veritee verify FILE|- OPTIONS

What must run there: one of these
  --pcr0 HEX … --pcr31 HEX  registers of one accepted build, 96 digits each
  --measurements FILE       JSON that nitro-cli build-enclave printed; may be
                            repeated: any of them is accepted
  --skip-reference-values   accept any code

How fresh it must be: one of these
  --nonce HEX               it answers exactly this nonce
  --max-age 5m              it is not older than this (s, m, h or d)
  --skip-freshness          accept any age

What it must carry
  --user-data HEX|@FILE     user data is exactly this
  --public-key HEX|@FILE    public key is exactly this

How to verify
  --format nitro|nitro-tpm|auto
                            auto, the default, tells it from the evidence; an
                            instance (nitro-tpm) must be asked for by name
  --root FILE               trust this root certificate (PEM or DER) instead of
                            the vendor's; may be repeated
  --at 2026-06-01T12:00:00Z verify as of then
  --at evidence             verify as of its own time: proves the past only
  --skew 300s               how far clocks may be apart
  --allow-debug             accept an enclave whose operator can read its memory
  --json                    one JSON document for machines, whatever happens

Exit codes: 0 verified, 1 usage, 2 not authentic, 3 not as expected.`

const inspectHelp = `veritee inspect FILE|- [--json]

Shows what evidence says. Nothing is verified: anybody can write such a thing.
Exit codes: 0 shown, 1 usage, 2 not a well-formed document.`

export function usageOf(command: string | undefined): string {
  if (command === 'verify') return verifyHelp
  return command === 'inspect' ? inspectHelp : overview
}
