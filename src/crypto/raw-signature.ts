/**
 * Signature checks of messages that come without X.509: a bundle that meets no certificate holds no
 * DER.
 */
import type { Bytes } from '../encoding/bytes.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import { importPublicKey } from './signature.ts'
import { verify } from './subtle.ts'

/**
 * Whether `signature` over `data`, r || s as WebCrypto has it, is by this key. Never rejects.
 * @param spki DER SubjectPublicKeyInfo of the algorithm
 */
export async function isSignedBy(
  spki: Bytes,
  algorithm: SignatureAlgorithm,
  signature: Bytes,
  data: Bytes,
): Promise<boolean> {
  try {
    const key = await importPublicKey(spki, algorithm)
    // `=== true`: anything else that a patched or broken WebCrypto resolves to is no signature.
    return key !== undefined && ((await verify(algorithm.verifyParams, key, signature, data)) as unknown) === true
  } catch {
    return false
  }
}
