/**
 * What `veritee verify --help` says of AMD's options.
 */
export const help = `AMD SEV-SNP
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
  --skip-revocation         go without the revocation list of AMD`
