/**
 * Signatures over what Intel publishes for many quotes, lists and documents: the caller's endorsement cache spares checking one again. What it remembers is
 * "this text is signed by that key", which depends on no trust, policy or time; all that the text says is read and checked each time.
 */
import { ES256 } from '../../../crypto/algorithms.ts'
import { importPublicKey, type PublicKey, verifySignature } from '../../../crypto/signature.ts'
import type { Bytes } from '../../../encoding/bytes.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { type EndorsementCache, keep } from '../../../x509/endorsement-cache.ts'

/** Real texts have at most 20,000 characters. What is longer is checked each time, so that a cache stays small. */
const maximumEntry = 65_536

/** A text and its signature. */
export interface SignedText {
  /** Both: a list in base64, or the signature of a document in hexadecimal and what it signed. Asked for where there is a cache. */
  readonly text: () => string
  /** r || s, or DER with `isDer`. */
  readonly signature: Bytes
  readonly signedBytes: Bytes
  readonly isDer: boolean
}

/** The checks of one verification. */
export interface TextSignatures {
  /** Starts a check, unless it was made before. @param key the issuer's, where it was imported already */
  start(signed: SignedText, issuer: Certificate, key: PublicKey | undefined): Promise<boolean>
  /** Remembers the texts that were started: for when all of them held, and all of their issuers are on paths to a pinned root. */
  remember(): void
}

export function textSignatures(cache: EndorsementCache | undefined): TextSignatures {
  const started: (readonly [entry: string, key: PublicKey])[] = []
  return {
    start({ text, signature, signedBytes, isDer }, { spki }, known) {
      // A key says itself where it ends. Behind it a certificate begins with 0\x82, a list in base64 with M, a document with 128 digits and a brace.
      const entry = cache && String.fromCharCode(...spki) + text()
      if (entry !== undefined && cache?.has(entry)) return Promise.resolve(true)
      const key = known ?? importPublicKey(spki, ES256)
      if (entry !== undefined && entry.length <= maximumEntry) started.push([entry, key])
      return verifySignature(ES256, key, signature, signedBytes, isDer)
    },
    remember() {
      if (cache !== undefined) for (const [entry, key] of started) keep(cache, entry, key)
    },
  }
}
