/**
 * The one use of WebCrypto that makes a signature instead of checking one: of reference values,
 * where an image is built, and of attestation results. A file of its own, so that verifiers do not
 * carry it.
 */
import { unsupported } from './subtle.ts'

/** Taken once when this module loads, as in `subtle.ts`. */
export const sign: SubtleCrypto['sign'] = /* @__PURE__ */ (() => {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle
  return (subtle?.sign ?? unsupported).bind(subtle)
})()
