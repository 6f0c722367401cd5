/**
 * Quotes of a TPM 2.0: the strict subset of TPMS_ATTEST and TPMT_SIGNATURE, RSASSA and ECDSA,
 * truncation at every byte, every bit flipped.
 */
import { describe, expect, test } from 'vitest'
import { recordChecks } from '../../../src/core/record.ts'
import { decodeTpmQuote, quotedRegisters } from '../../../src/formats/tpm/quote.ts'
import { decodeTpmSignature, verifyTpmQuote } from '../../../src/formats/tpm/signature.ts'
import { attestOf, registers, sized } from '../../attester/azure.ts'
import { concat, hex, pattern, withByte } from '../../attester/bytes.ts'
import type { Bytes } from '../../attester/der.ts'
import { refusalOf } from '../../support/refusal.ts'

const nonce = pattern(32, 5)
const message = await attestOf(nonce, [0, 2, 4, 9])
const refusal = async (work: () => unknown): Promise<string> => {
  const { code, message: text } = await refusalOf(Promise.resolve().then(work))
  return `${code}: ${text}`
}

const rsa = await crypto.subtle.generateKey(
  { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
  true,
  ['sign', 'verify'],
)
const ec = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const spki = async ({ publicKey }: CryptoKeyPair): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
const rsaSignature = new Uint8Array(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', rsa.privateKey, message))
const ecSignature = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, ec.privateKey, message))
const tpmtRsa = concat([0, 0x14, 0, 0x0b], sized(rsaSignature))
const tpmtEc = concat([0, 0x18, 0, 0x0b], sized(ecSignature.subarray(0, 32)), sized(ecSignature.subarray(32)))

describe('TPMS_ATTEST', () => {
  test('a quote as a TPM makes it', () => {
    const quote = decodeTpmQuote(message)
    expect(quote).toMatchObject({
      clock: 0x010203n,
      resetCount: 4,
      restartCount: 0,
      isClockSafe: true,
      selection: [0, 2, 4, 9],
    })
    expect([hex(quote.extraData), quote.pcrDigest.length]).toEqual([hex(nonce), 32])
  })

  const at = { signer: 6, nonce: 42, safe: 92, banks: 101, hash: 105, selectionSize: 107, digest: 111 }
  test.each<[what: string, offset: number, byte: number, message: string]>([
    ['not made by the TPM itself', 0, 0x00, 'magic: expected 0xff544347, found 0x544347'],
    ['another kind of attestation', 5, 0x17, 'type: expected 0x8018, found 0x8017'],
    ['a clock that is neither safe nor not', at.safe, 2, 'safe: expected 0 or 1, found 2'],
    ['no bank', at.banks + 3, 0, 'number of register banks: expected 0x1, found 0x0'],
    ['two banks', at.banks + 3, 2, 'number of register banks: expected 0x1, found 0x2'],
    ['another bank', at.hash + 1, 0x0c, 'hash of the register bank: expected 0xb, found 0xc'],
    ['another size of the selection', at.selectionSize, 4, 'size of the register selection: expected 0x3, found 0x4'],
  ])('%s', async (_what, offset, byte, text) => {
    expect(await refusal(() => decodeTpmQuote(withByte(message, offset, () => byte)))).toBe(
      `vtpm-quote-format: TPM quote: ${text}`,
    )
  })

  test('cut anywhere, or with a byte behind it', async () => {
    for (let length = 0; length < message.length; length++)
      expect(await refusal(() => decodeTpmQuote(message.slice(0, length)))).toMatch(/^vtpm-quote-format: /)
    expect(await refusal(() => decodeTpmQuote(concat(message, [0])))).toMatch(/^vtpm-quote-format: /)
  })

  test('lengths that claim more than there is', async () => {
    for (const offset of [at.signer, at.nonce, at.digest])
      expect(await refusal(() => decodeTpmQuote(withByte(message, offset, () => 0xff)))).toMatch(/^vtpm-quote-format: /)
  })
})

