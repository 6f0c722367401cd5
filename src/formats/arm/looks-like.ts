/**
 * Whether bytes look like a token, and of which kind. A guess about unverified input: good for
 * choosing a verifier.
 */
import { AttestationError } from '../../core/errors.ts'
import type { Bytes } from '../../encoding/bytes.ts'
import { decodeTokenCbor, isTokenMap } from '../../encoding/cbor-token.ts'
import { decodeCoseToken } from '../../encoding/cose-token.ts'

/** Larger bytes are not read. No token comes near it. */
const maximumSize = 65_536

/** A collection of two tokens: CBOR tag 399 or 907. */
export function isCcaToken(evidence: Bytes): boolean {
  const [first, second = 0, third = 0] = evidence
  const tag = (second << 8) | third
  return first === 0xd9 && (tag === 399 || tag === 907) && evidence.length <= maximumSize
}

/**
 * A COSE_Sign1 or COSE_Mac0 around a map with a profile of PSA, or the nonce of its first
 * generation. Which of the two it may be is for the verifier to say.
 */
export function isPsaToken(evidence: Bytes): boolean {
  const [first = 0] = evidence
  // The tags 17 and 18, in one byte or more.
  if (first < 0xd1 || first > 0xdb || evidence.length > maximumSize) return false
  try {
    const { payload } = decodeCoseToken(evidence, 'token')
    const map = decodeTokenCbor(payload, { name: 'claims', code: 'format-unknown' })
    if (!isTokenMap(map)) return false
    const profile = map.get(265)
    return profile === 'tag:psacertified.org,2023:psa#tfm' || profile === 'http://arm.com/psa/2.0.0' || map.has(-75008)
  } catch (error) {
    if (error instanceof AttestationError) return false
    throw error
  }
}
