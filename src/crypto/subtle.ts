/**
 * The WebCrypto functions, taken once when this module loads: what a page patches into `crypto.subtle` afterwards is not called. Code that runs
 * before this module can still replace them; whoever can run code first owns the page.
 */
import { VerificationError } from '../errors.ts'

const subtle = /* @__PURE__ */ (() => (globalThis.crypto as Partial<Crypto> | undefined)?.subtle)()
const importKeyOfLoad = subtle?.importKey
const verifyOfLoad = subtle?.verify
const digestOfLoad = subtle?.digest

/** @throws VerificationError `unsupported` outside a secure context, where pages have no WebCrypto. */
export function assertSupported(): void {
  if (importKeyOfLoad === undefined || verifyOfLoad === undefined || digestOfLoad === undefined) {
    throw new VerificationError(
      'unsupported',
      'WebCrypto (crypto.subtle) is not here: pages have it only over https and on localhost',
    )
  }
}

export const importKey: SubtleCrypto['importKey'] = (...parameters: unknown[]) =>
  (importKeyOfLoad as (...parameters: unknown[]) => Promise<CryptoKey>).apply(subtle, parameters)

export const verify: SubtleCrypto['verify'] = (...parameters) =>
  (verifyOfLoad as SubtleCrypto['verify']).apply(subtle, parameters)

export const digest: SubtleCrypto['digest'] = (...parameters) =>
  (digestOfLoad as SubtleCrypto['digest']).apply(subtle, parameters)
