/**
 * The one use of WebCrypto that makes a signature instead of checking one: of reference values,
 * where an image is built, and of attestation results. A file of its own, so that verifiers do not
 * carry it.
 */
import { bound } from './subtle.ts'

export const sign: SubtleCrypto['sign'] = /* @__PURE__ */ bound('sign') as SubtleCrypto['sign']
