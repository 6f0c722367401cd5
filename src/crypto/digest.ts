/**
 * Digests. WebCrypto has no streaming digest: `data` is all there is.
 */
import { type Bytes, toHex } from '../encoding/bytes.ts'
import { digest, unsupported } from './subtle.ts'

export type DigestAlgorithm = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** @throws VerificationError `unsupported` where there is no WebCrypto. */
export async function hash(algorithm: DigestAlgorithm, data: Bytes): Promise<Bytes> {
  return new Uint8Array(await digest(algorithm, data).catch(unsupported))
}

/**
 * SHA-256 of a certificate, lower-case hexadecimal. Equal fingerprints are equal bytes. @throws
 * VerificationError `unsupported`
 */
export async function fingerprint(der: Bytes): Promise<string> {
  return toHex(await hash('SHA-256', der))
}
