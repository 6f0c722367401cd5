/**
 * What `veritee verify --help` says of Intel's options.
 */
export const help = `Intel TDX and SGX
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
  --service-td HEX          accept this service TD; may be repeated`
