/** Where the machine answers, and what must run in it: the registers of your release. */
export const enclave = { origin: 'https://enclave.example', options: {} }
export const policy = {
  referenceValues: {
    mrTd: 'PUT 96 HEXADECIMAL DIGITS HERE',
    rtmr0: 'PUT 96 HEXADECIMAL DIGITS HERE',
    rtmr1: 'PUT 96 HEXADECIMAL DIGITS HERE',
    rtmr2: 'PUT 96 HEXADECIMAL DIGITS HERE',
  },
}
