/**
 * What `veritee verify --help` says of Arm's options.
 */
export const help = `Arm CCA and PSA tokens, which have --nonce HEX or --skip-freshness
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
  --allow-test-keys         accept keys that are published: anyone has them`
