/**
 * Types that only the DOM library names, taken from the globals themselves: so the declarations
 * hold wherever there is WebCrypto, also under the types of Node, Deno, Bun or Workers alone.
 */

/** A key of WebCrypto. */
export type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

/** Both halves of a key pair. */
export interface CryptoKeyPair {
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
}
