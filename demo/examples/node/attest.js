import { nsmCommand, nsmSource } from 'veritee/attesters'

/** Node has no ioctl: the program of ../enclave/nsm.c asks the Nitro Security Module. */
export const attest = nsmSource({ device: nsmCommand('/usr/local/bin/nsm') })
