/**
 * Signatures and digests of the second opinion: WebCrypto by way of the engine of `pkijs`. A
 * rejected promise is a signature that does not hold.
 */
import { CryptoEngine, getCrypto } from 'pkijs'
import { digitsOf, type Octets } from './bytes.ts'

/** The engine of the library. @throws Error where there is no WebCrypto */
function engine(): CryptoEngine {
  const found = getCrypto(true)
  if (!(found instanceof CryptoEngine)) throw new Error('the library has no engine: is there WebCrypto?')
  return found
}

/** Lower-case digits. */
export async function sha256(bytes: Octets): Promise<string> {
  return digitsOf(new Uint8Array(await engine().digest('SHA-256', bytes)))
}

/** A digest by any of the three. */
export async function digestOf(hash: Hash, bytes: Octets): Promise<Octets> {
  return new Uint8Array(await engine().digest(hash, bytes))
}

export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** A curve and the hash that it signs here. */
export type Curve = readonly [namedCurve: 'P-256' | 'P-384' | 'P-521', hash: Hash]

/**
 * A signature over bytes by a point of a curve, r || s.
 * @param point uncompressed: 04, x, y
 */
export async function holdsRaw(
  [namedCurve, hash]: Curve,
  point: Octets,
  signature: Octets,
  signed: Octets,
): Promise<boolean> {
  try {
    const key = await engine().importKey('raw', point, { name: 'ECDSA', namedCurve } as EcKeyImportParams, false, [
      'verify',
    ])
    const answer: unknown = await engine().verify({ name: 'ECDSA', hash }, key, signature, signed)
    return answer === true
  } catch {
    return false
  }
}

/** A MAC by a secret (RFC 2104), whole. */
export async function holdsMac(hash: Hash, secret: Octets, mac: Octets, covered: Octets): Promise<boolean> {
  try {
    const name = 'HMAC'
    const key = await engine().importKey('raw', secret, { name, hash } as HmacImportParams, false, ['verify'])
    const answer: unknown = await engine().verify(name, key, mac, covered)
    return answer === true
  } catch {
    return false
  }
}
