/**
 * Signature checks. A signature holds when WebCrypto says `true`; anything else, a rejected promise included, is a signature that does not hold.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { derReader, tags } from '../encoding/der.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import { assertSupported, importKey, verify } from './subtle.ts'

/** A public key that is on its way into WebCrypto; `undefined` when WebCrypto refuses it (a point off the curve, say). */
export type PublicKey = Promise<CryptoKey | undefined>

/**
 * Starts the import of a DER SubjectPublicKeyInfo. One import serves every signature by that key. Never rejects.
 * @throws VerificationError `unsupported` where there is no WebCrypto.
 */
export function importPublicKey(spki: Bytes, { importParams }: SignatureAlgorithm): PublicKey {
  assertSupported()
  return importKey('spki', spki, importParams, false, ['verify']).catch(() => undefined)
}

/** Whether `signature` over `data` holds; ECDSA signatures are r || s as WebCrypto and COSE have them. Never rejects. */
export async function verifySignature(
  { verifyParams }: SignatureAlgorithm,
  key: PublicKey,
  signature: Bytes,
  data: Bytes,
): Promise<boolean> {
  try {
    const imported = await key
    // `=== true`: whatever else a patched or broken WebCrypto resolves to is no signature.
    return imported !== undefined && ((await verify(verifyParams, imported, signature, data)) as unknown) === true
  } catch {
    return false
  }
}

/**
 * An X.509 ECDSA signature, DER `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 section 2.2.3), as r || s of `size` bytes each. Integers that are
 * negative, padded or too long are refused.
 */
export function ecdsaFromDer(der: Bytes, size: number, source: Source): Bytes {
  const outer = derReader(der, source)
  const integers = outer.into(tags.sequence, 'signature')
  outer.end()
  const raw = new Uint8Array(2 * size)
  for (const [i, field] of ['r', 's'].entries()) {
    const { content } = integers.next(tags.integer, field)
    const [first, second] = content
    const padded = first === 0 && content.length > 1
    if (first === undefined || first >= 0x80 || (padded && (second as number) < 0x80)) {
      throw malformed(source, `${field} is not a positive integer in its shortest form`)
    }
    const magnitude = padded ? content.subarray(1) : content
    if (magnitude.length > size) throw malformed(source, `${field} is longer than ${size} bytes`)
    raw.set(magnitude, (i + 1) * size - magnitude.length)
  }
  integers.end()
  return raw
}
