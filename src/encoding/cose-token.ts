/**
 * The envelope of a token: COSE_Sign1 (RFC 9052 section 4.2) under tag 18, or COSE_Mac0 (section
 * 6.2) under tag 17. Read as tokens are, with heads of any length; what is signed has the shortest
 * all the same (section 9). The envelope of Nitro documents and CoRIMs, which has one form only, is
 * in `cose.ts`.
 *
 * Accepted: `[ protected bstr, unprotected map, payload bstr, signature or tag bstr ]` under its
 * tag. Labels that are not known are hints (kid, x5chain), and never read. Refused: other tags or
 * none, a detached payload, an empty or malformed protected header, an algorithm outside it, labels
 * in both headers, `crit`.
 */
import { VerificationError } from '../core/errors.ts'
import { type Bytes, concatBytes } from './bytes.ts'
import { decodeTokenCbor, isTokenMap, type TokenMap, tokenType, type TokenValue } from './cbor-token.ts'
import { malformed, type Source } from './reader.ts'

/** A decoded envelope; nothing in it is verified. Bytes are views of the input. */
export interface CoseToken {
  /** For messages. */
  readonly name: string
  /** Whether it is a COSE_Sign1 or a COSE_Mac0. */
  readonly kind: 'signature' | 'mac'
  /** Label 1 of the protected header, as RFC 9053 numbers algorithms. */
  readonly algorithm: number
  readonly payload: Bytes
  /** The signature, or the tag of a MAC. */
  readonly proof: Bytes
  /**
   * What the signature or MAC is over: Sig_structure (RFC 9052 section 4.4) or MAC_structure
   * (section 6.3), without external data.
   */
  readonly covered: Bytes
}

/**
 * @throws VerificationError `outer-cbor`, `cose-tag`, `cose-shape`, `cose-protected`,
 *   `cose-unprotected` or `cose-alg`
 */
export function decodeCoseToken(bytes: Bytes, name: string): CoseToken {
  const outer = decodeTokenCbor(bytes, { name, code: 'outer-cbor' })
  const [tag, value] = isTagged(outer) ? [outer.tag, outer.value] : ['none', outer]
  if (tag !== 18 && tag !== 17)
    throw new VerificationError('cose-tag', {
      subject: `${name}: tag`,
      expected: '18 (COSE_Sign1) or 17 (COSE_Mac0)',
      found: `${tag}`,
    })
  const [header, unprotected, payload, proof, ...more] = Array.isArray(value) ? (value as readonly TokenValue[]) : []
  const isShape = isBytes(header) && unprotected !== undefined && isTokenMap(unprotected)
  if (!isShape || !isBytes(payload) || !isBytes(proof) || more.length > 0)
    throw malformed({ name, code: 'cose-shape' }, 'must be an array of bstr, map, bstr, bstr')
  return {
    name,
    kind: tag === 18 ? 'signature' : 'mac',
    algorithm: algorithmOf(header, unprotected, name),
    payload,
    proof,
    covered: coveredBytes(tag === 18 ? '\x84\x6aSignature1' : '\x84\x64MAC0', header, payload),
  }
}

/**
 * @param head the head of an array of 4, and its first item: a text, what kind of structure it is.
 *   External data is empty
 */
function coveredBytes(head: string, header: Bytes, payload: Bytes): Bytes {
  const letters = Array.from(head, (letter) => letter.charCodeAt(0))
  return concatBytes(letters, ...byteString(header), [0x40], ...byteString(payload))
}

/** Under its shortest head (RFC 8949 section 4.2.1). */
function byteString(content: Bytes): readonly ArrayLike<number>[] {
  const { length } = content
  if (length < 24) return [[0x40 + length], content]
  if (length < 256) return [[0x58, length], content]
  if (length < 65_536) return [[0x59, length >> 8, length & 255], content]
  return [[0x5a, length >> 24, length >> 16, length >> 8, length], content]
}

/** The algorithm of the protected header, once both headers are what they may be. */
function algorithmOf(header: Bytes, unprotected: TokenMap, name: string): number {
  const source: Source = { name: `${name}: protected header`, code: 'cose-protected' }
  const map = decodeTokenCbor(header, source)
  if (!isTokenMap(map)) throw malformed(source, 'must be a map')
  // Labels 1 and 2, and RFC 9052 section 3: a label is in one header only. Nothing critical is
  // understood here.
  const misplaced = [...unprotected.keys()].find((label) => label === 1 || label === 2 || map.has(label))
  if (misplaced !== undefined)
    throw malformed(
      { name: `${name}: unprotected header`, code: 'cose-unprotected' },
      `label ${misplaced} must not be there`,
    )
  if (map.has(2)) throw malformed(source, 'crit is not understood')
  const algorithm = map.get(1)
  if (typeof algorithm !== 'number')
    throw new VerificationError('cose-alg', {
      subject: `${name}: alg`,
      expected: 'int',
      found: map.has(1) ? tokenType(algorithm) : 'nothing',
    })
  return algorithm
}

function isTagged(value: TokenValue): value is Extract<TokenValue, { readonly tag: number }> {
  return tokenType(value) === 'tag'
}

const isBytes = (value: TokenValue): value is Bytes => value instanceof Uint8Array
