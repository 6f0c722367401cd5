/**
 * COSE_Sign1 (RFC 9052 section 4.2): the envelope, and the bytes that its signature covers.
 *
 * Accepted: `[ protected bstr, unprotected map, payload bstr, signature bstr ]`, bare or under tag 18 in its one-byte form.
 * Refused: other tags, indefinite lengths and longer heads than needed (nothing signs the envelope, so leniency there only lets one
 * document have many byte forms), a detached payload, an empty or malformed protected header, anything left over.
 */
import { VerificationError } from '../errors.ts'
import { type Bytes, concatBytes } from './bytes.ts'
import { bytesHead, type CborMap, decodeCbor, isCborMap, readCbor, readHead } from './cbor.ts'
import { malformed, reader, type Reader, type Source } from './reader.ts'

/** A decoded envelope; nothing in it is verified. All bytes are views of the input, exactly as received. */
export interface CoseSign1 {
  /** The serialised protected header: part of what is signed. */
  readonly protectedBytes: Bytes
  readonly protectedHeader: CborMap
  readonly unprotectedHeader: CborMap
  readonly payload: Bytes
  readonly signature: Bytes
}

const outer: Source = { name: 'COSE_Sign1', code: 'outer-cbor' }
const shape: Source = { name: 'COSE_Sign1', code: 'cose-shape' }
const protectedSource: Source = { name: 'protected header', code: 'cose-protected' }
const unprotectedSource: Source = { name: 'unprotected header', code: 'cose-unprotected' }

/** @throws VerificationError `outer-cbor`, `cose-tag`, `cose-shape`, `cose-protected` or `cose-unprotected`. */
export function decodeSign1(bytes: Bytes): CoseSign1 {
  const input = reader(bytes, outer)
  readTag(input)
  const array = readHead(input, outer)
  if (array.major !== 4 || array.argument !== 4 || !array.shortest) {
    throw malformed(shape, 'expected an array of exactly 4 elements, of definite length', input.offset() - 1)
  }
  const protectedBytes = readBytes(input, 'protected header')
  const unprotectedHeader = readCbor(input, unprotectedSource, { deterministic: true })
  if (!isCborMap(unprotectedHeader)) throw malformed(shape, 'unprotected header must be a map')
  const payload = readBytes(input, 'payload')
  const signature = readBytes(input, 'signature')
  input.end()
  const protectedHeader = decodeCbor(protectedBytes, protectedSource, { deterministic: true })
  if (!isCborMap(protectedHeader)) throw malformed(protectedSource, 'expected a map')
  return { protectedBytes, protectedHeader, unprotectedHeader, payload, signature }
}

/** The bytes that a COSE_Sign1 signature covers, without external data: `Sig_structure` of RFC 9052 section 4.4. */
export function signedBytes({ protectedBytes, payload }: CoseSign1): Bytes {
  const context = [0x84, 0x6a, ...Array.from('Signature1', (letter) => letter.charCodeAt(0))]
  return concatBytes(
    Uint8Array.from(context),
    bytesHead(protectedBytes.length),
    protectedBytes,
    Uint8Array.of(0x40),
    bytesHead(payload.length),
    payload,
  )
}

function readTag(input: Reader): void {
  const initial = input.peek()
  if (initial === undefined || initial >> 5 !== 6) return
  if (initial !== 0xd2) {
    const { argument } = readHead(input, outer)
    throw new VerificationError('cose-tag', `expected tag 18 in one byte, or no tag, found tag ${argument}`)
  }
  input.u8('tag')
  const inner = input.peek()
  if (inner !== undefined && inner >> 5 === 6) {
    throw new VerificationError('cose-tag', 'expected one tag at most, found a tag under tag 18')
  }
}

function readBytes(input: Reader, field: string): Bytes {
  const at = input.offset()
  const { major, argument, shortest } = readHead(input, outer)
  if (major !== 2 || argument === undefined || !shortest) {
    throw malformed(shape, `${field} must be a byte string with the shortest definite length`, at)
  }
  return input.bytes(argument, field)
}
