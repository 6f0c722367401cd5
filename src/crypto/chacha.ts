/**
 * ChaCha20-Poly1305 (RFC 8439), where WebCrypto has it. There is no other implementation in here: a
 * runtime without it cannot use the channels that take it.
 */
import type { Bytes } from '../encoding/bytes.ts'
import { type Aead, aeadOf } from './aead.ts'
import { importKey, missing } from './subtle.ts'

const name = 'ChaCha20-Poly1305'

/**
 * @param key 32 bytes
 * @throws VerificationError `unsupported` where WebCrypto does not have it
 */
export async function chaCha20Poly1305(key: Bytes): Promise<Aead> {
  // TypeScript does not know this format yet.
  const imported = await importKey('raw-secret' as 'raw', key, name, false, ['encrypt', 'decrypt']).catch(missing(name))
  return aeadOf(name, imported)
}
