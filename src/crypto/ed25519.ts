/**
 * Ed25519 (RFC 8032), where WebCrypto has it. A file of its own, so that verifiers of vendors'
 * evidence do not carry it.
 */
import { VerificationError } from '../core/errors.ts'
import type { Bytes } from '../encoding/bytes.ts'
import { importKey, verify } from './subtle.ts'

/**
 * Whether a signature of 64 bytes holds under a key of 32.
 * @throws VerificationError `unsupported` where WebCrypto does not have Ed25519
 */
export async function verifyEd25519(key: Bytes, signature: Bytes, data: Bytes): Promise<boolean> {
  const imported = await importKey('raw', key, 'Ed25519', false, ['verify']).catch(async (error: unknown) => {
    // Some runtimes refuse keys that are no points, and say so in the same way as that they have no
    // such algorithm: a key that is a point tells.
    const isKnown = await importKey('raw', basePoint(), 'Ed25519', false, ['verify']).then(
      () => true,
      () => false,
    )
    if (!isKnown)
      throw new VerificationError('unsupported', 'WebCrypto: expected Ed25519, found none', { cause: error })
    return undefined
  })
  if (imported === undefined || isSmallOrder(key)) return false
  return verify('Ed25519', imported, signature, data).then(
    (holds) => (holds as unknown) === true,
    () => false,
  )
}

/** RFC 8032 section 5.1: the y of the base point is 4/5, its x is even. */
function basePoint(): Bytes {
  return new Uint8Array(32).fill(0x66).map((byte, i) => (i === 0 ? 0x58 : byte))
}

/**
 * The y of a point of small order, little-endian without the sign of x: with such a key, signatures
 * hold that no one made.
 */
function isSmallOrder(key: Bytes): boolean {
  let y = 0n
  for (let i = 31; i >= 0; i--) y = y * 256n + BigInt(i === 31 ? (key[i] as number) & 127 : (key[i] as number))
  const p = 2n ** 255n - 19n
  y %= p
  // Order 1, 2 and 4: y is 1, -1 and 0. Order 8: y² is that of the one point whose double has order
  // 4, so that -x² = y² there (d·y⁴ + 2y² = 1).
  const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
  return y === 0n || y === 1n || y === p - 1n || (d * y ** 4n + 2n * y ** 2n - 1n) % p === 0n
}
