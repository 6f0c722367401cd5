/**
 * Signature checks. A signature holds when WebCrypto says `true`; anything else, a rejected promise
 * included, is a signature that does not hold.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { childrenOf, contentOf, decodeDer, INTEGER } from '../encoding/der.ts'
import { malformed, type Source } from '../encoding/reader.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import type { CryptoKey } from './keys.ts'
import { importKey, verify } from './subtle.ts'

/**
 * A public key that is on its way into WebCrypto; `undefined` when WebCrypto refuses it (a point
 * off the curve, say).
 */
export type PublicKey = Promise<CryptoKey | undefined>

/**
 * Starts the import of a DER SubjectPublicKeyInfo of this algorithm. One import serves every
 * signature by that key. Never rejects.
 * @throws VerificationError `unsupported` where there is no WebCrypto
 */
export function importPublicKey(spki: Bytes, { importParams, key: { coordinateSize } }: SignatureAlgorithm): PublicKey {
  // The point is at the end, uncompressed. Node imports it in a third of the time that it takes for
  // the whole structure.
  const isPoint = coordinateSize > 0
  const key = isPoint ? spki.subarray(-1 - 2 * coordinateSize) : spki
  return importKey(isPoint ? 'raw' : 'spki', key, importParams, false, ['verify']).catch(() => undefined)
}

/** A signature and what it is over. */
export interface SignatureOver {
  readonly signature: Bytes
  readonly signedBytes: Bytes
  /**
   * Whether an ECDSA signature is a SEQUENCE of r and s, as in X.509. Default: r || s, as WebCrypto
   * and COSE have it.
   */
  readonly isDer?: boolean
}

/** Whether a signature holds. Never rejects. */
export async function verifySignature(
  { verifyParams, key: { coordinateSize } }: SignatureAlgorithm,
  key: PublicKey | undefined,
  { signature, signedBytes, isDer = false }: SignatureOver,
): Promise<boolean> {
  try {
    const imported = await key
    const raw = isDer && coordinateSize > 0 ? ecdsaFromDer(signature, coordinateSize) : signature
    if (imported === undefined) return false
    // An RSA signature has the size of its modulus (RFC 8017, sections 8.1.2 and 8.2.2). Node also
    // accepts one that lost its leading zeros.
    const { modulusLength } = imported.algorithm as { readonly modulusLength?: number }
    if (modulusLength !== undefined && raw.length !== Math.ceil(modulusLength / 8)) return false
    // `=== true`: anything else that a patched or broken WebCrypto resolves to is no signature.
    return ((await verify(verifyParams, imported, raw, signedBytes)) as unknown) === true
  } catch {
    return false
  }
}

/**
 * An X.509 ECDSA signature, DER `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 section 2.2.3), as r
 * || s of `size` bytes each.
 * @throws VerificationError `cert-parse` for integers that are negative, padded or too long
 */
export function ecdsaFromDer(der: Bytes, size: number): Bytes {
  const source: Source = { name: 'signature', code: 'cert-parse' }
  const raw = new Uint8Array(2 * size)
  for (const [i, node] of childrenOf(decodeDer(der, source), source, 'SEQUENCE', [INTEGER, INTEGER]).entries()) {
    const content = contentOf(node)
    const magnitude = content.subarray(content[0] === 0 ? 1 : 0)
    if ((content[0] as number) >= 0x80 || magnitude.length > size) throw malformed(source, 'r or s out of range')
    raw.set(magnitude, (i + 1) * size - magnitude.length)
  }
  return raw
}
