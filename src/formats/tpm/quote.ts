/**
 * Quotes of a TPM 2.0: what a TPM signed about its registers, TPMS_ATTEST, big-endian throughout.
 *
 * Source: Trusted Platform Module Library, Part 2: Structures, sections 10.12.8 (TPMS_ATTEST),
 * 10.12.1 (TPMS_QUOTE_INFO), 10.9.7 (TPML_PCR_SELECTION), 10.11.1 (TPMS_CLOCK_INFO).
 *
 * Accepted: quotes over one bank of SHA-256 registers, PCR 0 to 23. Refused: everything else, bytes
 * left over included. The magic number matters: with it, the TPM says that it made the structure
 * itself.
 */
import { VerificationError } from '../../core/errors.ts'
import { hash } from '../../crypto/digest.ts'
import { type Bytes, concatBytes, copyBytes, equalBytes, toHex } from '../../encoding/bytes.ts'
import { cursor, end, type Source, take, uint } from '../../encoding/reader.ts'

/** A quote as it is written. Nothing in it is verified; bytes are copies. */
export interface TpmQuote {
  /** The name of the key that signed, as the TPM gives it. */
  readonly qualifiedSigner: Uint8Array
  /** What the caller of the quote wanted in it: the nonce. */
  readonly extraData: Bytes
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly isClockSafe: boolean
  readonly firmwareVersion: bigint
  /** Indexes of the registers that the digest covers, rising. */
  readonly selection: readonly number[]
  /** SHA-256 over those registers, one after another. */
  readonly pcrDigest: Bytes
}

const generatedByTpm = 0xff544347
const attestQuote = 0x8018
const sha256Bank = 0x000b
const registerSize = 32
const registerCount = 24

const source: Source = { name: 'TPM quote', code: 'vtpm-quote-format' }

/** @throws VerificationError `vtpm-quote-format` */
export function decodeTpmQuote(message: Bytes): TpmQuote {
  const input = cursor(message, source)
  const expect = (field: string, size: number, expected: number): void => {
    const found = uint(input, size, field)
    if (found !== expected) throw refused(field, `0x${expected.toString(16)}`, `0x${found.toString(16)}`)
  }
  const sized = (field: string): Bytes => copyBytes(take(input, uint(input, 2, `length of ${field}`), field))
  const uint64 = (field: string): bigint => BigInt(`0x${toHex(take(input, 8, field))}`)

  expect('magic', 4, generatedByTpm)
  expect('type', 2, attestQuote)
  const qualifiedSigner = sized('qualifiedSigner')
  const extraData = sized('extraData')
  const clock = uint64('clock')
  const resetCount = uint(input, 4, 'resetCount')
  const restartCount = uint(input, 4, 'restartCount')
  const safe = uint(input, 1, 'safe')
  if (safe > 1) throw refused('safe', '0 or 1', `${safe}`)
  const firmwareVersion = uint64('firmwareVersion')
  expect('number of register banks', 4, 1)
  expect('hash of the register bank', 2, sha256Bank)
  expect('size of the register selection', 1, registerCount / 8)
  const bitmap = take(input, registerCount / 8, 'register selection')
  const selection = Array.from({ length: registerCount }, (_, i) => i).filter(
    (i) => (((bitmap[i >> 3] as number) >> (i & 7)) & 1) === 1,
  )
  const pcrDigest = sized('pcrDigest')
  if (pcrDigest.length !== registerSize) throw refused('pcrDigest', `${registerSize} bytes`, `${pcrDigest.length}`)
  end(input)
  return {
    qualifiedSigner,
    extraData,
    clock,
    resetCount,
    restartCount,
    isClockSafe: safe === 1,
    firmwareVersion,
    selection,
    pcrDigest,
  }
}

/**
 * The registers that a quote covers, by their indexes.
 * @param registers all 24 of them, 32 bytes each
 * @throws VerificationError `vtpm-pcr-digest` when they are not what the quote's digest covers
 */
export async function quotedRegisters(
  { selection, pcrDigest }: TpmQuote,
  registers: readonly Bytes[],
): Promise<ReadonlyMap<number, Bytes>> {
  const isWhole = registers.length === registerCount && registers.every(({ length }) => length === registerSize)
  if (!isWhole)
    throw new VerificationError('vtpm-pcr-digest', {
      subject: 'registers beside the quote',
      expected: `${registerCount} of ${registerSize} bytes`,
      found: `${registers.length}`,
    })
  const quoted = new Map(selection.map((index) => [index, registers[index] as Bytes]))
  const digest = await hash('SHA-256', concatBytes(...quoted.values()))
  if (equalBytes(digest, pcrDigest)) return quoted
  throw new VerificationError('vtpm-pcr-digest', {
    subject: 'digest of the quoted registers',
    expected: toHex(pcrDigest),
    found: toHex(digest),
  })
}

function refused(field: string, expected: string, found: string): VerificationError {
  return new VerificationError('vtpm-quote-format', { subject: `TPM quote: ${field}`, expected, found })
}
