import { nsmSource } from 'veritee/attesters'

/** /dev/nsm, which Deno opens itself: needs --allow-ffi and --allow-read. */
export const attest = nsmSource()
