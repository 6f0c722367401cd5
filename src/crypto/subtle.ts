/**
 * The WebCrypto functions, taken once when this module loads: what a page patches into
 * `crypto.subtle` afterwards is not called. Code that runs before this module can still replace
 * them: the first code on a page owns it.
 */
import { VerificationError } from '../core/errors.ts'

const subtle = /* @__PURE__ */ (() => (globalThis.crypto as Partial<Crypto> | undefined)?.subtle)()

export const importKey: SubtleCrypto['importKey'] = /* @__PURE__ */ (() =>
  (subtle?.importKey ?? unsupported).bind(subtle))() as never
export const verify: SubtleCrypto['verify'] = /* @__PURE__ */ (() => (subtle?.verify ?? unsupported).bind(subtle))()
export const digest: SubtleCrypto['digest'] = /* @__PURE__ */ (() => (subtle?.digest ?? unsupported).bind(subtle))()

/**
 * One more of its functions, for files that only some pages load. Where it is not, it refuses.
 */
export function bound(name: string): unknown {
  const method = (subtle as Record<string, typeof unsupported> | undefined)?.[name] ?? unsupported
  return method.bind(subtle as never)
}

/** What an algorithm comes to that this runtime does not have: to be caught by. */
export function missing(name: string): (cause: unknown) => never {
  return (cause) => {
    throw new VerificationError('unsupported', `WebCrypto: expected ${name}, found none`, { cause })
  }
}

/**
 * Pages have WebCrypto over https and on localhost only; a replacement must not be taken for a
 * signature that does not hold.
 */
export function unsupported(): never {
  throw new VerificationError('unsupported', 'no WebCrypto: pages need https')
}
