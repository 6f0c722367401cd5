/**
 * What `--help` prints. What is about one family's options is in its folder.
 */
import { families, formats } from './formats/formats.ts'

const overview = `veritee: check a confidential-computing enclave before any data is sent to it

  veritee verify FILE|-  OPTIONS     verify evidence; the exit code tells
  veritee inspect FILE|- [--json]    show evidence without verifying it
  veritee endorsements FILE|-        fetch what the vendor says of its platform
  veritee measure IMAGE  [--json]    what an image will measure to
  veritee sign FILE…  OPTIONS        sign measurements as reference values
  veritee ear sign FILE|- OPTIONS    verify evidence, and report it to others
  veritee ear verify FILE|- OPTIONS  verify what another verifier reports
  veritee --version

Evidence is read as binary, PEM, hexadecimal or base64; - reads standard input.
Exit codes: 0 ok, 1 usage, 2 not authentic, 3 authentic but not as expected.

  veritee verify enclave.bin --measurements measurements.json --nonce 5f0c…

  veritee verify quote.bin --endorsements intel.json --report-data 5f0c… \\
    --mrtd 91eb… --rtmr0 4bf3… --rtmr1 7a5e… --rtmr2 0d7f…

  veritee verify report.bin --endorsements amd.json --report-data 5f0c… \\
    --measurement 5c0d… --minimum-tcb Genoa,model=17,stepping=1,snp=27

\`veritee verify --help\` lists the options; so do the others.`

/** The names of formats, in lines of the width that help has. */
function formatNames(): string {
  const lines = ['']
  for (const name of [...formats, 'auto'].map((format, i) => (i === 0 ? format : `, ${format}`))) {
    const last = lines.at(-1) as string
    if (last.length + name.length < 50) lines[lines.length - 1] = last + name
    else lines.push(name.slice(2))
  }
  return lines.join(`,\n${' '.repeat(28)}`)
}

const verifyHelp = `veritee verify FILE|- OPTIONS

What must run there: one of these
  --pcr0 HEX … --pcr31 HEX  registers of one accepted build, 96 digits each; of
                            an enclave always PCR0, unless with
    --allow-signed-images   PCR8 in its place: all that its key ever signed
  --measurements FILE       JSON that nitro-cli build-enclave printed; may be
                            repeated: any of them is accepted
  --reference FILE --ca FILE --product NAME
                            a CoRIM that veritee sign wrote for this product,
                            signed under this CA certificate (PEM or DER)
    --reference FILE --ca FILE --threshold N
                            more files with the same values, each signed under
                            another CA: so many authorities are required
    --minimum-version N     refuse older ones of this product: no way back to a
                            build with flaws
    --revoked FILE          never accept these measurements; may be repeated
  --skip-reference-values   accept any code

How fresh it must be: one of these, or the first two (Nitro)
  --nonce HEX               it answers exactly this nonce
  --max-age 5m              it is not older than this (s, m, h or d)
  --skip-freshness          accept any age

Intel TDX and SGX, AMD SEV-SNP
  --endorsements FILE       required: what the vendor says of the platform, JSON
                            that veritee endorsements printed; --collateral is
                            the same for Intel's
  --report-data HEX|@FILE   the 64 bytes that the evidence was made for, or
  --skip-report-data        whatever it was made for
  --platform HEX            accept this machine only (PPID, platform instance
                            id, CHIP_ID); may be repeated
  --allow-migration         accept a guest that can be moved to another machine

${families.map(({ help }) => help).join('\n\n')}

How to verify
  --format NAME             ${formatNames()}.
                            auto, the default, tells it from the evidence; an
                            instance (nitro-tpm) must be asked for by name
  --root FILE               trust this root certificate (PEM or DER) instead of
                            the vendor's; may be repeated
  --at 2026-06-01T12:00:00Z verify as of then
  --at evidence             verify as of its own time: proves the past only
  --skew 300s               how far clocks may be apart
  --allow-debug             accept an enclave whose operator can read its memory
  --second-opinion          a second, independent implementation must agree;
                            needs cbor-x, asn1js, pkijs, @peculiar/x509 and
                            reflect-metadata beside veritee
  --json                    one JSON document for machines, always

Exit codes: 0 verified, 1 usage, 2 not authentic, 3 not as expected.`

const inspectHelp = `veritee inspect FILE|- [--json] [--event-log FILE]

  --event-log FILE          replay this log, and compare it with a TDX quote

Shows what evidence says. Nothing is verified: anyone can write such a thing.
Exit codes: 0 shown, 1 usage, 2 not a well-formed document.`

