/**
 * Signatures of a TPM 2.0: TPMT_SIGNATURE, big-endian throughout, and who signed.
 *
 * Source: Trusted Platform Module Library, Part 2: Structures, sections 11.3.4 (TPMT_SIGNATURE),
 * 11.3.1 (TPMS_SIGNATURE_RSA) and 11.3.2 (TPMS_SIGNATURE_ECC).
 *
 * Accepted: RSASSA with SHA-256 by a key of 2048 bits, and ECDSA with SHA-256 by a key on P-256.
 * Refused: everything else, RSAPSS and ECDAA included, and bytes left over.
 */
import { VerificationError } from '../../core/errors.ts'
import type { CheckRecorder } from '../../core/record.ts'
import { ES256, isKeyOf, RS256, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { importPublicKey, verifySignature } from '../../crypto/signature.ts'
import { type Bytes, concatBytes, copyBytes } from '../../encoding/bytes.ts'
import { type Cursor, cursor, end, type Source, take, uint } from '../../encoding/reader.ts'
import { decodeTpmQuote, type TpmQuote } from './quote.ts'

/** A signature, and how it was made. */
export interface TpmSignature {
  readonly algorithm: 'RSASSA' | 'ECDSA'
  /** As WebCrypto takes it: the number of RSA, or `r` and `s` of 32 bytes each. */
  readonly bytes: Bytes
}

/** A quote with what proves it. */
export interface SignedTpmQuote {
  /** TPMS_ATTEST as the TPM returned it: what was signed. */
  readonly message: Bytes
  readonly signature: TpmSignature
  /**
   * Of the attestation key: SubjectPublicKeyInfo, DER. It must come from where something vouches
   * for it.
   */
  readonly spki: Bytes
}

const rsassa = 0x0014
const ecdsa = 0x0018
const sha256 = 0x000b
const rsaSize = 256
const scalarSize = 32

const source: Source = { name: 'TPM signature', code: 'vtpm-quote-format' }

/** @throws VerificationError `vtpm-quote-format` */
export function decodeTpmSignature(bytes: Bytes): TpmSignature {
  const input = cursor(bytes, source)
  const scheme = uint(input, 2, 'scheme')
  if (scheme !== rsassa && scheme !== ecdsa)
    throw refused('scheme', '0x14 (RSASSA) or 0x18 (ECDSA)', `0x${scheme.toString(16)}`)
  const hash = uint(input, 2, 'hash')
  if (hash !== sha256) throw refused('hash', '0xb (SHA-256)', `0x${hash.toString(16)}`)
  const signature: TpmSignature =
    scheme === rsassa
      ? { algorithm: 'RSASSA', bytes: numberOf(input, rsaSize, 'signature', 'exact') }
      : {
          algorithm: 'ECDSA',
          bytes: concatBytes(numberOf(input, scalarSize, 'r'), numberOf(input, scalarSize, 's')),
        }
  end(input)
  return signature
}

/** A number of at most `size` bytes, filled up with zeros in front: some TPMs leave them out. */
function numberOf(input: Cursor, size: number, field: string, length?: 'exact'): Bytes {
  const found = uint(input, 2, `length of ${field}`)
  if (found === 0 || found > size || (length === 'exact' && found < size))
    throw refused(field, length === 'exact' ? `${size} bytes` : `1 to ${size} bytes`, `${found}`)
  const number = new Uint8Array(size)
  number.set(copyBytes(take(input, found, field)), size - found)
  return number
}

/**
 * Verifies a quote.
 * @returns what it says
 * @throws VerificationError `vtpm-quote-format`; `vtpm-quote-signature` also for a key that is of
 *   another kind than the signature
 */
export async function verifyTpmQuote(
  { message, signature, spki }: SignedTpmQuote,
  checks: CheckRecorder,
): Promise<TpmQuote> {
  const algorithm: SignatureAlgorithm = signature.algorithm === 'RSASSA' ? RS256 : ES256
  const isKind = isKeyOf(spki, algorithm.key)
  const holds = isKind
    ? verifySignature(algorithm, importPublicKey(spki, algorithm), { signature: signature.bytes, signedBytes: message })
    : Promise.resolve(false)
  const quote = checks.decodes('vtpm-quote-format', 'quote of the TPM', () => decodeTpmQuote(message))
  checks.verifies('vtpm-quote-signature', 'quote signed by the attestation key of the TPM', {
    holds: await holds,
    otherwise: isKind ? 'signature does not match' : `the key is no key of ${algorithm.key.name}`,
  })
  return quote
}

function refused(field: string, expected: string, found: string): VerificationError {
  return new VerificationError('vtpm-quote-format', { subject: `TPM signature: ${field}`, expected, found })
}
