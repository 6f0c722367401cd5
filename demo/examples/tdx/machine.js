/** The machine: /sys/kernel/config/tsm/report of Linux, and Intel's service. */
export const machine = { provider: 'tdx_guest' }
export const service = {}
