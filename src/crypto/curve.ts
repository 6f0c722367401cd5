/**
 * Keys that no certificate vouches for: whether they are points of their curve (SP 800-186 section
 * 3.2.1), and whether the runtime has that curve at all. WebCrypto should refuse other points when
 * it imports them; WebKit does not.
 */
import { VerificationError } from '../core/errors.ts'
import { type Bytes, toHex } from '../encoding/bytes.ts'
import { type KeyAlgorithm, p256, p384, type SignatureAlgorithm } from './algorithms.ts'
import { importPublicKey } from './signature.ts'

/** Prime and `b` of a curve whose `a` is -3. */
function constantsOf(key: KeyAlgorithm): readonly [p: bigint, b: bigint] {
  if (key === p256)
    return [
      2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
      0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    ]
  if (key === p384)
    return [
      2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
      0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    ]
  return [
    2n ** 521n - 1n,
    0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  ]
}

/**
 * @param point public, so that the time this takes tells nothing. Uncompressed: 4, x, y, big-endian
 */
export function isPointOf(key: KeyAlgorithm, point: Uint8Array): boolean {
  const { coordinateSize: size } = key
  if (point.length !== 1 + 2 * size || point[0] !== 4) return false
  const [p, b] = constantsOf(key)
  const x = BigInt(`0x${toHex(point.subarray(1, 1 + size))}`)
  const y = BigInt(`0x${toHex(point.subarray(1 + size))}`)
  return x < p && y < p && (x ** 3n - 3n * x + b - y * y) % p === 0n
}

/**
 * Not every runtime has P-521: what a sound key cannot be imported for is no verdict on the
 * evidence.
 * @param point a point of the curve
 * @throws VerificationError `unsupported`
 */
export async function requireCurve(point: Bytes, algorithm: SignatureAlgorithm): Promise<void> {
  if ((await importPublicKey(point, algorithm)) === undefined)
    throw new VerificationError('unsupported', `this runtime has no ${algorithm.key.name}`)
}
