/**
 * What `veritee verify --help` says of Android's options.
 */
export const help = `Keys of phones: Android, with --nonce HEX or --skip-freshness
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
                            handed out, and what your page is`
