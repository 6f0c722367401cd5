/**
 * The realm attestation key (RAK), as the realm token carries it: what the platform vouches for,
 * and what signs that token. RMM 1.0 wrote a point, later profiles a COSE_Key (RFC 9052 section 7).
 */
import { VerificationError } from '../../../core/errors.ts'
import { ES384, type SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import { isPointOf } from '../../../crypto/curve.ts'
import { type Bytes, concatBytes } from '../../../encoding/bytes.ts'
import { decodeTokenCbor, isTokenMap, tokenType, type TokenValue } from '../../../encoding/cbor-token.ts'
import { malformed, type Source } from '../../../encoding/reader.ts'
import { algorithmOfCurve, type PublicKey } from '../anchors.ts'

const source: Source = { name: 'realm key (44237)', code: 'realm-key' }

/**
 * @param content what is inside the claim
 * @param isPoint whether the realm token has no profile
 * @throws VerificationError `realm-key`
 */
export function realmKeyOf(content: Bytes, isPoint: boolean): PublicKey {
  const key = isPoint ? fromPoint(content) : fromCoseKey(content)
  if (!isPointOf(key.algorithm.key, key.bytes)) throw malformed(source, `not a point of ${key.algorithm.key.name}`)
  return key
}

function fromPoint(content: Bytes): PublicKey {
  const { coordinateSize, name } = ES384.key
  if (content.length !== 1 + 2 * coordinateSize || content[0] !== 4)
    throw malformed(source, `must be an uncompressed point of ${name}, found ${content.length} bytes`)
  return { kind: 'signature', algorithm: ES384, bytes: content }
}

function fromCoseKey(content: Bytes): PublicKey {
  const map = decodeTokenCbor(content, source)
  if (!isTokenMap(map)) throw malformed(source, `must be a COSE_Key, found ${tokenType(map)}`)
  const demand = (label: number, name: string, expected: string, holds: boolean): void => {
    if (holds) return
    const found = map.has(label) ? describe(map.get(label)) : 'nothing'
    throw new VerificationError('realm-key', { subject: `realm key: ${name} (${label})`, expected, found })
  }
  const curve = map.get(-1)
  const algorithm = typeof curve === 'number' ? algorithmOfCurve(curve) : undefined
  demand(1, 'key type', '2 (EC2)', map.get(1) === 2)
  demand(-1, 'curve', '1, 2 or 3', algorithm !== undefined)
  const { cose, key } = algorithm as SignatureAlgorithm
  const size = key.coordinateSize
  const x = map.get(-2)
  const y = map.get(-3)
  // A compressed y is a boolean.
  demand(-2, 'x', `${size} bytes`, isBytesOf(x, size))
  demand(-3, 'y', `${size} bytes`, isBytesOf(y, size))
  demand(-4, 'private key', 'nothing', !map.has(-4))
  demand(3, 'algorithm', `${cose}, or nothing`, !map.has(3) || map.get(3) === cose)
  const operations = map.get(4)
  const isVerifying = Array.isArray(operations) && (operations as readonly TokenValue[]).includes(2)
  demand(4, 'operations', 'a list with 2 (verify), or nothing', !map.has(4) || isVerifying)
  return {
    kind: 'signature',
    algorithm: algorithm as SignatureAlgorithm,
    bytes: concatBytes([4], x as Bytes, y as Bytes),
  }
}

const isBytesOf = (value: TokenValue, size: number): boolean => value instanceof Uint8Array && value.length === size

/** Never the private key itself. */
function describe(value: TokenValue): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'number' ? `${value}` : tokenType(value)
}
