/**
 * The signature section of an Enclave Image File: a certificate, and PCR0 signed with its key. It
 * proves that the holder of this key signed this image, and nothing about who that is: the
 * certificate is the image's own. To know the signer, compare PCR8.
 *
 *     [ { "signing_certificate": [uint8 …]   the PEM text of the certificate, byte by byte as CBOR integers
 *         "signature":           [uint8 …] } ]   an untagged COSE_Sign1, likewise
 *     payload of the COSE_Sign1: { "register_index": 0, "register_value": [48 uint8] }
 *
 * Source: README of aws/aws-nitro-enclaves-image-format, "EifSectionSignature", and its
 * `src/utils/eif_reader.rs`. Refused although AWS ignores it: more than one signature, more than
 * one certificate, other keys in the maps, CBOR that is not in its shortest form.
 */
import { importPublicKey, verifySignature } from '../../crypto/signature.ts'
import { type Bytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import { type CborMap, cborType, type CborValue, decodeCbor, isCborMap } from '../../encoding/cbor.ts'
import { type CoseSign1, decodeSign1, signedBytes } from '../../encoding/cose.ts'
import { malformed, type Source } from '../../encoding/reader.ts'
import { VerificationError } from '../../core/errors.ts'
import { iso } from '../../core/time.ts'
import { decodeSigningPem, type SigningCertificate } from './signing-certificate.ts'

const source: Source = { name: 'signature section', code: 'eif-signature' }
const certificateSource: Source = { name: 'signing certificate', code: 'eif-signature' }
const payloadSource: Source = { name: 'signed payload', code: 'eif-signature' }

/**
 * @param section the data of the section
 * @param pcr0 of this image, 48 bytes
 * @param now Unix milliseconds
 * @throws VerificationError `eif-signature`; `cert-validity` when all is well but the dates of the
 *   certificate
 */
export async function verifyEifSignature(section: Bytes, pcr0: Bytes, now: number): Promise<SigningCertificate> {
  // 1. Shape: one certificate, one signature. Every byte of a certificate is an item of its own
  // here. A section has at most 32 KiB, whose budget is its size.
  const signatures = decodeCbor(section, source, true, { items: section.length })
  const [signature, ...more] = (Array.isArray(signatures) ? signatures : []) as readonly CborValue[]
  if (signature === undefined || more.length > 0) throw malformed(source, 'must be an array of 1')
  const [signed, sign1Bytes] = valuesOf(signature, ['signing_certificate', 'signature'], source).map((value) =>
    bytesOf(value, source),
  ) as [Bytes, Bytes]
  const certificate = decodeSigningPem(textOf(signed), certificateSource)
  const sign1 = decodeEnvelope(sign1Bytes)
  checkHeaders(sign1, certificate)

  // 2. What was signed is PCR0 of this image.
  const payload = decodeCbor(sign1.payload, payloadSource, true)
  const [index, value] = valuesOf(payload, ['register_index', 'register_value'], payloadSource)
  if (index !== 0)
    throw new VerificationError('eif-signature', { subject: 'signed register', expected: '0', found: shown(index) })
  const register = bytesOf(value, payloadSource)
  if (!equalBytes(register, pcr0)) {
    throw new VerificationError('eif-signature', {
      subject: 'signed PCR0',
      expected: toHex(pcr0),
      found: toHex(register),
    })
  }

  // 3. The key of the certificate signed it, and may do so now.
  const { algorithm, spki, notBefore, notAfter } = certificate
  const key = importPublicKey(spki, algorithm)
  if (!(await verifySignature(algorithm, key, { signature: sign1.signature, signedBytes: signedBytes(sign1) }))) {
    throw new VerificationError('eif-signature', 'PCR0 is not signed with the key of the certificate')
  }
  if (now < notBefore || now > notAfter) {
    const problem = `signing certificate ${now < notBefore ? 'is not valid yet' : 'has expired'}`
    throw new VerificationError('cert-validity', {
      subject: problem,
      expected: `${iso(notBefore)} to ${iso(notAfter)}`,
      found: iso(now),
    })
  }
  return certificate
}

/** A COSE_Sign1 without a tag. What is wrong with it is wrong with the section. */
function decodeEnvelope(bytes: Bytes): CoseSign1 {
  const arrayOf4 = 0x84
  if (bytes[0] !== arrayOf4) throw malformed(source, 'signature must be an untagged COSE_Sign1')
  try {
    return decodeSign1(bytes)
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause
    throw new VerificationError('eif-signature', cause.message, { cause })
  }
}

/**
 * The algorithm is the one that goes with the key, and there is nothing else to be taken for an
 * instruction.
 */
function checkHeaders(sign1: CoseSign1, { algorithm }: SigningCertificate): void {
  const { protectedHeader, unprotectedHeader, signature } = sign1
  const alg = protectedHeader.get(1)
  if (alg !== algorithm.cose) {
    const expected = `${algorithm.name} (${algorithm.cose}), for a key on ${algorithm.key.name}`
    throw new VerificationError('eif-signature', { subject: 'alg', expected, found: shown(alg) })
  }
  const headers = protectedHeader.size + unprotectedHeader.size
  if (headers > 1)
    throw new VerificationError('eif-signature', {
      subject: 'header parameters',
      expected: 'alg only',
      found: `${headers}`,
    })
  const size = 2 * algorithm.key.coordinateSize
  if (signature.length !== size) {
    throw new VerificationError('eif-signature', {
      subject: 'signature',
      expected: `${size} bytes`,
      found: `${signature.length}`,
    })
  }
}

/** The values of a map that has these keys and no others. */
function valuesOf(map: CborValue, keys: readonly string[], { name, code }: Source): CborValue[] {
  const found = isCborMap(map) ? [...map.keys()] : cborType(map)
  if (found.length !== keys.length || !keys.every((key) => found.includes(key))) {
    throw new VerificationError(code, {
      subject: name,
      expected: `a map of ${keys.join(' and ')}`,
      found: String(found),
    })
  }
  return keys.map((key) => (map as CborMap).get(key))
}

/** An array of integers below 256, which is how AWS writes bytes. */
function bytesOf(value: CborValue, from: Source): Bytes {
  const isByte = (item: CborValue): boolean => typeof item === 'number' && item >= 0 && item < 256
  if (!Array.isArray(value) || !value.every(isByte))
    throw malformed(from, 'bytes must be an array of integers below 256')
  return Uint8Array.from(value as readonly number[])
}

const shown = (value: CborValue): string => (typeof value === 'number' ? `${value}` : cborType(value))

function textOf(bytes: Bytes): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed(certificateSource, 'PEM must be UTF-8')
  }
}
