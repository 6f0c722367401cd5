/**
 * Whether a point is one of the curve P-256 (FIPS 186-5; SP 800-186 section 3.2.1.3). WebCrypto
 * should refuse others when it imports them; WebKit does not, and what is then computed with a
 * private key can give it away.
 */
import { toHex } from '../encoding/bytes.ts'

/**
 * @param point public, so that the time this takes tells nothing. Uncompressed: 4, x, y, big-endian
 */
export function isPointOfP256(point: Uint8Array): boolean {
  if (point.length !== 65 || point[0] !== 4) return false
  const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
  const x = BigInt(`0x${toHex(point.subarray(1, 33))}`)
  const y = BigInt(`0x${toHex(point.subarray(33))}`)
  return x < p && y < p && (x ** 3n - 3n * x + b - y * y) % p === 0n
}
