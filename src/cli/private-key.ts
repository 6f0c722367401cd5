/**
 * The user's own private keys.
 */
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { UsageError } from './failures.ts'

/** An ECDSA key for WebCrypto, and the algorithm that goes with it. */
export interface PrivateKey {
  readonly key: CryptoKey
  readonly algorithm: 'ES256' | 'ES384'
}

/**
 * A private key as OpenSSL writes it, PEM. P-256 signs with ES256, P-384 with ES384. @throws
 * UsageError
 */
export async function readPrivateKey(path: string): Promise<PrivateKey> {
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
  } catch {
    throw new UsageError(`cannot read ${path}`)
  }
  try {
    const own = createPrivateKey(pem)
    const curve = { prime256v1: 'P-256', secp384r1: 'P-384' }[own.asymmetricKeyDetails?.namedCurve ?? '']
    if (curve === undefined) throw new Error('neither P-256 nor P-384')
    const pkcs8 = own.export({ type: 'pkcs8', format: 'der' })
    const key = await crypto.subtle.importKey(
      'pkcs8',
      new Uint8Array(pkcs8),
      { name: 'ECDSA', namedCurve: curve },
      false,
      ['sign'],
    )
    return { key, algorithm: curve === 'P-256' ? 'ES256' : 'ES384' }
  } catch (error) {
    throw new UsageError(
      `${path} must be a private key in PEM on P-256 or P-384, without a passphrase: ${(error as Error).message}`,
    )
  }
}