const endorsementsHelp = `veritee endorsements FILE|- OPTIONS

Fetches what the vendor says of the platform behind evidence, for veritee verify
--endorsements: Intel of a TDX or SGX quote (good for 30 days at most), AMD of the
key that signed a report of SEV-SNP. Nothing is verified here, so the service
needs no trust. \`veritee collateral\` is the same command.
  --from URL                a cache or proxy instead of the vendor's own service
  --early                   Intel: what it knew when it made an issue public,
                            instead of what it enforces months later
  --processor NAME          AMD: Milan, Genoa or Turin, for reports of version 2,
                            which do not say it
  --timeout 60s             how long to wait
  -o, --output FILE         where to write it; default: standard output

Exit codes: 0 fetched, 1 usage, 2 no such evidence, or the
service has not answered.`

const measureHelp = `veritee measure [IMAGE] OPTIONS
veritee measure --snp FIRMWARE --vcpus N OPTIONS

Prints what the registers of an enclave will be, like nitro-cli describe-eif.
  IMAGE                     an Enclave Image File: PCR0, PCR1, PCR2, and PCR8
                            if it is signed
  --role-arn ARN            IAM role of the parent instance: PCR3
  --instance-id ID          id of the parent instance: PCR4
  --signing-cert FILE       certificate that images are signed with: PCR8
  --at TIME                 when the certificate of a signed image must be valid

AMD SEV-SNP: the launch measurement
  --snp FIRMWARE            OVMF that the guest boots
  --vcpus N                 virtual processors
  --vcpu-type NAME          QEMU's name, like EPYC-v4, or
  --vcpu-signature 0x800f12 CPUID leaf 1, EAX
  --guest-features 0x1      SEV_FEATURES; default: 0x1
  --vmm qemu|ec2|gce        who launches; default: qemu
  --kernel FILE --initrd FILE --append TEXT
                            a direct boot, whose hashes the firmware checks

  --json                    for veritee sign, and as nitro-cli prints it

Exit codes: 0 measured, 1 usage, 2 not a well-formed image.`

const signHelp = `veritee sign MEASUREMENTS… OPTIONS

Writes a CoRIM with the measurements of one or more builds of a product, signed
with a key of your own CA. With the CA's certificate, clients can verify enclaves
against it. Where several CAs must sign (veritee verify --threshold), each signs
for itself, with the same names, dates and version: nothing else may differ.
  MEASUREMENTS              JSON of veritee measure --json or nitro-cli
  --name TEXT               what to call the build in verdicts; once per file,
                            each differently
  --key FILE                private key, PEM, P-256 or P-384
  --cert FILE               its certificate
  --chain FILE              certificates between it and the CA, PEM
  --product NAME            what they are builds of, as clients demand it; unique
                            for the CA, like example.com/inference
  --version N               greater than that of the product's last one
  --valid 90d               for how long (s, m, h or d)
  --from TIME               since when; default: now
  --id TEXT                 how to call the whole; default: product, version
  --format NAME             what the measurements are of: nitro (the default),
                            nitro-tpm, tdx, sgx, sev-snp, cca or psa. Of the
                            others than nitro's, JSON with the registers that
                            their verifier takes: { "mrTd": "91eb…", … }
  -o, --output FILE         where to write it`

const earHelp = `veritee ear sign FILE|- OPTIONS
veritee ear verify FILE|- OPTIONS

sign verifies evidence with the options of veritee verify, and writes what was
found as an attestation result (EAR, draft-ietf-rats-ear-04). It is a report:
others believe it as much as they believe the holder of the key.
  --developer NAME          who says so, like https://example.com
  --policy ID               what it was verified against, as its readers call it;
                            may be repeated
  --build TEXT              which verifier; default: veritee and its version
  --expires 5m              for how long it holds, at most a day
  --label FORMAT=LABEL      another label; cca-platform is the platform of cca
  --key FILE                private key, PEM, P-256 or P-384: signs a token
                            (JWT). Without one, plain claims are written
  --kid TEXT                a hint for readers: which key it is
  -o, --output FILE         where to write it

verify reads a token of another verifier
  --key FILE                public key that you trust, PEM; may be repeated
  --nonce HEX               it answers exactly this nonce, or
  --skip-freshness          accept any that is current, a replayed one too
  --submodule LABEL         what must be there and affirming; may be repeated.
                            Default: all that is there
  --profile NAME            dialects: ietf-04 (the default), ietf-03, veraison,
                            trustee; may be repeated
  --at TIME --skew 300s     when, and how far clocks may be apart
  --json                    one JSON document for machines

Exit codes: 0 verified, 1 usage, 2 not authentic, 3 not as expected.`

const helpOf: Readonly<Record<string, string>> = {
  verify: verifyHelp,
  inspect: inspectHelp,
  endorsements: endorsementsHelp,
  collateral: endorsementsHelp,
  measure: measureHelp,
  sign: signHelp,
  ear: earHelp,
}

export function usageOf(command = ''): string {
  return (Object.hasOwn(helpOf, command) ? helpOf[command] : undefined) ?? overview
}
