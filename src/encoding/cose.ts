/**
 * COSE_Sign1 (RFC 9052 section 4.2): the envelope, and the bytes that its signature covers.
 *
 * Accepted: `[ protected bstr, unprotected map, payload bstr, signature bstr ]`, bare or under tag
 * 18 in its one-byte form. Both headers together have at most 256 items (keys and values, those
 * inside others included). Refused: other tags, indefinite lengths and longer heads than needed
 * (nothing signs the envelope, so leniency there only lets one document have many byte forms), a
 * detached payload, an empty or malformed protected header, anything left over.
 */
import { VerificationError } from '../core/errors.ts'
import { type Bytes, concatBytes } from './bytes.ts'
import { type CborMap, decodeCbor, isCborMap, readCbor, readHead } from './cbor.ts'
import { type Cursor, cursor, end, malformed, type Source, take } from './reader.ts'

/**
 * A decoded envelope; nothing in it is verified. All bytes are views of the input, exactly as
 * received.
 */
export interface CoseSign1 {
  readonly protectedHeader: CborMap
  readonly unprotectedHeader: CborMap
  readonly payload: Bytes
  readonly signature: Bytes
  /**
   * The protected header and the payload as the envelope holds them, heads included: what the
   * signature covers.
   */
  readonly signedItems: readonly [protectedHeader: Bytes, payload: Bytes]
}

const shape: Source = { name: 'COSE_Sign1', code: 'cose-shape' }
const protectedHeaderSource: Source = { name: 'protected header', code: 'cose-protected' }
const unprotectedHeaderSource: Source = { name: 'unprotected header', code: 'cose-unprotected' }
const tag18 = 0xd2
const arrayOf4 = 0x84
const maximumHeaderItems = 256

/**
 * @throws VerificationError `outer-cbor`, `cose-tag`, `cose-shape`, `cose-protected` or
 *   `cose-unprotected`
 */
export function decodeSign1(bytes: Bytes): CoseSign1 {
  const input = cursor(bytes, { ...shape, code: 'outer-cbor' })
  if (bytes[0] === tag18) input.at++
  if ((bytes[input.at] ?? 0) >> 5 === 6) {
    throw new VerificationError('cose-tag', {
      subject: 'tag',
      expected: '18 in one byte, or none',
      found: String(readHead(input)[1]),
    })
  }
  if (take(input, 1, 'array')[0] !== arrayOf4) throw malformed(shape, 'must be a definite array of 4')
  const [protectedBytes, protectedItem] = readBytes(input, 'protected header')
  // Nothing is authenticated yet, and what the headers hold is small: a few numbers, and a chain of
  // certificates.
  const budget = { items: maximumHeaderItems }
  const unprotectedHeader = readCbor(input, unprotectedHeaderSource, true, budget)
  if (!isCborMap(unprotectedHeader)) throw malformed(shape, 'unprotected header must be a map')
  const [payload, payloadItem] = readBytes(input, 'payload')
  const [signature] = readBytes(input, 'signature')
  end(input)
  const protectedHeader = decodeCbor(protectedBytes, protectedHeaderSource, true, budget)
  if (!isCborMap(protectedHeader)) throw malformed(protectedHeaderSource, 'must be a map')
  return { protectedHeader, unprotectedHeader, payload, signature, signedItems: [protectedItem, payloadItem] }
}

/**
 * The bytes that a COSE_Sign1 signature covers, without external data: `Sig_structure` of RFC 9052
 * section 4.4. The items are those received; that their heads are the shortest, as section 9 asks
 * for, is what {@link decodeSign1} made sure of.
 */
export function signedBytes({ signedItems: [protectedHeader, payload] }: Pick<CoseSign1, 'signedItems'>): Bytes {
  // An array of 4: the text "Signature1", then the three byte strings, of which external_aad is
  // empty.
  const head = Array.from('\x84\x6aSignature1', (letter) => letter.charCodeAt(0))
  return concatBytes(head, protectedHeader, [0x40], payload)
}

function readBytes(input: Cursor, field: string): [content: Bytes, item: Bytes] {
  const { at, bytes } = input
  const [major, argument, shortest] = readHead(input)
  if (major !== 2 || argument === undefined || !shortest)
    throw malformed(shape, `${field} must be a bstr with shortest head`)
  return [take(input, argument, field), bytes.subarray(at, input.at)]
}