describe('TPMT_SIGNATURE', () => {
  test('of both schemes', () => {
    expect(decodeTpmSignature(tpmtRsa)).toEqual({ algorithm: 'RSASSA', bytes: rsaSignature })
    expect(decodeTpmSignature(tpmtEc)).toEqual({ algorithm: 'ECDSA', bytes: ecSignature })
  })

  test('numbers of ECDSA may be shorter: zeros in front are left out', () => {
    const short = concat([0, 0x18, 0, 0x0b], sized(pattern(31, 1)), sized(pattern(32, 1)))
    expect(hex(decodeTpmSignature(short).bytes)).toBe(`00${hex(pattern(31, 1))}${hex(pattern(32, 1))}`)
  })

  test.each<[what: string, bytes: Bytes, text: string]>([
    ['RSAPSS', withByte(tpmtRsa, 1, () => 0x16), 'scheme: expected 0x14 (RSASSA) or 0x18 (ECDSA), found 0x16'],
    ['SHA-1', withByte(tpmtRsa, 3, () => 0x04), 'hash: expected 0xb (SHA-256), found 0x4'],
    [
      'RSA of another size',
      concat([0, 0x14, 0, 0x0b], sized(rsaSignature.slice(1))),
      'signature: expected 256 bytes, found 255',
    ],
    ['no r', concat([0, 0x18, 0, 0x0b], [0, 0], sized(pattern(32))), 'r: expected 1 to 32 bytes, found 0'],
    [
      'a long s',
      concat([0, 0x18, 0, 0x0b], sized(pattern(32)), sized(pattern(33))),
      's: expected 1 to 32 bytes, found 33',
    ],
  ])('%s', async (_what, bytes, text) => {
    expect(await refusal(() => decodeTpmSignature(bytes))).toBe(`vtpm-quote-format: TPM signature: ${text}`)
  })

  test('cut anywhere, or with a byte behind it', async () => {
    for (const whole of [tpmtRsa, tpmtEc]) {
      for (let length = 0; length < whole.length; length++)
        expect(await refusal(() => decodeTpmSignature(whole.slice(0, length)))).toMatch(/^vtpm-quote-format: /)
      expect(await refusal(() => decodeTpmSignature(concat(whole, [0])))).toMatch(/^vtpm-quote-format: /)
    }
  })
})

describe('signed quotes', () => {
  const verify = async (tpmt: Bytes, keys: CryptoKeyPair, signed: Bytes = message): Promise<unknown> =>
    verifyTpmQuote({ message: signed, signature: decodeTpmSignature(tpmt), spki: await spki(keys) }, recordChecks())

  test('by a key of RSA and by one on P-256', async () => {
    await expect(verify(tpmtRsa, rsa)).resolves.toMatchObject({ selection: [0, 2, 4, 9] })
    await expect(verify(tpmtEc, ec)).resolves.toMatchObject({ selection: [0, 2, 4, 9] })
  })

  test('by a key of the other kind', async () => {
    expect(await refusal(() => verify(tpmtRsa, ec))).toBe(
      'vtpm-quote-signature: quote signed by the attestation key of the TPM: the key is no key of RSA',
    )
    expect(await refusal(() => verify(tpmtEc, rsa))).toBe(
      'vtpm-quote-signature: quote signed by the attestation key of the TPM: the key is no key of P-256',
    )
  })

  test('every bit of message and signature matters', async () => {
    for (const [tpmt, keys] of [
      [tpmtRsa, rsa],
      [tpmtEc, ec],
    ] as const) {
      for (let at = 0; at < message.length; at++)
        expect(
          await refusal(() =>
            verify(
              tpmt,
              keys,
              withByte(message, at, (byte) => byte ^ 1),
            ),
          ),
        ).toMatch(/^vtpm-quote-/)
      for (let at = 4; at < tpmt.length; at += 3)
        expect(
          await refusal(() =>
            verify(
              withByte(tpmt, at, (byte) => byte ^ 0x80),
              keys,
            ),
          ),
        ).toMatch(/^vtpm-quote-/)
    }
  })
})

describe('registers beside the quote', () => {
  test('those that it covers, and no others', async () => {
    const quoted = await quotedRegisters(decodeTpmQuote(message), registers)
    expect([...quoted.keys()]).toEqual([0, 2, 4, 9])
    expect(quoted.get(2)).toBe(registers[2])
    // A register that the quote does not cover may be anything.
    const others = registers.map((value, i) => (i === 1 ? pattern(32, 99) : value))
    expect((await quotedRegisters(decodeTpmQuote(message), others)).has(1)).toBe(false)
  })

  test('other values, too few, or of another size', async () => {
    const quote = decodeTpmQuote(message)
    const changed = registers.map((value, i) => (i === 9 ? pattern(32, 99) : value))
    expect(await refusal(() => quotedRegisters(quote, changed))).toMatch(
      /^vtpm-pcr-digest: digest of the quoted registers: expected /,
    )
    expect(await refusal(() => quotedRegisters(quote, registers.slice(1)))).toBe(
      'vtpm-pcr-digest: registers beside the quote: expected 24 of 32 bytes, found 23',
    )
    const short = registers.map((value, i) => (i === 20 ? value.slice(1) : value))
    expect(await refusal(() => quotedRegisters(quote, short))).toMatch(/^vtpm-pcr-digest: registers beside the quote/)
  })
})
