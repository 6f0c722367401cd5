/**
 * What `--help` prints.
 */
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

What it must carry (Nitro)
  --user-data HEX|@FILE     user data is exactly this
  --public-key HEX|@FILE    public key is exactly this

Intel TDX and SGX, AMD SEV-SNP
  --endorsements FILE       required: what the vendor says of the platform, JSON
                            that veritee endorsements printed; --collateral is
                            the same for Intel's
  --report-data HEX|@FILE   the 64 bytes that the evidence was made for, or
  --skip-report-data        whatever it was made for
  --platform HEX            accept this machine only (PPID, platform instance
                            id, CHIP_ID); may be repeated
  --allow-migration         accept a guest that can be moved to another machine

Intel TDX and SGX
  --mrtd HEX --rtmr0 HEX … --rtmr3 HEX
                            registers of a TD; \`any\` for what you compare
                            yourself. Zero unless they are named: RTMR3 and
    --mrconfigid HEX --mrowner HEX --mrownerconfig HEX
    --td-attributes HEX --xfam HEX --mrseam HEX
                            8, 8 and 48 bytes more that can be pinned
  --event-log FILE --events FILE
                            instead of RTMRs: what must have been measured, like
                            { "dstack": { "composeHash": "…" } }, and the log
  --mrenclave HEX           an SGX enclave, or all that its vendor signed; or
  --mrsigner HEX --isv-prod-id N --minimum-isv-svn N
                            all of them. Zero unless they are named:
    --config-id HEX --config-svn N --isv-family-id HEX --isv-ext-prod-id HEX
    --misc-select HEX --xfrm HEX --provision-key on|off
                            4 and 8 bytes, and a bit, that can be pinned
  --accept-tcb-status NAME  beside UpToDate; may be repeated
  --minimum-tcb-evaluation N
                            refuse collateral from before this TCB recovery
  --max-collateral-age 30d  refuse collateral that Intel issued before that
  --max-root-crl-age 400d   the same for the list of its root, which Intel
                            issues once a year
  --service-td HEX          accept this service TD; may be repeated

AMD SEV-SNP
  --measurement HEX         what the guest was launched from, 48 bytes. Zero
                            unless they are named, \`any\` for what you compare
                            yourself:
    --host-data HEX --family-id HEX --image-id HEX --id-key-digest HEX
    --author-key-digest HEX
  --processor NAME          Milan, Genoa or Turin; may be repeated. Milan only
                            where it is named: its owners can forge its reports
  --minimum-tcb NAME,model=N,stepping=N,bootloader=N,tee=N,snp=N,microcode=N
  --minimum-launch-tcb …    the same for the TCB at launch. Both may be
                            repeated: all rows for the processor must hold
  --minimum-firmware 1.55.29
  --minimum-guest-svn N
  --minimum-mitigations launch=BITS|current=BITS
  --allow-provisional-firmware
                            accept firmware that the host can take back
  --vmpl N                  who may have asked, 0 to 3; default: 0
  --guest-policy NAME=on|off|any
                            smtAllowed, singleSocket, cxlAllowed (default: off),
                            memAes256Xts, raplDisabled, ciphertextHiding,
                            pageSwapDisabled; may be repeated
  --minimum-abi 1.55        the least firmware ABI that the guest demands
  --platform-info NAME=on|off|any
                            aliasCheckComplete (default: on), smtEnabled,
                            tsmeEnabled, eccEnabled, raplDisabled,
                            ciphertextHiding, iommuWriteSafe, tioEnabled
  --allow-unknown-bits      accept bits that this version does not know
  --csp NAME                accept keys of this cloud only; may be repeated
  --skip-revocation         go without the revocation list of AMD

Arm CCA and PSA tokens, which have --nonce HEX or --skip-freshness
  --anchor FILE             required: the keys of devices from their maker, JSON
                            { implementationId, instanceId, key: JWK }, or a
                            list of them, or as trustee has it; may be repeated
  --rim HEX                 the initial measurement of a realm; or, like all of
                            these, JSON with --measurements FILE (of a PSA
                            token: { softwareComponents: [...] })
    --rem0 HEX … --rem3 HEX all four, or \`any\`; zero unless they are named
    --personalization-value HEX
                            what the host passed in, or \`any\`; else zero
  --firmware FILE           below a realm, component by component, JSON
                            { softwareComponents: [{ measurement, signerId,
                            type, version }] }, or
  --skip-firmware           whatever is below
  --accept-lifecycle NAME   beside secured: non-rot-debug,
                            recoverable-rot-debug, provisioning,
                            assembly-and-test; may be repeated
  --allow-test-keys         accept keys that are published: anyone has them

Keys of phones: Android, with --nonce HEX or --skip-freshness
  --package NAME --signer HEX
                            the application, and SHA-256 of its certificate; may
                            be repeated: all packages that share the key, any of
                            the signers
  --minimum-app-version N   not older than this version code
  --status-list FILE        required: what Google revoked, as answered at
                            https://android.googleapis.com/attestation/status
  --skip-revocation         or whatever is revoked
  --security-level tee|strongbox
                            the least that keeps the key; default: tee
  --verified-boot-key HEX   accept systems that this key signed, on locked
                            devices; may be repeated
  --minimum-os-patch 202605 --minimum-vendor-patch 20260505
  --minimum-boot-patch 20260505
                            not older than this
  --purpose sign            what the key must be for; may be repeated
  --client-data HEX|@FILE --rp-id DOMAIN --origin ORIGIN
                            of a WebAuthn attestation object: what the browser
                            handed out, and what your page is

Keys of phones: Apple App Attest
  --app-id TEAM.BUNDLE      the application; may be repeated: any of them
  --client-data HEX|@FILE   required: what the application hashed, with your
                            challenge in it
  --key-id HEX              what the application calls the key

How to verify
  --format sev-snp|nitro|nitro-tpm|tdx|sgx|cca|psa|android-key|app-attest|auto
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
